//! Reading the records of a ledger, one after the other.

use std::{
    io::{self, Write},
    path::Path,
};

use crate::{
    entry::Entry, error::LedgerError, fault::Fault, folder::Folder, position::Reached,
    record::Record, texts::Texts, walk::Walk,
};

/// The records of a ledger, from the first; see [`read()`].
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
    let folder = Folder::open(folder.as_ref())?;
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
                Fault::Damage(error.to_string()).at(position.segment, lines + 1, head)
            })),
            Err(error) => Some(Err(error)),
        };
        self.ended = !matches!(record, Some(Ok(_)));
        record
    }
}

/// Writes every record as it stands in the ledger, one a line, and checks it before.
///
/// Gives the last record.
///
/// # Errors
///
/// Those of [`read()`] and of its items, after the records before were written; what the output
/// says, which is no error of the ledger.
pub fn export<E: From<LedgerError> + From<io::Error>>(
    folder: impl AsRef<Path>,
    out: &mut impl Write,
) -> Result<Option<Entry>, E> {
    let folder = Folder::open(folder.as_ref())?;
    let texts = Texts::new(folder.clone());
    let mut walk = Walk::new(folder, Reached::NOTHING, texts)?;
    while walk.next()?.is_some() {
        out.write_all(&walk.buffer)?;
        out.write_all(b"\n")?;
    }
    Ok(walk.reached.head)
}
