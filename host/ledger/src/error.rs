//! Everything that can go wrong with a ledger, each with a stable code.

use std::{io, path::Path};

use crate::{dir::access::Unexpected, format::FORMAT};

/// Why a ledger cannot be written, or is not what it should be.
///
/// [`LedgerError::code`] is stable and for programs; the text is for people and begins with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// Another process, or another part of this one, writes this ledger.
    #[error("busy: {folder}: another one writes this ledger")]
    Busy {
        /// The folder of the ledger.
        folder: String,
    },
    /// The system could not read or write a file.
    #[error("io: {path}: {message}")]
    Io {
        /// The file or folder.
        path: String,
        /// What the system says.
        message: String,
    },
    /// The last line has no end: a write was cut short. Recovery mends it.
    #[error(
        "torn: segment {segment}, offset {offset}: expected the end of the last line after {bytes} bytes"
    )]
    Torn {
        /// The segment, the last one.
        segment: u64,
        /// Where the line begins.
        offset: u64,
        /// Its bytes.
        bytes: u64,
    },
    /// A line is not what was written. Nothing mends it.
    #[error("damaged: segment {segment}, line {line}, number {number}: {what}")]
    Damaged {
        /// The segment.
        segment: u64,
        /// The line of the segment, from 1.
        line: u64,
        /// The number of the record that belongs there.
        number: u64,
        /// What was expected.
        what: String,
    },
    /// The ledger is whole, but not the one that was anchored, or cut off before the anchor.
    #[error("anchor: {0}")]
    Anchor(String),
    /// The folder is no ledger: there is none, or something other than a file is in a file's place.
    #[error("not-a-ledger: {folder}: {what}")]
    NotALedger {
        /// The folder, or what is in it and does not belong there.
        folder: String,
        /// What was expected.
        what: String,
    },
    /// The ledger is of a version that this program does not know.
    #[error("version: expected {FORMAT}, got {0}")]
    Version(String),
    /// The record cannot be written as it is; the ledger goes on without it.
    #[error("unfit: {0}")]
    Unfit(String),
}

impl LedgerError {
    /// A stable name: `busy`, `io`, `torn`, `damaged`, `anchor`, `not-a-ledger`, `version` or
    /// `unfit`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Busy { .. } => "busy",
            Self::Io { .. } => "io",
            Self::Torn { .. } => "torn",
            Self::Damaged { .. } => "damaged",
            Self::Anchor(_) => "anchor",
            Self::NotALedger { .. } => "not-a-ledger",
            Self::Version(_) => "version",
            Self::Unfit(_) => "unfit",
        }
    }

    /// For `map_err`: the system's error, with the path that it leaves out.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |error| match error.get_ref() {
            Some(inner) if inner.is::<Unexpected>() => {
                Self::not_a_ledger(&path, &inner.to_string())
            }
            _ => Self::Io { path: path.display().to_string(), message: error.to_string() },
        }
    }

    pub(crate) fn not_a_ledger(path: &Path, what: &str) -> Self {
        Self::NotALedger { folder: path.display().to_string(), what: what.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_messages() {
        let folder = || "log".to_owned();
        for (error, code, text) in [
            (
                LedgerError::Busy { folder: folder() },
                "busy",
                "busy: log: another one writes this ledger",
            ),
            (
                LedgerError::io(Path::new("log/LOCK"))(io::Error::other("no space")),
                "io",
                "io: log/LOCK: no space",
            ),
            (
                LedgerError::Torn { segment: 2, offset: 77, bytes: 5 },
                "torn",
                "torn: segment 2, offset 77: expected the end of the last line after 5 bytes",
            ),
            (
                LedgerError::Damaged {
                    segment: 1,
                    line: 13,
                    number: 12,
                    what: "expected the number 12, got 13".to_owned(),
                },
                "damaged",
                "damaged: segment 1, line 13, number 12: expected the number 12, got 13",
            ),
            (
                LedgerError::Anchor("expected the record 9, the last one is 8".to_owned()),
                "anchor",
                "anchor: expected the record 9, the last one is 8",
            ),
            (
                LedgerError::NotALedger {
                    folder: folder(),
                    what: "expected the file 000001.jsonl".to_owned(),
                },
                "not-a-ledger",
                "not-a-ledger: log: expected the file 000001.jsonl",
            ),
            (
                LedgerError::Version("sigmapol-ledger/v2".to_owned()),
                "version",
                "version: expected sigmapol-ledger/v1, got sigmapol-ledger/v2",
            ),
            (
                LedgerError::Unfit("expected an object as the body".to_owned()),
                "unfit",
                "unfit: expected an object as the body",
            ),
        ] {
            assert_eq!(error.code(), code);
            assert_eq!(error.to_string(), text);
        }
    }
}
