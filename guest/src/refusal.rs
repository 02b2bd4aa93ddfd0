//! Refusals: the only errors the engine has.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use crate::shown;

/// The table of codes: `/// what it means`, `Code "name";`, in the order of `wit/policy.wit`. The
/// macro calls another one with it, so that whatever has to know all codes is made of this table.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_refusal_code {
    ($callback:ident) => {
        $callback! {
            /// Not one RFC 8259 value.
            JsonSyntax "json-syntax";
            /// An object has the same key twice.
            JsonDuplicateKey "json-duplicate-key";
            /// A `null`.
            JsonNull "json-null";
            /// A number that overflows a double.
            JsonNumber "json-number";
            /// More than [`crate::limits::JSON_NESTING`] nested arrays and objects.
            JsonNesting "json-nesting";
            /// A text longer than [`crate::limits::INPUT_BYTES`].
            InputSize "input-size";
            /// A term nested deeper than [`crate::limits::TERM_DEPTH`].
            TermDepth "term-depth";
            /// A term of more than [`crate::limits::TERM_NODES`] nodes.
            TermNodes "term-nodes";
            /// Not of the form `[op, argument…]`.
            TermShape "term-shape";
            /// An operation that the signature does not have.
            UnknownOp "unknown-op";
            /// The wrong number of arguments.
            Arity "arity";
            /// An argument of another sort than its place takes.
            SortMismatch "sort-mismatch";
            /// A parameter outside its domain.
            Parameter "parameter";
            /// Admissible in the `reference` profile, refused by the `strict` one.
            Strict "strict";
            /// A vocabulary that declares something impossible.
            Vocabulary "vocabulary";
            /// A term where a policy is needed.
            NotAPolicy "not-a-policy";
            /// A `custom` whose symbol has no definition in `ctx.customs`.
            UnknownCustom "unknown-custom";
            /// A ctx of the wrong shape.
            Ctx "ctx";
            /// A seed that is not an integer of magnitude at most 2^53 − 1.
            Seed "seed";
            /// An event of the wrong shape.
            Event "event";
            /// The state of a run that is malformed, or of another version.
            Run "run";
            /// A router configuration that is not in order.
            Config "config";
            /// A flow that is not in order.
            Flow "flow";
            /// A kind of event that this version does not have.
            Unsupported "unsupported";
        }
    };
}

macro_rules! declare {
    ($($(#[doc = $doc:literal])+ $code:ident $name:literal;)+) => {
        /// Why an input was refused. The names are stable; a later version may have more of them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RefusalCode {
            $($(#[doc = $doc])+ $code,)+
        }

        impl RefusalCode {
            /// Every code, in the order of the contract: the place of a code is its number in the
            /// canonical ABI.
            pub const ALL: &'static [Self] = &[$(Self::$code,)+];

            /// The name the contract gives it, such as `term-depth`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)+
                }
            }
        }
    };
}

for_each_refusal_code!(declare);

/// An input that was refused: a stable code and a message for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Stable, for programs.
    pub code: RefusalCode,
    /// For people: the position, then what was expected; lower case, no full stop.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        let message = message.into();
        let cut = match shown::message(&message) {
            Cow::Owned(cut) => Some(cut),
            Cow::Borrowed(_) => None,
        };
        Self { code, message: cut.unwrap_or(message) }
    }

    pub(crate) fn ctx(message: impl Into<String>) -> Self {
        Self::new(RefusalCode::Ctx, message)
    }

    pub(crate) fn event(message: impl Into<String>) -> Self {
        Self::new(RefusalCode::Event, message)
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(RefusalCode::Config, message)
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(RefusalCode::Unsupported, message)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.message)
    }
}

impl core::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// The number of a code on its way through the canonical ABI is its place in the contract.
    #[test]
    fn the_table_is_that_of_the_contract() {
        let contract = include_str!("../wit/policy.wit");
        let (_, codes) = contract.split_once("enum refusal-code {").unwrap();
        let (codes, _) = codes.split_once('}').unwrap();
        let lines = codes.lines().map(str::trim).filter(|line| !line.is_empty());
        let lines = lines.filter(|line| !line.starts_with("///"));
        let names: Vec<_> = lines.map(|line| line.strip_suffix(',').unwrap()).collect();
        assert_eq!(names, RefusalCode::ALL.iter().map(|code| code.name()).collect::<Vec<_>>());
    }
}
