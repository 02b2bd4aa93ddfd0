//! How a run ends, in the bytes that the virtual machine hands on: a code, and calldata or the name
//! of an error.

use std::fmt;

use sigmapol_core::{Admission, Decision, Effect, Refusal, Turn};
use wasmtime::Trap;

use super::calldata::{Value, encode};

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VmResult {
    /// It returned a value: code 0, calldata.
    Return(Value),
    /// It refused its input, with a value: code 1, calldata.
    UserError(Value),
    /// It was stopped: code 2, one of the names that the virtual machine has.
    VmError(String),
}

impl VmResult {
    /// The bytes that the virtual machine hands on.
    pub fn bytes(&self) -> Vec<u8> {
        let (code, rest) = match self {
            // a value that a run made or a decoder read is not too deep or long to be written
            Self::Return(value) => (0, encode(value).unwrap_or_default()),
            Self::UserError(value) => (1, encode(value).unwrap_or_default()),
            Self::VmError(name) => (2, name.clone().into_bytes()),
        };
        [code].into_iter().chain(rest).collect()
    }

    /// A refusal of the engine: `{code, message}`.
    pub(super) fn refused(refusal: &Refusal) -> Self {
        user_error(refusal.code.name(), &refusal.message)
    }

    pub(super) fn vm_error(name: &str) -> Self {
        Self::VmError(name.to_owned())
    }

    /// The name of a trap.
    pub(super) fn trap(trap: Trap) -> Self {
        let name = match trap {
            // a deadline
            Trap::Interrupt => return Self::vm_error("timeout"),
            Trap::UnreachableCodeReached => "unreachable",
            Trap::StackOverflow => "stack_overflow",
            Trap::MemoryOutOfBounds => "memory_out_of_bounds",
            Trap::TableOutOfBounds => "table_out_of_bounds",
            Trap::IndirectCallToNull => "indirect_call_to_null",
            Trap::BadSignature => "bad_signature",
            Trap::IntegerOverflow => "integer_overflow",
            Trap::IntegerDivisionByZero => "integer_divide_by_zero",
            Trap::BadConversionToInteger => "bad_conversion_to_integer",
            Trap::HeapMisaligned => "heap_misaligned",
            Trap::AtomicWaitNonSharedMemory => "atomic_wait_non_shared_memory",
            Trap::OutOfFuel => "out_of_fuel",
            _ => "fault",
        };
        Self::VmError(format!("wasm_trap {name}"))
    }
}

impl fmt::Display for VmResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Return(_) => f.write_str("return"),
            Self::UserError(Value::Map(members)) => {
                match (members.get("code"), members.get("message")) {
                    (Some(Value::Text(code)), Some(Value::Text(message))) => {
                        write!(f, "user error {code}: {message}")
                    }
                    _ => f.write_str("user error"),
                }
            }
            Self::UserError(_) => f.write_str("user error"),
            Self::VmError(name) => write!(f, "vm error {name}"),
        }
    }
}

/// What the engine returns, as calldata. Doubles travel as their bits: an integer that any machine
/// can write without floating point.
pub(super) trait ToCalldata {
    fn to_calldata(&self) -> Value;
}

impl ToCalldata for Decision {
    fn to_calldata(&self) -> Value {
        let ordered = self.ordered.iter();
        let ordered = ordered.map(|entry| array([int(entry.candidate), bits(entry.score)]));
        let rejected = self.rejected.iter();
        let rejected = rejected.map(|entry| array([int(entry.candidate), text(&entry.reason)]));
        let reactions = self.reactions.iter();
        let reactions = reactions.map(|entry| array([text(&entry.action), bits(entry.backoff_ms)]));
        map([
            ("cost", int(self.cost)),
            ("identity", text(&self.identity)),
            ("ordered", array(ordered)),
            ("reactions", array(reactions)),
            ("rejected", array(rejected)),
            ("request", self.request.as_deref().map_or(Value::Null, text)),
        ])
    }
}

impl ToCalldata for Admission {
    fn to_calldata(&self) -> Value {
        map([
            ("canonical", text(&self.canonical)),
            ("depth", int(self.depth)),
            ("fingerprint", text(&self.fingerprint)),
            ("identity", text(&self.identity)),
            ("nodes", int(self.nodes)),
            ("sort", text(self.sort.name())),
        ])
    }
}

impl ToCalldata for Turn {
    fn to_calldata(&self) -> Value {
        let effect = match &self.effect {
            Effect::Call(request) => ("call", text(request)),
            Effect::Wait(time_ms) => ("wait", bits(*time_ms)),
            Effect::Done(outcome) => ("done", text(outcome)),
        };
        map([
            ("cost", int(self.cost)),
            ("effect", map([effect])),
            ("logs", array(self.logs.iter().map(|log| text(log)))),
            ("run", text(&self.run)),
            ("state", text(&self.state)),
        ])
    }
}

/// `{code, message}`
pub(super) fn user_error(code: &str, message: &str) -> VmResult {
    VmResult::UserError(map([("code", text(code)), ("message", text(message))]))
}

pub(super) fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.map(|(key, value)| (key.to_owned(), value)).into())
}

fn array(values: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(values.into_iter().collect())
}

pub(super) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn int(number: impl Into<u64>) -> Value {
    Value::Int(number.into().into())
}

fn bits(number: f64) -> Value {
    int(number.to_bits())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sigmapol_core::{Ranked, Reaction, RefusalCode, Rejected};

    #[test]
    fn a_code_and_what_follows_it() {
        let refusal = Refusal { code: RefusalCode::Seed, message: "s".to_owned() };
        let refused = VmResult::refused(&refusal);
        assert_eq!(refused.bytes(), b"\x01\x16\x04code\x24seed\x07message\x0cs");
        assert_eq!(refused.to_string(), "user error seed: s");
        assert_eq!(
            VmResult::trap(Trap::IntegerDivisionByZero).bytes(),
            b"\x02wasm_trap integer_divide_by_zero"
        );
        assert_eq!(VmResult::trap(Trap::Interrupt).bytes(), b"\x02timeout");
        assert_eq!(VmResult::Return(Value::Null).bytes(), [0, 0]);
    }

    #[test]
    fn a_decision() {
        let decision = Decision {
            identity: "i".to_owned(),
            ordered: vec![Ranked { candidate: 2, score: 1.0 }],
            rejected: vec![Rejected { candidate: 0, reason: "r".to_owned() }],
            request: Some("{}".to_owned()),
            reactions: vec![Reaction { action: "a".to_owned(), backoff_ms: 0.0 }],
            cost: 7,
        };
        let mut bytes = b"\x00\x36\x04cost\x39\x08identity\x0ci\x07ordered\x0d\x15\x11".to_vec();
        // 1.0 is 0x3ff0000000000000; with a tag of three bits, bits 55 to 64 of ten times seven
        bytes.extend([0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0xc0, 0xff, 0x03]);
        bytes.extend(
            b"\x09reactions\x0d\x15\x0ca\x01\x08rejected\x0d\x15\x01\x0cr\x07request\x14{}",
        );
        assert_eq!(VmResult::Return(decision.to_calldata()).bytes(), bytes);
    }
}
