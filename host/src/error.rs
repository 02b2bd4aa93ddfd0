//! Everything that can go wrong with a call, each with a stable code.

use std::fmt;

use sigmapol_engine::Refusal;

/// Why a call has no result.
///
/// [`Error::code`] is stable and for programs; the text is for people, and neither names a path
/// or an address of this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The engine refused its input.
    #[error("refused {0}")]
    Refused(#[from] Refusal),
    /// The call needed more than its limits allow.
    #[error("exhausted {}: {}", .0.name(), .0.reason())]
    Exhausted(Exhausted),
    /// The component stopped in a way that no input should make it stop.
    #[error("trap {name}: the component stopped with {trap}", name = .0.name(), trap = .0)]
    Trap(Trap),
    /// The component could not be made ready to run.
    #[error("load: {0}")]
    Load(String),
    /// The call has a result, which could not be recorded.
    #[cfg(feature = "ledger")]
    #[error("ledger {0}")]
    Ledger(#[from] crate::ledger::LedgerError),
}

impl Error {
    /// A stable name, such as `refused json-syntax`, `exhausted fuel`, `trap unreachable` or
    /// `load`.
    pub fn code(&self) -> String {
        match self {
            Self::Refused(refusal) => format!("refused {}", refusal.code.name()),
            Self::Exhausted(what) => format!("exhausted {}", what.name()),
            Self::Trap(trap) => format!("trap {}", trap.name()),
            Self::Load(_) => "load".to_owned(),
            #[cfg(feature = "ledger")]
            Self::Ledger(error) => format!("ledger {}", error.code()),
        }
    }
}

/// The limit that a call ran into; see [`Limits`](crate::Limits).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exhausted {
    /// [`Limits::fuel`](crate::Limits::fuel).
    Fuel,
    /// [`Limits::memory_bytes`](crate::Limits::memory_bytes), or the maximum of the module itself.
    Memory,
    /// [`Limits::deadline`](crate::Limits::deadline).
    Deadline,
    /// [`Limits::result_bytes`](crate::Limits::result_bytes).
    Result,
    /// The slots of the pool: more calls at once than an engine has room for.
    Instances,
    /// The limit of [`Bounded`](crate::Bounded): the decision was not made.
    Cost,
}

impl Exhausted {
    /// The stable name: `fuel`, `memory`, `deadline`, `result`, `instances` or `cost`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fuel => "fuel",
            Self::Memory => "memory",
            Self::Deadline => "deadline",
            Self::Result => "result",
            Self::Instances => "instances",
            Self::Cost => "cost",
        }
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::Fuel => "the call needs more fuel than its limit",
            Self::Memory => "the call needs more memory than its limit",
            Self::Deadline => "the call took longer than its deadline",
            Self::Result => "the result is larger than its limit",
            Self::Instances => "too many calls at once",
            Self::Cost => "the decision may cost more than its limit",
        }
    }
}

/// A trap, by a name that does not depend on the version of the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Trap(&'static str);

impl Trap {
    /// The result breaks the canonical ABI: a pointer out of bounds, text that is not UTF-8, an
    /// unknown case.
    pub(crate) const CANONICAL_ABI: Self = Self("canonical_abi");

    pub(crate) const fn of(trap: wasmtime::Trap) -> Self {
        use wasmtime::Trap as T;
        Self(match trap {
            T::StackOverflow => "stack_overflow",
            T::MemoryOutOfBounds => "memory_out_of_bounds",
            T::HeapMisaligned => "heap_misaligned",
            T::TableOutOfBounds => "table_out_of_bounds",
            T::IndirectCallToNull => "indirect_call_to_null",
            T::BadSignature => "bad_signature",
            T::IntegerOverflow => "integer_overflow",
            T::IntegerDivisionByZero => "integer_division_by_zero",
            T::BadConversionToInteger => "bad_conversion_to_integer",
            T::UnreachableCodeReached => "unreachable",
            T::Interrupt => "interrupt",
            T::OutOfFuel => "out_of_fuel",
            T::AllocationTooLarge => "allocation_too_large",
            T::CannotEnterComponent => "cannot_enter_component",
            _ => "other",
        })
    }

    /// The stable name, lower snake case, such as `unreachable` or `memory_out_of_bounds`.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wasm_trap {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sigmapol_engine::RefusalCode;

    #[test]
    fn codes_and_messages() {
        let refusal = Refusal { code: RefusalCode::JsonSyntax, message: "term: line 1".to_owned() };
        for (error, code, text) in [
            (Error::from(refusal), "refused json-syntax", "refused json-syntax: term: line 1"),
            (
                Error::Exhausted(Exhausted::Fuel),
                "exhausted fuel",
                "exhausted fuel: the call needs more fuel than its limit",
            ),
            (
                Error::Trap(Trap::of(wasmtime::Trap::UnreachableCodeReached)),
                "trap unreachable",
                "trap unreachable: the component stopped with wasm_trap unreachable",
            ),
            (Error::Load("not a component".to_owned()), "load", "load: not a component"),
        ] {
            assert_eq!(error.code(), code);
            assert_eq!(error.to_string(), text);
        }
    }
}
