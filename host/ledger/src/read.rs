//! Records, one after the other, as a program reads them.

use std::{
    io::{self, Write},
    path::Path,
};

use serde_json::value::RawValue;

use super::{
    Digest, LedgerError, Position, Texts,
    entry::Entry,
    folder::Folder,
    line::{self, Line},
    texts::read_at,
    walk::{Reached, Walk},
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

    fn new(line: &Line<'_>, position: Position) -> Result<Self, serde_json::Error> {
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

/// The records of a ledger, from the first; see [`read`].
#[derive(Debug)]
pub struct Records {
    walk: Walk,
    ended: bool,
}

/// Reads a ledger from its first record on, and checks it on the way: the form of each record, its
/// seal, its place in the chain. What is held in memory is one record, and the place of each text.
///
/// The last item of a ledger that is not whole is an error. A ledger that is being written may
/// seem torn for a moment, in the middle of a write.
///
/// # Errors
///
/// `not-a-ledger` or `io`; items have any of the others but `busy`, `anchor` and `unfit`.
pub fn read(folder: impl AsRef<Path>) -> Result<Records, LedgerError> {
    let folder = Folder::new(folder.as_ref());
    let texts = Texts::new(folder.clone());
    Ok(Records { walk: Walk::new(folder, Reached::NOTHING, texts)?, ended: false })
}

impl Records {
    /// The texts that were met so far. A text is before every record that refers to it.
    pub const fn texts(&self) -> &Texts {
        &self.walk.texts
    }

    /// The texts that were met so far, without the records.
    pub fn into_texts(self) -> Texts {
        self.walk.texts
    }
}

impl Iterator for Records {
    type Item = Result<Record, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let Reached { lines, head, position, .. } = self.walk.reached;
        let record = match self.walk.next() {
            Ok(None) => None,
            // a reader that takes fewer levels than this one is all that could refuse here
            Ok(Some((line, at))) => Some(Record::new(&line, at).map_err(|error| {
                line::Fault::Damage(error.to_string()).at(position.segment, lines + 1, head)
            })),
            Err(error) => Some(Err(error)),
        };
        self.ended = !matches!(record, Some(Ok(_)));
        record
    }
}

/// Reads one record from where it is; its form and its seal are checked, its place in the chain is
/// not.
///
/// # Errors
///
/// `io`, or `damaged` if no such record is there: the line and the number are then unknown, and 0.
pub fn read_record(folder: impl AsRef<Path>, position: Position) -> Result<Record, LedgerError> {
    let folder = Folder::new(folder.as_ref());
    let Position { segment, offset } = position;
    let damaged = |what| LedgerError::Damaged { segment, line: 0, number: 0, what };
    let bytes = read_at(&folder, position)?
        .ok_or_else(|| damaged(format!("expected a record at offset {offset}")))?;
    let line =
        line::check(&bytes, segment, offset == 0).map_err(|fault| fault.at(segment, 0, None))?;
    Record::new(&line, position).map_err(|error| damaged(error.to_string()))
}

/// Writes every record as it stands in the ledger, one a line, and checks it before.
///
/// Gives the last record.
///
/// # Errors
///
/// Those of [`read`] and of its items, after the records before were written; what the output
/// says, which is no error of the ledger.
pub fn export<E: From<LedgerError> + From<io::Error>>(
    folder: impl AsRef<Path>,
    out: &mut impl Write,
) -> Result<Option<Entry>, E> {
    let folder = Folder::new(folder.as_ref());
    let texts = Texts::new(folder.clone());
    let mut walk = Walk::new(folder, Reached::NOTHING, texts)?;
    while walk.next()?.is_some() {
        out.write_all(&walk.buffer)?;
        out.write_all(b"\n")?;
    }
    Ok(walk.reached.head)
}
