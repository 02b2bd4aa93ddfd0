//! The one error of the library.

use std::fmt;

/// Why a file was not read or not lowered. Offsets are in bytes from the start of the input.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The input is not a valid core module or component.
    Invalid(wasmparser::Error),
    /// The operator has no integer form here; `reason` says what would help.
    Unsupported {
        /// Byte offset of the operator.
        offset: u64,
        /// Name of the function it is in, or its index when it has none.
        function: String,
        /// Name in the text format, such as `i64.trunc_f64_s`.
        operator: String,
        /// What is in the way.
        reason: &'static str,
    },
    /// The operator needs a routine that the name section does not list.
    MissingRoutine {
        /// Byte offset of the operator.
        offset: u64,
        /// Name of the function it is in, or its index when it has none.
        function: String,
        /// Name in the text format, such as `f64.add`.
        operator: String,
        /// Name of the function looked for, such as `__adddf3`.
        routine: &'static str,
    },
    /// A function has the name of a routine and another type.
    RoutineType {
        /// Name of the function.
        routine: &'static str,
        /// Its type after lowering, in the text format.
        found: String,
        /// The type the routine has to have.
        expected: String,
    },
    /// A routine is made of the operator it stands for, so lowering it would never end.
    RecursiveRoutine {
        /// Name of the function.
        routine: &'static str,
    },
    /// A component has no core module, or several, where one was asked for.
    CoreModules(usize),
    /// The input could not be encoded again.
    Encode(String),
    /// The output is not valid: most often a canonical function has a flat float parameter or
    /// result, which has to stay a float.
    Output(wasmparser::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(error) => write!(f, "not a valid wasm file: {error}"),
            Self::Unsupported { offset, function, operator, reason } => {
                write!(f, "offset {offset:#x}, function {function}: {operator} {reason}")
            }
            Self::MissingRoutine { offset, function, operator, routine } => write!(
                f,
                "offset {offset:#x}, function {function}: {operator} needs the routine {routine}, \
                 expected a function of that name in the name section"
            ),
            Self::RoutineType { routine, found, expected } => {
                write!(f, "routine {routine} has type {found}, expected {expected}")
            }
            Self::RecursiveRoutine { routine } => {
                write!(
                    f,
                    "routine {routine} is made of the operator it is to replace, expected integer code"
                )
            }
            Self::CoreModules(count) => write!(f, "{count} core modules, expected 1"),
            Self::Encode(message) => write!(f, "cannot encode again: {message}"),
            Self::Output(error) => write!(
                f,
                "not valid after lowering: {error}; a float in a function signature of a \
                 component must be inside of a record or a list"
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Invalid(error) | Self::Output(error) => Some(error),
            _ => None,
        }
    }
}

impl From<wasmparser::Error> for Error {
    fn from(error: wasmparser::Error) -> Self {
        Self::Invalid(error)
    }
}

impl From<wasm_encoder::reencode::Error<Error>> for Error {
    fn from(error: wasm_encoder::reencode::Error<Error>) -> Self {
        use wasm_encoder::reencode::Error as Reencode;
        match error {
            Reencode::UserError(error) => error,
            Reencode::ParseError(error) => Self::Invalid(error),
            other => Self::Encode(other.to_string()),
        }
    }
}
