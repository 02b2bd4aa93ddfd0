//! A record, as a program reads it.

use std::path::Path;

use serde_json::value::RawValue;

use crate::{
    digest::Digest,
    entry::Entry,
    error::LedgerError,
    folder::Folder,
    line::{self, Line},
    position::Position,
    record_at::read_at,
};

/// A record of a ledger.
#[derive(Clone, Debug)]
pub struct Record {
    /// When it was appended: `2026-02-24T12:00:30.000000Z`.
    pub at: String,
    /// The body, a canonical JSON object.
    pub body: Box<RawValue>,
    /// The kind; `genesis`, `segment`, `text` and `recovered` are the ledger's own.
    pub kind: String,
    /// Its place in the ledger, from 0.
    pub number: u64,
    /// The seal of the record before.
    pub prev: Digest,
    /// Its own seal.
    pub seal: Digest,
    /// Where it is, for [`read_record`].
    pub position: Position,
}

impl Record {
    /// The number and the seal.
    pub const fn entry(&self) -> Entry {
        Entry { number: self.number, seal: self.seal }
    }

    pub(crate) fn new(line: &Line<'_>, position: Position) -> Result<Self, serde_json::Error> {
        Ok(Self {
            at: line.at.to_owned(),
            body: RawValue::from_string(line.body.to_owned())?,
            kind: line.kind.to_owned(),
            number: line.number,
            prev: line.prev,
            seal: line.seal,
            position,
        })
    }
}

/// Reads one record from where it is; its form and its seal are checked, its place in the chain is
/// not.
///
/// # Errors
///
/// `io`, or `damaged` if no such record is there: the line and the number are then unknown, and 0.
pub fn read_record(folder: impl AsRef<Path>, position: Position) -> Result<Record, LedgerError> {
    let folder = Folder::open(folder.as_ref())?;
    let Position { segment, offset } = position;
    let damaged = |what| LedgerError::Damaged { segment, line: 0, number: 0, what };
    let bytes = read_at(&folder, position)?
        .ok_or_else(|| damaged(format!("expected a record at offset {offset}")))?;
    let line =
        line::check(&bytes, segment, offset == 0).map_err(|fault| fault.at(segment, 0, None))?;
    Record::new(&line, position).map_err(|error| damaged(error.to_string()))
}
