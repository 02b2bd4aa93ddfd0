//! A ledger that is open for writing.
//!
//! Appending is two steps. A record is sealed onto the end of the queue, under its lock; then one
//! of those who wait writes everything that waits, with one write and one sync, while the others
//! go on filling the queue. However slow the disk, each record waits for two syncs at most.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;

use super::{
    Digest, LedgerError, Options, Recovery, Texts, canonical, checkpoint,
    entry::Entry,
    folder::{self, Folder},
    line::{self, GENESIS, LINE_BYTES, RECOVERED, SEGMENT, TEXT, TextBody},
    queue::{Batch, Queue},
    recovery::{self, Tail},
    walk::Reached,
};

/// Bytes of texts that may wait for a record that refers to them.
const WAITING_BYTES: usize = 1 << 20;

/// What a line has beside its body, at most.
const ENVELOPE_BYTES: usize = 512;

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

/// The segment that is written.
#[derive(Debug)]
struct Segment {
    folder: Folder,
    number: u64,
    file: Option<File>,
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
    /// Opens a ledger for writing, or begins one if the folder is empty or not there. A last line
    /// that was cut short is mended; see [`Ledger::recovery`].
    ///
    /// # Errors
    ///
    /// `busy` if another one writes it, `damaged` if a line is not what was written, before
    /// anything is changed; `not-a-ledger`, `version` or `io`.
    pub fn open(folder: impl AsRef<Path>, options: Options) -> Result<Self, LedgerError> {
        let folder = Folder::new(folder.as_ref());
        folder.create()?;
        let lock = folder.lock()?;
        match folder.last_segment_or_none()? {
            Some(_) => Self::resume(folder, options, lock),
            None => {
                let texts = Texts::new(folder.clone());
                let segment = Segment { folder: folder.clone(), number: 1, file: None };
                let recovery = Recovery::default();
                Self::start(folder, options, lock, Reached::NOTHING, texts, segment, recovery)
            }
        }
    }

    /// Opens a ledger that is there.
    pub(super) fn open_existing(folder: Folder, options: Options) -> Result<Self, LedgerError> {
        folder.last_segment()?; // no lock in a folder that is none
        let lock = folder.lock()?;
        Self::resume(folder, options, lock)
    }

    fn resume(folder: Folder, options: Options, lock: File) -> Result<Self, LedgerError> {
        folder.remove_leftovers()?;
        let mut tail = Tail::find(&folder)?;
        let mut recovery = tail.mend(&folder)?;
        let number = tail.reached.position.segment;
        let path = folder.segment(number);
        let file = OpenOptions::new().append(true).open(&path).map_err(LedgerError::io(&path))?;
        // of a process that was killed: its last records may not be on disk yet
        file.sync_all().map_err(LedgerError::io(&path))?;
        folder::sync(folder.path())?;
        let segment = Segment { folder: folder.clone(), number, file: Some(file) };
        let untold: Vec<_> =
            recovery.quarantined.iter().filter(|one| !tail.tells(one)).cloned().collect();
        let found = std::mem::take(&mut recovery.quarantined);
        let Tail { reached, texts, .. } = tail;
        let mut ledger = Self::start(folder, options, lock, reached, texts, segment, recovery)?;
        let now = (ledger.options.clock)();
        let mut state = ledger.state();
        for quarantined in untold {
            if let Ok(body) = serde_json::to_string(&quarantined) {
                state.queue.push(now, RECOVERED, &body);
            }
        }
        ledger.commit(state)?;
        for mut quarantined in found {
            recovery::done(&ledger.folder, &mut quarantined)?;
            ledger.recovery.quarantined.push(quarantined);
        }
        Ok(ledger)
    }

    fn start(
        folder: Folder,
        options: Options,
        lock: File,
        reached: Reached,
        texts: Texts,
        segment: Segment,
        recovery: Recovery,
    ) -> Result<Self, LedgerError> {
        let mut queue = Queue::new(options.segment_bytes, reached, texts);
        queue.begin((options.clock)());
        let state = State { queue, durable: reached, writing: false, failed: None };
        let ledger = Self {
            folder,
            options,
            recovery,
            state: Mutex::new(state),
            written: Condvar::new(),
            segment: Mutex::new(segment),
            checkpoint: Mutex::default(),
            _lock: lock,
        };
        ledger.commit(ledger.state())?;
        Ok(ledger)
    }

