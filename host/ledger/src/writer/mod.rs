//! A ledger that is open for writing.
//!
//! Appending is two steps. A record is sealed onto the end of the queue, under its lock; then one
//! of those who wait writes everything that waits, with one write and one sync, while the others
//! go on filling the queue. However slow the disk, each record waits for two syncs at most.

mod commit;
mod open;

use std::{
    fs::File,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;

use crate::{
    digest::Digest, entry::Entry, error::LedgerError, fit, folder::Folder, format::TextBody,
    limits::WAITING_BYTES, options::Options, position::Reached, queue::Queue, recovery::Recovery,
    segment::Segment,
};

/// A ledger, open for writing, by this one alone. Every method may be called from any thread.
#[derive(Debug)]
pub struct Ledger {
    folder: Folder,
    options: Options,
    recovery: Recovery,
    state: Mutex<State>,
    /// A write has ended.
    written: Condvar,
    /// Held by the one who writes, for as long as it takes.
    segment: Mutex<Segment>,
    checkpoint: Mutex<Checkpoint>,
    /// Gone with the file handle, also when the process is killed.
    _lock: File,
}

#[derive(Debug)]
struct State {
    queue: Queue,
    /// The end of what is on disk.
    durable: Reached,
    /// Somebody writes.
    writing: bool,
    /// What became of a write; nothing is written after it.
    failed: Option<LedgerError>,
}

/// What is known of the checkpoint on disk.
#[derive(Debug, Default)]
struct Checkpoint {
    number: Option<u64>,
    bytes: u64,
    /// Bytes of records since.
    since: u64,
}

impl Ledger {
    /// What the opening had to mend.
    pub const fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// The last record that is on disk.
    pub fn head(&self) -> Option<Entry> {
        self.state().durable.head
    }

    /// Why nothing is written any more, after a write has failed.
    pub fn failure(&self) -> Option<LedgerError> {
        self.state().failed.clone()
    }

    /// Appends a record, and comes back when it is on disk.
    ///
    /// The body is anything that becomes a JSON object. It is written in its canonical form:
    /// members in order, integers that a double may not hold as strings, numbers that are none as
    /// `null`.
    ///
    /// # Errors
    ///
    /// `unfit` if the record cannot be written: its kind is no short lower-case word or one of the
    /// ledger's own, its body is no object or has more than 100 levels, it is longer than 64 MiB.
    /// Nothing has happened then. `io` if the disk fails: whether the record is on it is unknown,
    /// and the ledger writes no more; every later call fails with the same error.
    pub fn append(&self, kind: &str, body: &impl Serialize) -> Result<Entry, LedgerError> {
        let body = fit::record(kind, body)?;
        let mut state = self.ready()?;
        // under the lock: the times are in the order of the records
        let entry = state.queue.push((self.options.clock)(), kind, &body);
        self.commit(state)?;
        Ok(entry)
    }

    /// Appends records one after the other, with nothing between them, and comes back when all are
    /// on disk. After a crash a part of them may be there: the first ones.
    ///
    /// # Errors
    ///
    /// Those of [`Ledger::append`]; if one of the records is unfit, none is appended.
    pub fn append_all<'a, B: Serialize + 'a>(
        &self,
        records: impl IntoIterator<Item = (&'a str, &'a B)>,
    ) -> Result<Vec<Entry>, LedgerError> {
        let records = records
            .into_iter()
            .map(|(kind, body)| Ok((kind, fit::record(kind, body)?)))
            .collect::<Result<Vec<_>, LedgerError>>()?;
        let mut state = self.ready()?;
        let now = (self.options.clock)();
        let entries =
            records.iter().map(|(kind, body)| state.queue.push(now, kind, body)).collect();
        self.commit(state)?;
        Ok(entries)
    }

    /// Keeps a text, once, for records that refer to it by its digest. It is in the ledger before
    /// every record that is appended later, and on disk with the first of them.
    ///
    /// # Errors
    ///
    /// `unfit` if it is longer than a record may be, or `io`.
    pub fn text(&self, text: &str) -> Result<Digest, LedgerError> {
        let digest = Digest::of(text);
        if self.has_text(digest)? {
            return Ok(digest);
        }
        // what this writes for strings is canonical
        let body = serde_json::to_string(&TextBody { sha256: digest, text })
            .map_err(|error| LedgerError::Unfit(error.to_string()))?;
        fit::check_length(&body)?;
        let mut state = self.ready()?;
        state.queue.push_text((self.options.clock)(), digest, &body);
        if state.queue.waiting() > WAITING_BYTES {
            self.commit(state)?;
        }
        Ok(digest)
    }

    /// Whether the text is in the ledger. What a checkpoint alone says is looked up first.
    fn has_text(&self, digest: Digest) -> Result<bool, LedgerError> {
        let state = self.ready()?;
        let Some(position) = state.queue.texts.unproven(digest) else {
            return Ok(state.queue.texts.position(digest).is_some());
        };
        let texts = state.queue.texts.empty();
        drop(state);
        let there = texts.read(position, digest)?.is_some();
        let mut state = self.ready()?;
        if there {
            state.queue.texts.prove(digest);
        } else if state.queue.texts.unproven(digest).is_some() {
            state.queue.texts.remove(digest);
        }
        Ok(there)
    }

    /// Comes back when everything that was appended, texts too, is on disk.
    ///
    /// # Errors
    ///
    /// `io`, as [`Ledger::append`].
    pub fn sync(&self) -> Result<(), LedgerError> {
        self.commit(self.ready()?)
    }

    /// Writes what waits and the checkpoint, and gives the ledger up. Dropping it does the same,
    /// and says nothing of errors.
    ///
    /// # Errors
    ///
    /// `io`, as [`Ledger::append`].
    pub fn close(self) -> Result<(), LedgerError> {
        self.sync()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, unless a write has failed.
    fn ready(&self) -> Result<MutexGuard<'_, State>, LedgerError> {
        let state = self.state();
        match &state.failed {
            Some(error) => Err(error.clone()),
            None => Ok(state),
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        if self.sync().is_ok() {
            self.checkpoint(0, true);
        }
    }
}
