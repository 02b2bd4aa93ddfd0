//! What is wrong with a line, before its place is known.

use crate::{entry::Entry, error::LedgerError};

/// What a line is instead of a record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    /// What was expected.
    Damage(String),
    /// The format that the first record names.
    Version(String),
}

impl Fault {
    pub(crate) fn damage(what: impl Into<String>) -> Self {
        Self::Damage(what.into())
    }

    /// The fault as an error, with its place.
    pub(crate) fn at(self, segment: u64, line: u64, head: Option<Entry>) -> LedgerError {
        match self {
            Self::Damage(what) => {
                let number = head.map_or(0, |head| head.number.saturating_add(1));
                LedgerError::Damaged { segment, line, number, what }
            }
            Self::Version(format) => LedgerError::Version(format),
        }
    }
}
