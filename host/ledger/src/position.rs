//! Places in a ledger.

use serde::{Deserialize, Serialize};

use crate::entry::Entry;

/// Where a record begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Position {
    /// The segment, from 1.
    pub segment: u64,
    /// Bytes of the segment before the record.
    pub offset: u64,
}

impl Position {
    pub(crate) const fn is_before(self, other: Self) -> bool {
        self.segment < other.segment
            || (self.segment == other.segment && self.offset < other.offset)
    }
}

/// How far a walk has come: everything before is checked, or was once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reached {
    /// Where the next record begins.
    pub(crate) position: Position,
    /// Lines of the segment before it.
    pub(crate) lines: u64,
    /// The last record.
    pub(crate) head: Option<Entry>,
    /// Where that one begins.
    pub(crate) last: Position,
}

impl Reached {
    pub(crate) const NOTHING: Self = {
        let start = Position { segment: 1, offset: 0 };
        Self { position: start, lines: 0, head: None, last: start }
    };
}
