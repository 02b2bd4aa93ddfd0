//! What an opening had to mend, as it is told.

use std::path::PathBuf;

use serde::Serialize;

use crate::digest::Digest;

/// What an opening had to mend. It says nothing of the records before: opening does not verify.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Recovery {
    /// So many records, from the first on, were not read: the checkpoint covers them, and was
    /// believed. [`verify`](crate::verify()) checks them. 0 if everything was read and checked.
    pub believed: u64,
    /// The last line was a whole record but for its end, and was given one.
    pub completed: bool,
    /// What was cut off and kept in the quarantine; each is told by a `recovered` record.
    pub quarantined: Vec<Quarantined>,
}

impl Recovery {
    /// Whether there was nothing to mend.
    pub const fn is_whole(&self) -> bool {
        !self.completed && self.quarantined.is_empty()
    }
}

/// Bytes that were cut off the end of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quarantined {
    /// How many.
    pub bytes: u64,
    /// Where they began.
    pub offset: u64,
    /// The segment.
    pub segment: u64,
    /// Their digest.
    pub sha256: Digest,
    /// The file that has them now.
    #[serde(skip)]
    pub file: PathBuf,
}
