//! Refusals: the only errors the engine has.

use alloc::string::String;
use core::fmt;

/// Why an input was refused. The set is closed and the names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalCode {
    /// Not one RFC 8259 value.
    JsonSyntax,
    /// An object has the same key twice.
    JsonDuplicateKey,
    /// A `null`.
    JsonNull,
    /// A number that overflows a double.
    JsonNumber,
    /// More than [`crate::limits::JSON_NESTING`] nested arrays and objects.
    JsonNesting,
    /// A text longer than [`crate::limits::INPUT_BYTES`].
    InputSize,
    /// A term nested deeper than [`crate::limits::TERM_DEPTH`].
    TermDepth,
    /// A term of more than [`crate::limits::TERM_NODES`] nodes.
    TermNodes,
    /// Not of the form `[op, argument…]`.
    TermShape,
    /// An operation that the signature does not have.
    UnknownOp,
    /// The wrong number of arguments.
    Arity,
    /// An argument of another sort than its place takes.
    SortMismatch,
    /// A parameter outside its domain.
    Parameter,
    /// Admissible in the `reference` profile, refused by the `strict` one.
    Strict,
    /// A vocabulary that declares something impossible.
    Vocabulary,
    /// A term where a policy is needed.
    NotAPolicy,
    /// A `custom` whose symbol has no definition in `ctx.customs`.
    UnknownCustom,
    /// A ctx of the wrong shape.
    Ctx,
    /// A seed that is not an integer of magnitude at most 2^53 − 1.
    Seed,
    /// An event of the wrong shape.
    Event,
    /// The state of a run that is malformed, or of another version.
    Run,
    /// A router configuration that is not in order.
    Config,
    /// A flow that is not in order.
    Flow,
    /// A kind of event that this version does not have.
    Unsupported,
}

impl RefusalCode {
    /// Every code, in the order of the contract.
    pub const ALL: [Self; 24] = [
        Self::JsonSyntax,
        Self::JsonDuplicateKey,
        Self::JsonNull,
        Self::JsonNumber,
        Self::JsonNesting,
        Self::InputSize,
        Self::TermDepth,
        Self::TermNodes,
        Self::TermShape,
        Self::UnknownOp,
        Self::Arity,
        Self::SortMismatch,
        Self::Parameter,
        Self::Strict,
        Self::Vocabulary,
        Self::NotAPolicy,
        Self::UnknownCustom,
        Self::Ctx,
        Self::Seed,
        Self::Event,
        Self::Run,
        Self::Config,
        Self::Flow,
        Self::Unsupported,
    ];

    /// The name the contract gives it, such as `term-depth`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::JsonSyntax => "json-syntax",
            Self::JsonDuplicateKey => "json-duplicate-key",
            Self::JsonNull => "json-null",
            Self::JsonNumber => "json-number",
            Self::JsonNesting => "json-nesting",
            Self::InputSize => "input-size",
            Self::TermDepth => "term-depth",
            Self::TermNodes => "term-nodes",
            Self::TermShape => "term-shape",
            Self::UnknownOp => "unknown-op",
            Self::Arity => "arity",
            Self::SortMismatch => "sort-mismatch",
            Self::Parameter => "parameter",
            Self::Strict => "strict",
            Self::Vocabulary => "vocabulary",
            Self::NotAPolicy => "not-a-policy",
            Self::UnknownCustom => "unknown-custom",
            Self::Ctx => "ctx",
            Self::Seed => "seed",
            Self::Event => "event",
            Self::Run => "run",
            Self::Config => "config",
            Self::Flow => "flow",
            Self::Unsupported => "unsupported",
        }
    }
}

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
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.message)
    }
}

impl core::error::Error for Refusal {}
