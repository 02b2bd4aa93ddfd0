//! Where the texts of a ledger are, by digest.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use crate::{
    digest::Digest,
    error::LedgerError,
    folder::Folder,
    format::{TEXT, TextBody},
    line::{self, Line},
    position::Position,
    record_at::read_at,
};

/// An index of texts: the digest of each, and where it is.
#[derive(Clone, Debug)]
pub struct Texts {
    folder: Folder,
    index: HashMap<Digest, Position>,
    /// Those that a checkpoint names and nobody has seen in the ledger.
    unproven: HashSet<Digest>,
}

impl Texts {
    pub(crate) fn new(folder: Folder) -> Self {
        Self { folder, index: HashMap::new(), unproven: HashSet::new() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Every digest, in no order.
    pub fn digests(&self) -> impl Iterator<Item = Digest> {
        self.index.keys().copied()
    }

    /// The text of a digest, or none if it is not among these. It is read from the ledger, and its
    /// digest is checked.
    ///
    /// # Errors
    ///
    /// `io`, or `damaged` if the ledger has changed since: the line is then unknown, and 0.
    pub fn get(&self, digest: Digest) -> Result<Option<String>, LedgerError> {
        let Some(position) = self.index.get(&digest) else { return Ok(None) };
        match self.read(*position, digest)? {
            Some(text) => Ok(Some(text)),
            None => Err(LedgerError::Damaged {
                segment: position.segment,
                line: 0,
                number: 0,
                what: format!("expected the text {digest} at offset {}", position.offset),
            }),
        }
    }

    /// The text, if it is where the index says.
    pub(crate) fn read(&self, at: Position, digest: Digest) -> Result<Option<String>, LedgerError> {
        let Some(bytes) = read_at(&self.folder, at)? else { return Ok(None) };
        let body = line::check(&bytes, at.segment, at.offset == 0)
            .ok()
            .filter(|line| line.kind == TEXT)
            .and_then(|line| serde_json::from_str::<TextBody<String>>(line.body).ok());
        Ok(body.filter(|body| body.sha256 == digest).map(|body| body.text))
    }

    pub(crate) fn position(&self, digest: Digest) -> Option<Position> {
        self.index.get(&digest).copied()
    }

    pub(crate) fn positions(&self) -> impl Iterator<Item = (Digest, Position)> {
        self.index.iter().map(|(digest, position)| (*digest, *position))
    }

    /// The first place of a text is kept.
    pub(crate) fn add(&mut self, digest: Digest, position: Position) {
        // a place that was seen is better than one that is said
        if self.unproven.remove(&digest) {
            self.index.insert(digest, position);
        } else {
            self.index.entry(digest).or_insert(position);
        }
    }

    /// Adds what a checkpoint says.
    pub(crate) fn add_unproven(&mut self, digest: Digest, position: Position) {
        self.index.insert(digest, position);
        self.unproven.insert(digest);
    }

    /// Where the text is said to be, if nobody has seen it there.
    pub(crate) fn unproven(&self, digest: Digest) -> Option<Position> {
        self.unproven.get(&digest).and_then(|digest| self.position(*digest))
    }

    pub(crate) fn prove(&mut self, digest: Digest) {
        self.unproven.remove(&digest);
    }

    pub(crate) fn remove(&mut self, digest: Digest) {
        self.unproven.remove(&digest);
        self.index.remove(&digest);
    }

    /// Those that are before a place.
    pub(crate) fn before(&self, end: Position) -> Self {
        let before = |at: &Position| (at.segment, at.offset) < (end.segment, end.offset);
        let index = self.positions().filter(|(_, at)| before(at)).collect();
        Self { index, ..self.empty() }
    }

    /// An index of nothing, of the same ledger.
    pub(crate) fn empty(&self) -> Self {
        Self::new(self.folder.clone())
    }

    /// Adds a text, of a line that was checked.
    pub(crate) fn add_line(&mut self, line: &Line<'_>, position: Position) {
        #[derive(Deserialize)]
        struct Named {
            sha256: Digest,
        }
        if let Ok(Named { sha256 }) = serde_json::from_str(line.body) {
            self.add(sha256, position);
        }
    }
}