    /// What the opening had to mend.
    pub const fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// The last record that is on disk.
    pub fn head(&self) -> Option<Entry> {
        self.state().durable.head
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
        let body = record(kind, body)?;
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
            .map(|(kind, body)| Ok((kind, record(kind, body)?)))
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
        check_length(&body)?;
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

    /// Comes back when what is queued now is on disk, by this or by another hand.
    fn commit<'a>(&'a self, mut state: MutexGuard<'a, State>) -> Result<(), LedgerError> {
        let wanted = state.queue.reached.head.map(|head| head.number);
        let mut bytes = 0;
        while state.durable.head.map(|head| head.number) < wanted {
            if let Some(error) = &state.failed {
                return Err(error.clone());
            }
            if state.writing {
                state = self.written.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.writing = true;
            let reached = state.queue.reached;
            let batches = state.queue.take();
            drop(state);
            let result =
                self.segment.lock().unwrap_or_else(PoisonError::into_inner).write(&batches);
            state = self.state();
            state.writing = false;
            match result {
                Ok(()) => {
                    state.durable = reached;
                    bytes += batches.iter().map(|batch| batch.bytes.len() as u64).sum::<u64>();
                }
                Err(error) => state.failed = Some(error),
            }
            self.written.notify_all();
        }
        drop(state);
        if bytes > 0 {
            self.checkpoint(bytes, false);
        }
        Ok(())
    }

    /// Writes a checkpoint where one is due: so often that little is read after a crash, so seldom
    /// that a large one does not cost more than the records.
    fn checkpoint(&self, bytes: u64, last: bool) {
        // whoever writes one already does it for both
        let Ok(mut checkpoint) = self.checkpoint.try_lock() else { return };
        checkpoint.since += bytes;
        let due = self.options.checkpoint_bytes.max(checkpoint.bytes.saturating_mul(4));
        if !last && checkpoint.since < due {
            return;
        }
        let state = self.state();
        let reached = state.durable;
        let number = reached.head.map(|head| head.number);
        if number == checkpoint.number {
            return;
        }
        let texts = state.queue.texts.before(reached.position);
        drop(state);
        // without one the next opening takes longer, and that is all
        if let Some(bytes) = checkpoint::write(&self.folder, reached, &texts) {
            *checkpoint = Checkpoint { number, bytes, since: 0 };
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

impl Segment {
    /// Writes batches so that they last.
    fn write(&mut self, batches: &[Batch]) -> Result<(), LedgerError> {
        for batch in batches {
            let path = self.folder.segment(batch.segment);
            let (file, made) = match &mut self.file {
                Some(file) if self.number == batch.segment => (file, false),
                _ => {
                    let options = OpenOptions::new().append(true).create_new(true).clone();
                    let file = options.open(&path).map_err(LedgerError::io(&path))?;
                    self.number = batch.segment;
                    (self.file.insert(file), true)
                }
            };
            file.write_all(batch.bytes.as_bytes())
                .and_then(|()| file.sync_data())
                .map_err(LedgerError::io(&path))?;
            if made {
                folder::sync(self.folder.path())?;
            }
        }
        Ok(())
    }
}

/// The canonical body of a record of the caller's.
fn record(kind: &str, body: &impl Serialize) -> Result<String, LedgerError> {
    if !line::is_kind(kind) {
        let what = "expected a kind of at most 64 of a-z, 0-9, _, - and ., the first a letter";
        return Err(LedgerError::Unfit(what.to_owned()));
    }
    if [GENESIS, SEGMENT, TEXT, RECOVERED].contains(&kind) {
        return Err(LedgerError::Unfit(format!(
            "expected a kind that is not the ledger's, got {kind}"
        )));
    }
    let body = canonical::write(body).map_err(LedgerError::Unfit)?;
    check_length(&body)?;
    Ok(body)
}

fn check_length(body: &str) -> Result<(), LedgerError> {
    let most = LINE_BYTES - ENVELOPE_BYTES;
    match body.len() {
        length if length > most => Err(LedgerError::Unfit(format!(
            "expected a body of at most {most} bytes, got {length}"
        ))),
        _ => Ok(()),
    }
}

/// Mends a ledger as opening it would, and says what was mended.
///
/// # Errors
///
/// Those of [`Ledger::open`]; a folder without a ledger stays without one.
pub fn recover(folder: impl AsRef<Path>) -> Result<Recovery, LedgerError> {
    let folder = Folder::new(folder.as_ref());
    let ledger = Ledger::open_existing(folder, Options::default())?;
    let recovery = ledger.recovery().clone();
    ledger.close()?;
    Ok(recovery)
}

/// The last whole record, to be kept elsewhere: that records after it are cut off cannot be seen
/// in the ledger itself. What the checkpoint covers is not read; nothing is written.
///
/// Of a ledger that is being written, [`Ledger::head`] is the one that is on disk for good.
///
/// # Errors
///
/// `damaged`, `not-a-ledger`, `version` or `io`; `torn` if there is no whole record.
pub fn anchor(folder: impl AsRef<Path>) -> Result<Entry, LedgerError> {
    let folder = Folder::new(folder.as_ref());
    let tail = Tail::find(&folder)?;
    let torn = || LedgerError::Torn { segment: 1, offset: 0, bytes: tail.torn_bytes() };
    tail.reached.head.ok_or_else(torn)
}
