//! Where the texts of a ledger are, by digest.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use crate::{
    digest::Digest,
    error::LedgerError,
    folder::Folder,
    format::{TEXT, TextBody},
    limits::LINE_BYTES,
    line::{self, Line},
    position::Position,
    record_at::read_at,
};

/// An index of texts: the digest of each, and where it is.
#[derive(Clone, Debug)]
pub struct Texts {
    folder: Folder,
    index: HashMap<Digest, Place>,
    /// Those that a checkpoint names and nobody has seen in the ledger.
    unproven: HashSet<Digest>,
}

/// Where the record of a text is.
#[derive(Clone, Copy, Debug)]
struct Place {
    position: Position,
    /// Of the record; none if a checkpoint alone tells of it.
    bytes: Option<u64>,
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

    /// How many bytes a text has at most, or none if it is not among these. Nothing is read.
    ///
    /// One short record may name a long text any number of times: ask this first, and stop where
    /// the sum is more than a record is worth, before [`Texts::get`] brings each into memory.
    pub fn bytes(&self, digest: Digest) -> Option<u64> {
        let longest = LINE_BYTES as u64;
        self.index.get(&digest).map(|place| place.bytes.unwrap_or(longest))
    }

    /// The text of a digest, or none if it is not among these. It is read from the ledger, and its
    /// digest is checked.
    ///
    /// # Errors
    ///
    /// `io`, or `damaged` if the ledger has changed since: the line is then unknown, and 0.
    pub fn get(&self, digest: Digest) -> Result<Option<String>, LedgerError> {
        let Some(position) = self.position(digest) else { return Ok(None) };
        match self.read(position, digest)? {
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
        self.index.get(&digest).map(|place| place.position)
    }

    pub(crate) fn positions(&self) -> impl Iterator<Item = (Digest, Position)> {
        self.index.iter().map(|(digest, place)| (*digest, place.position))
    }

    /// The first place of a text is kept.
    pub(crate) fn add(&mut self, digest: Digest, position: Position, bytes: u64) {
        let place = Place { position, bytes: Some(bytes) };
        // a place that was seen is better than one that is said
        if self.unproven.remove(&digest) {
            self.index.insert(digest, place);
        } else {
            self.index.entry(digest).or_insert(place);
        }
    }

    /// Adds what a checkpoint says.
    pub(crate) fn add_unproven(&mut self, digest: Digest, position: Position) {
        self.index.insert(digest, Place { position, bytes: None });
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
        let places = self.index.iter().filter(|(_, place)| place.position.is_before(end));
        let index = places.map(|(digest, place)| (*digest, *place)).collect();
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
            self.add(sha256, position, line.body.len() as u64);
        }
    }
}
