//! Cutting segments into pieces, one after the other.
//!
//! A piece is cut when somebody is there to check it: a file may say that it has any number of
//! bytes, and the first piece that is wrong ends the work.

use std::io;

use crate::{
    folder::{Folder, segment_name},
    verify::found::Stop,
    walk::missing,
};

/// The lines of a segment that begin in a range of it.
pub(crate) struct Piece {
    /// From 0, over all segments.
    pub(crate) index: u64,
    pub(crate) segment: u64,
    /// Whether a line may be torn here.
    pub(crate) is_last: bool,
    /// From here to there, in bytes; or why the segment cannot be read.
    pub(crate) range: Result<(u64, u64), Stop>,
}

/// The pieces of a ledger, in order.
pub(crate) struct Pieces<'a> {
    folder: &'a Folder,
    bytes: u64,
    last_segment: u64,
    index: u64,
    segment: u64,
    from: u64,
    /// Of the segment, once it was asked.
    length: Option<u64>,
    ended: bool,
}

impl<'a> Pieces<'a> {
    /// Pieces of so many bytes, of the segments up to the last one.
    pub(crate) const fn new(folder: &'a Folder, last_segment: u64, bytes: u64) -> Self {
        Self {
            folder,
            bytes,
            last_segment,
            index: 0,
            segment: 1,
            from: 0,
            length: None,
            ended: false,
        }
    }

    /// No more pieces are wanted.
    pub(crate) const fn end(&mut self) {
        self.ended = true;
    }

    fn length(&mut self) -> Result<u64, Stop> {
        if let Some(length) = self.length {
            return Ok(length);
        }
        let file = self.folder.read_segment(self.segment);
        let length = match file.and_then(|file| file.metadata()) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Stop::Fault(missing(self.segment)));
            }
            Err(error) => {
                return Err(Stop::Error(self.folder.io(&segment_name(self.segment))(error)));
            }
        };
        self.length = Some(length);
        Ok(length)
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        // one piece for an empty segment too
        while !self.ended && self.length.is_some_and(|length| self.from >= length.max(1)) {
            self.ended = self.segment == self.last_segment;
            (self.segment, self.from, self.length) = (self.segment + 1, 0, None);
        }
        if self.ended {
            return None;
        }
        let (index, segment, from) = (self.index, self.segment, self.from);
        let range = self.length().map(|length| (from, length.min(from.saturating_add(self.bytes))));
        self.ended = range.is_err();
        self.index += 1;
        self.from = from.saturating_add(self.bytes);
        Some(Piece { index, segment, is_last: segment == self.last_segment, range })
    }
}
