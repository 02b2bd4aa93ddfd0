//! How a command fails: one line, and an exit code.

use std::{fmt, io};

use sigmapol_audit::replay::ReplayError;
use sigmapol_conformance::Malformed;
use sigmapol_core::Error;
use sigmapol_ledger::LedgerError;

use crate::shared::{stop::Stopped, text::one_line};

/// Why a command did not do what was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The engine gave no value.
    Engine(Error),
    /// The arguments do not fit together, or a file cannot be read.
    Usage(String),
    /// The command ran, and its verdict is negative.
    Verdict(String),
    /// The answer is there, and what was learned from it cannot be written.
    Unsaved(String),
    /// A signal asked to stop before there was an answer.
    Stopped(Stopped),
    /// A ledger cannot be written, or is not what it should be.
    Ledger(LedgerError),
    /// Another virtual machine would stop, by the name that it has for it.
    Machine(String),
    /// Standard output cannot be written.
    Output(io::Error),
}

impl Failure {
    /// The exit code of the process, as the help lists them.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Machine(name) if name == "timeout" || name.starts_with("out_of ") => 3,
            Self::Engine(Error::Refused(_)) | Self::Verdict(_) => 1,
            Self::Usage(_) | Self::Output(_) => 2,
            Self::Engine(Error::Exhausted(_)) => 3,
            Self::Engine(_) | Self::Machine(_) => 4,
            // as sysexits.h has them: EX_DATAERR, EX_IOERR, EX_TEMPFAIL
            // as EX_CANTCREAT
            Self::Unsaved(_) => 73,
            Self::Stopped(stopped) => stopped.exit_code(),
            Self::Ledger(LedgerError::Io { .. }) => 74,
            Self::Ledger(LedgerError::Busy { .. }) => 75,
            Self::Ledger(_) => 65,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Engine(error) => error.to_string(),
            Self::Usage(text) | Self::Verdict(text) | Self::Unsaved(text) => text.clone(),
            Self::Ledger(error) => error.to_string(),
            Self::Stopped(stopped) => format!("stopped by {}", stopped.name()),
            Self::Machine(name) => format!("vm error {name}"),
            Self::Output(error) => format!("standard output: {error}"),
        };
        f.write_str(&one_line(&text))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Wrapper(ref around) => match around.downcast_ref::<LedgerError>() {
                Some(ledger) => Self::Ledger(ledger.clone()),
                None => Self::Engine(error),
            },
            error => Self::Engine(error),
        }
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Ledger(error) => error.into(),
            ReplayError::Engine(error) => error.into(),
            // a record that is not what it says, and whatever else will be found in ledgers
            error => Self::Verdict(error.to_string()),
        }
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<Malformed> for Failure {
    fn from(error: Malformed) -> Self {
        Self::Usage(error.to_string())
    }
}

/// What is wrong with the arguments, without the advice that clap adds; `None` if it is help that
/// is to be printed.
pub fn usage(error: &clap::Error) -> Option<Failure> {
    use clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;

    if !error.use_stderr() || error.kind() == DisplayHelpOnMissingArgumentOrSubcommand {
        return None;
    }
    let text = error.to_string();
    let words = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let paragraphs: Vec<_> = text
        .split("\n\n")
        .take_while(|paragraph| !paragraph.starts_with("Usage:"))
        .map(words)
        .filter(|paragraph| !paragraph.starts_with("For more information"))
        .collect();
    let text = paragraphs.join("; ");
    Some(Failure::Usage(text.strip_prefix("error: ").unwrap_or(&text).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sigmapol_core::{Exhausted, Refusal, RefusalCode};

    #[test]
    fn exit_codes() {
        let refusal = Refusal { code: RefusalCode::Seed, message: String::new() };
        for (failure, code) in [
            (Failure::Engine(Error::Refused(refusal)), 1),
            (Failure::Verdict(String::new()), 1),
            (Failure::Usage(String::new()), 2),
            (Failure::Engine(Error::Exhausted(Exhausted::Fuel)), 3),
            (Failure::Engine(Error::Load(String::new())), 4),
            (Failure::Machine("timeout".to_owned()), 3),
            (Failure::Machine("out_of memory wasm_memory".to_owned()), 3),
            (Failure::Machine("wasm_trap out_of_fuel".to_owned()), 4),
            (Failure::Unsaved(String::new()), 73),
            (Failure::Stopped(Stopped::Interrupted), 130),
            (Failure::Stopped(Stopped::Terminated), 143),
            (Failure::Ledger(LedgerError::Anchor(String::new())), 65),
            (Failure::Ledger(LedgerError::Torn { segment: 1, offset: 0, bytes: 1 }), 65),
            (Failure::Ledger(LedgerError::Io { path: String::new(), message: String::new() }), 74),
            (Failure::Ledger(LedgerError::Busy { folder: String::new() }), 75),
        ] {
            assert_eq!(failure.exit_code(), code, "{failure:?}");
        }
    }

    #[test]
    fn always_one_line() {
        let text = Failure::Usage(format!("a\nb\u{1b}[31m{}z", "x".repeat(5000))).to_string();
        assert!(text.starts_with("a\\nb\\u{1b}[31mxx"), "{text}");
        assert!(text.ends_with("xxz"));
        assert_eq!(text.chars().count(), 1001);
        assert_eq!(Failure::Usage("short".to_owned()).to_string(), "short");
    }
}
