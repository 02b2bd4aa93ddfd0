//! Everything that can go wrong with a call, each with a stable code.

use std::{fmt, sync::Arc};

use sigmapol_engine::Refusal;

/// Why a call has no result.
///
/// [`Error::code`] is stable and for programs; the text is for people, and neither names a path
/// or an address of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The engine refused its input.
    Refused(Refusal),
    /// The call needed more than its limits allow.
    Exhausted(Exhausted),
    /// The component stopped in a way that no input should make it stop.
    Trap(Trap),
    /// The component could not be made ready to run.
    Load(String),
    /// The engine gave a result, and what is around the engine failed: the result is kept back.
    Wrapper(WrapperError),
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
            Self::Wrapper(error) => error.code.clone(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "refused {refusal}"),
            Self::Exhausted(what) => write!(f, "exhausted {}: {}", what.name(), what.reason()),
            Self::Trap(trap) => {
                write!(f, "trap {}: the component stopped with {trap}", trap.name())
            }
            Self::Load(reason) => write!(f, "load: {reason}"),
            Self::Wrapper(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Wrapper(error) => Some(&*error.source),
            Self::Exhausted(_) | Self::Trap(_) | Self::Load(_) => None,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<WrapperError> for Error {
    fn from(error: WrapperError) -> Self {
        Self::Wrapper(error)
    }
}

/// What went wrong around an engine: a recorder that cannot write, say.
#[derive(Clone, Debug)]
pub struct WrapperError {
    code: String,
    source: Arc<dyn std::error::Error + Send + Sync>,
}

impl WrapperError {
    /// An error with a stable code, such as `ledger io`.
    pub fn new(
        code: impl Into<String>,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self { code: code.into(), source: Arc::new(source) }
    }

    /// The error itself, where the caller knows its type.
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        self.source.downcast_ref()
    }
}

impl fmt::Display for WrapperError {
    /// The first word of the code, which is the name of the wrapper, and the text of the error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wrapper = self.code.split(' ').next().unwrap_or_default();
        write!(f, "{wrapper} {}", self.source)
    }
}

impl std::error::Error for WrapperError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}

/// By code and text: two errors that no program and no person tells apart are equal.
impl PartialEq for WrapperError {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code && self.to_string() == other.to_string()
    }
}

impl Eq for WrapperError {}

/// The limit that a call ran into; `Limits` is in the crate `sigmapol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exhausted {
    /// `Limits::fuel`.
    Fuel,
    /// `Limits::memory_bytes`, or the maximum of the module itself.
    Memory,
    /// `Limits::deadline`.
    Deadline,
    /// `Limits::result_bytes`.
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
    pub const CANONICAL_ABI: Self = Self("canonical_abi");

    /// The trap of this name.
    pub const fn named(name: &'static str) -> Self {
        Self(name)
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
                Error::Trap(Trap::named("unreachable")),
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
