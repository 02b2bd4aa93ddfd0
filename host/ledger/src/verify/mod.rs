//! Checking a whole ledger, on all cores.
//!
//! Segments are cut into pieces by bytes; a piece has the lines that begin in it. What can be said
//! of a line alone, and of a line after another one of its piece, is said by the thread that reads
//! the piece; how the pieces follow on each other is seen when all are read. The outcome is the
//! same as if one thread had read everything from the beginning.

mod found;
mod pieces;
mod workers;

use std::path::Path;

use serde::Serialize;

use crate::{
    chain,
    entry::Entry,
    error::LedgerError,
    folder::Folder,
    limits::PIECE_BYTES,
    verify::{
        found::{Before, Found, Stop},
        workers::check_all,
    },
};

/// What a whole ledger has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Records, those of the ledger itself too.
    pub records: u64,
    /// Records that are texts.
    pub texts: u64,
    /// Segments.
    pub segments: u64,
    /// Bytes of all segments.
    pub bytes: u64,
    /// The last record.
    pub head: Entry,
}

/// Checks every record of a ledger: its form, its seal, the digest of a text, the number, the seal
/// before. Given an anchor, that this record is still there.
///
/// It needs no lock and writes nothing. A ledger that is being written may seem torn for a moment,
/// in the middle of a write.
///
/// # Errors
///
/// `damaged` at the first line that is not what was written; `torn` if all is well but the end of
/// the last line, which recovery mends; `anchor` if the ledger is whole and the anchored record is
/// not in it; `not-a-ledger`, `version` or `io`.
pub fn verify(folder: impl AsRef<Path>, anchor: Option<Entry>) -> Result<Report, LedgerError> {
    verify_in_pieces(&Folder::open(folder.as_ref())?, anchor, PIECE_BYTES)
}

pub(crate) fn verify_in_pieces(
    folder: &Folder,
    anchor: Option<Entry>,
    piece_bytes: u64,
) -> Result<Report, LedgerError> {
    let segments = folder.segments()?.last;
    let anchored = anchor.map(|anchor| anchor.number);
    let mut sum = Sum::default();
    for (segment, found) in check_all(folder, segments, piece_bytes, anchored) {
        sum.add(segment, found)?;
    }
    let torn = || LedgerError::Torn { segment: 1, offset: 0, bytes: 0 };
    let head = sum.head.ok_or_else(torn)?;
    let report =
        Report { records: head.number + 1, texts: sum.texts, segments, bytes: sum.bytes, head };
    match anchor {
        Some(anchor) => compare(anchor, sum.anchored, head).map(|()| report),
        None => Ok(report),
    }
}

fn compare(anchor: Entry, found: Option<Entry>, head: Entry) -> Result<(), LedgerError> {
    let Entry { number, seal } = anchor;
    match found {
        Some(found) if found == anchor => Ok(()),
        Some(found) => Err(LedgerError::Anchor(format!(
            "expected the seal {seal} of the record {number}, got {}",
            found.seal
        ))),
        None => Err(LedgerError::Anchor(format!(
            "expected the record {number}, the last one is {}",
            head.number
        ))),
    }
}

/// The pieces so far, put together.
#[derive(Default)]
struct Sum {
    segment: u64,
    /// Lines of this segment.
    lines: u64,
    texts: u64,
    bytes: u64,
    head: Option<Entry>,
    anchored: Option<Entry>,
}

impl Sum {
    fn add(&mut self, segment: u64, found: Found) -> Result<(), LedgerError> {
        if self.segment != segment {
            (self.segment, self.lines) = (segment, 0);
        }
        if let Some(Before { number, prev }) = found.before {
            chain::follow_link(self.head, number, prev)
                .map_err(|fault| fault.at(self.segment, self.lines + 1, self.head))?;
        }
        self.lines += found.lines;
        self.texts += found.texts;
        self.bytes += found.bytes;
        self.head = found.head.or(self.head);
        self.anchored = found.anchored.or(self.anchored);
        match found.error {
            None => Ok(()),
            Some(Stop::Fault(fault)) => Err(fault.at(self.segment, self.lines + 1, self.head)),
            Some(Stop::Torn { offset, bytes }) => {
                Err(LedgerError::Torn { segment: self.segment, offset, bytes })
            }
            Some(Stop::Error(error)) => Err(error),
        }
    }
}
