//! What one piece of a segment says, before the pieces are put together.

use crate::{
    chain, digest::Digest, entry::Entry, error::LedgerError, fault::Fault, format::TEXT, line::Line,
};

/// What was found in a piece.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) lines: u64,
    pub(crate) texts: u64,
    pub(crate) bytes: u64,
    /// The record that the first line says is before it.
    pub(crate) before: Option<Before>,
    pub(crate) head: Option<Entry>,
    pub(crate) anchored: Option<Entry>,
    /// What came after these lines, other than the end of the piece.
    pub(crate) error: Option<Stop>,
}

/// The link of a first line: its number and the seal before it.
pub(crate) struct Before {
    pub(crate) number: u64,
    pub(crate) prev: Digest,
}

pub(crate) enum Stop {
    Fault(Fault),
    Torn { offset: u64, bytes: u64 },
    Error(LedgerError),
}

impl Found {
    /// Adds a line that follows on those before it in the piece.
    pub(crate) fn add(&mut self, line: &Line<'_>, anchored: Option<u64>) -> Result<(), Fault> {
        let head = match self.head {
            Some(_) => chain::follow(self.head, line)?,
            None => {
                self.before = Some(Before { number: line.number, prev: line.prev });
                Entry { number: line.number, seal: line.seal }
            }
        };
        if anchored == Some(line.number) {
            self.anchored = Some(head);
        }
        self.head = Some(head);
        self.lines += 1;
        self.texts += u64::from(line.kind == TEXT);
        Ok(())
    }
}
