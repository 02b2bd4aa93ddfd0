//! Records that are sealed and not yet on disk, in the order in which they will be.

use std::time::SystemTime;

use crate::{
    chain,
    digest::Digest,
    entry::Entry,
    format::{TEXT, opening},
    limits::SEGMENTS,
    line,
    position::{Position, Reached},
    texts::Texts,
    time::time,
};

/// Bytes for one segment, to be written at once.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) segment: u64,
    pub(crate) bytes: String,
}

/// The records that wait to be written, and the end of the ledger after them.
#[derive(Debug)]
pub(crate) struct Queue {
    segment_bytes: u64,
    /// One a segment; more than one only where a segment ends.
    batches: Vec<Batch>,
    /// The end, once all is written.
    pub(crate) reached: Reached,
    /// Every text, also those that wait.
    pub(crate) texts: Texts,
}

impl Queue {
    pub(crate) const fn new(segment_bytes: u64, reached: Reached, texts: Texts) -> Self {
        Self { segment_bytes, batches: Vec::new(), reached, texts }
    }

    /// Seals a record onto the end.
    pub(crate) fn push(&mut self, now: SystemTime, kind: &str, body: &str) -> Entry {
        let at = time(now);
        // a segment of one record is no segment yet: a small bound does not mean one record each
        if self.reached.position.offset >= self.segment_bytes
            && self.reached.lines > 1
            && self.reached.position.segment < SEGMENTS
        {
            self.reached.position.segment += 1;
            self.reached.position.offset = 0;
            self.reached.lines = 0;
        }
        if self.reached.lines == 0 {
            let (kind, body) = opening(self.reached.position.segment);
            self.add(&at, kind, &body);
        }
        self.add(&at, kind, body)
    }

    /// Begins the ledger, or the segment, if that has not been done.
    pub(crate) fn begin(&mut self, now: SystemTime) {
        if self.reached.lines == 0 {
            let (kind, body) = opening(self.reached.position.segment);
            self.add(&time(now), kind, &body);
        }
    }

    /// Seals a text, unless it is there already.
    pub(crate) fn push_text(&mut self, now: SystemTime, digest: Digest, body: &str) {
        if self.texts.position(digest).is_none() {
            self.push(now, TEXT, body);
            self.texts.add(digest, self.reached.last, body.len() as u64);
        }
    }

    fn add(&mut self, at: &str, kind: &str, body: &str) -> Entry {
        let Reached { position, lines, head, .. } = self.reached;
        let (number, prev) = chain::next(head);
        let (line, seal) = line::seal(at, body, kind, number, prev);
        let entry = Entry { number, seal };
        self.reached = Reached {
            position: Position { offset: position.offset + line.len() as u64, ..position },
            lines: lines + 1,
            head: Some(entry),
            last: position,
        };
        match self.batches.last_mut() {
            Some(batch) if batch.segment == position.segment => batch.bytes.push_str(&line),
            _ => self.batches.push(Batch { segment: position.segment, bytes: line }),
        }
        entry
    }

    /// How many bytes wait.
    pub(crate) fn waiting(&self) -> usize {
        self.batches.iter().map(|batch| batch.bytes.len()).sum()
    }

    /// Takes everything that waits.
    pub(crate) fn take(&mut self) -> Vec<Batch> {
        std::mem::take(&mut self.batches)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::folder::Folder;

    #[test]
    fn the_last_segment_goes_on() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(temporary.path()).unwrap();
        for (segment, expected) in [
            (7, vec![7, 8]),
            (SEGMENTS - 1, vec![SEGMENTS - 1, SEGMENTS]),
            (SEGMENTS, vec![SEGMENTS]),
        ] {
            let position = Position { segment, offset: 0 };
            let reached = Reached { position, ..Reached::NOTHING };
            let mut queue = Queue::new(1_000, reached, Texts::new(folder.clone()));
            for _ in 0..5 {
                queue.push(UNIX_EPOCH, "note", "{}");
            }
            let batches = queue.take();
            let segments: Vec<_> = batches.iter().map(|batch| batch.segment).collect();
            assert_eq!(segments, expected);
        }
    }
}
