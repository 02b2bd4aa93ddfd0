//! Records that are written behind what they tell of: nobody waits for a disk, and what is lost is
//! counted.
//!
//! They wait in a queue with a bound, and a thread of its own writes them. Where the queue is full, or
//! the disk fails, records are lost; a record of kind [`GAP`] stands in the ledger in their place, as
//! soon as one can be written.

use std::{
    collections::{HashSet, VecDeque},
    fmt,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sigmapol_ledger::{Ledger, LedgerError, Options};

/// The kind of a record that stands for records that are missing.
pub const GAP: &str = "gap";

/// Records that may wait: some seconds of a gateway's.
pub const WAITING_RECORDS: usize = 16_384;

/// Bytes of them and of their texts: a record with bodies has 15 kB, and a prompt may be long.
pub const WAITING_BYTES: usize = 64 << 20;

/// Records that are written with one sync.
const AT_ONCE: usize = 512;

/// After a disk has failed, until it is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// Between two times that losses are told of: under load there are some in every batch.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// For what waits to be written when no more will come.
pub const FLUSH_TIME: Duration = Duration::from_secs(60);

/// Texts that are known to be in the ledger: routers and policies are the same for many records.
const KNOWN: usize = 1024;

/// The body of a [`GAP`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// Records that are missing here. Where a disk failed some of them may be there nevertheless.
    pub records: u64,
}

/// What became of records, up to now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Records that wait.
    pub waiting: usize,
    /// Records that are lost.
    pub lost: u64,
    /// Why nothing can be written at present.
    pub failing: Option<String>,
}

/// Where records are written.
trait Target: Send {
    /// Writes records, all of them or none that counts, and comes back when they are on disk.
    fn write(&mut self, records: &[Job]) -> Result<(), LedgerError>;

    /// Makes it fit to be written again after a failure.
    fn mend(&mut self) -> Result<(), LedgerError>;
}

/// A record, and the texts that it refers to.
struct Job {
    kind: &'static str,
    body: Value,
    texts: Vec<(String, Arc<str>)>,
}

impl Job {
    fn gap(records: u64) -> Self {
        Self { kind: GAP, body: json!(Gap { records }), texts: Vec::new() }
    }

    /// Bytes, roughly: what a record has beside its texts is some kB at most.
    fn bytes(&self) -> usize {
        self.texts.iter().map(|(_, text)| text.len()).sum::<usize>() + 2048
    }
}

/// Takes records for a ledger without making anybody wait.
pub struct Behind(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// There is something for the writer to do.
    more: Condvar,
    /// The writer has ended.
    ended: Condvar,
    bounds: (usize, usize),
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    bytes: usize,
    /// Lost since the last gap was queued.
    gap: u64,
    lost: u64,
    failing: Option<String>,
    closing: bool,
    over: bool,
}

impl Behind {
    /// Opens a ledger, or begins one, and a thread that writes it. `on_loss` hears of losses from that
    /// thread: of the first at once, then every ten seconds as long as there are more, and at the end.
    ///
    /// # Errors
    ///
    /// Those of [`Ledger::open`].
    pub fn open(
        folder: impl Into<PathBuf>,
        on_loss: impl Fn(&Losses) + Send + 'static,
    ) -> Result<Self, LedgerError> {
        let folder = folder.into();
        let ledger = Ledger::open(&folder, Options::default())?;
        let target = OnDisk { folder, ledger: Some(ledger), known: HashSet::new() };
        Self::to(target, on_loss, (WAITING_RECORDS, WAITING_BYTES), AGAIN)
    }

    fn to(
        target: impl Target + 'static,
        on_loss: impl Fn(&Losses) + Send + 'static,
        bounds: (usize, usize),
        again: Duration,
    ) -> Result<Self, LedgerError> {
        let (more, ended) = (Condvar::new(), Condvar::new());
        let inner = Arc::new(Inner { state: Mutex::default(), more, ended, bounds });
        let own = Arc::clone(&inner);
        let thread = thread::Builder::new().name("sigmapol-records".to_owned());
        let mut writer = Writer { inner: own, target, on_loss, told: (0, None), again };
        thread.spawn(move || writer.run()).map_err(|error| LedgerError::Io {
            path: "a thread for records".to_owned(),
            message: error.to_string(),
        })?;
        Ok(Self(inner))
    }

    /// What became of records, up to now.
    pub fn losses(&self) -> Losses {
        self.0.lock().losses()
    }

    /// Takes a record; where there is no place, it is lost.
    pub(crate) fn push(&self, kind: &'static str, body: Value, texts: Vec<(String, Arc<str>)>) {
        let job = Job { kind, body, texts };
        let mut state = self.0.lock();
        let (records, bytes) = self.0.bounds;
        let full = state.jobs.len() >= records || state.bytes.saturating_add(job.bytes()) > bytes;
        if full || state.closing {
            state.lose(1);
        } else {
            state.queue_gap();
            state.bytes += job.bytes();
            state.jobs.push_back(job);
        }
        drop(state);
        self.0.more.notify_one();
    }

    /// Takes no more records, and waits until those that wait are written, for so long at most. What is
    /// not written then is lost, and counted.
    pub fn close(&self, patience: Duration) -> Losses {
        let until = Instant::now() + patience;
        let mut state = self.0.lock();
        state.closing = true;
        self.0.more.notify_one();
        while !state.over {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let waiting = state.jobs.len() as u64;
                state.lose(waiting);
                state.jobs.clear();
                break;
            }
            let waited = self.0.ended.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.losses()
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        self.close(FLUSH_TIME);
    }
}

impl fmt::Debug for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Behind").field(&self.losses()).finish()
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn losses(&self) -> Losses {
        let failing = self.failing.clone();
        Losses { waiting: self.jobs.len(), lost: self.lost, failing }
    }

    fn lose(&mut self, records: u64) {
        self.lost = self.lost.saturating_add(records);
        self.gap = self.gap.saturating_add(records);
    }

    /// What is missing is told of before what comes after it.
    fn queue_gap(&mut self) {
        if self.gap > 0 {
            let gap = Job::gap(std::mem::take(&mut self.gap));
            self.bytes += gap.bytes();
            self.jobs.push_back(gap);
        }
    }
}

struct Writer<T, L> {
    inner: Arc<Inner>,
    target: T,
    on_loss: L,
    /// Losses that were told of, and when.
    told: (u64, Option<Instant>),
    again: Duration,
}

impl<T: Target, L: Fn(&Losses)> Writer<T, L> {
    fn run(&mut self) {
        while let Some(batch) = self.next() {
            self.write(batch);
        }
        self.told.1 = None;
        self.tell();
        self.inner.lock().over = true;
        self.inner.ended.notify_all();
    }

    /// What is written next; nothing once there is no more and none will come.
    fn next(&self) -> Option<Vec<Job>> {
        let mut state = self.inner.lock();
        loop {
            state.queue_gap();
            if !state.jobs.is_empty() {
                let count = state.jobs.len().min(AT_ONCE);
                let batch: Vec<_> = state.jobs.drain(..count).collect();
                state.bytes -= batch.iter().map(Job::bytes).sum::<usize>();
                return Some(batch);
            }
            if state.closing {
                return None;
            }
            state = self.inner.more.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn write(&mut self, batch: Vec<Job>) {
        match self.target.write(&batch) {
            Ok(()) => {}
            // one of them cannot be written, and none was: the others can
            Err(LedgerError::Unfit(_)) if batch.len() > 1 => {
                for job in batch {
                    self.write(vec![job]);
                }
                return;
            }
            Err(LedgerError::Unfit(_)) => self.lose(&batch),
            Err(error) => {
                self.lose(&batch);
                self.inner.lock().failing = Some(error.to_string());
                self.tell();
                self.wait_for_the_disk();
            }
        }
        self.tell();
    }

    /// What of a batch is on the disk is not known: all of it counts as lost.
    fn lose(&self, batch: &[Job]) {
        let gap = |job: &Job| job.body.get("records").and_then(Value::as_u64).unwrap_or(1);
        let mut state = self.inner.lock();
        for job in batch {
            if job.kind == GAP {
                // it was counted as lost before; that it is missing has still to be told
                state.gap = state.gap.saturating_add(gap(job));
            } else {
                state.lose(1);
            }
        }
    }

    /// Tries until the ledger can be written again; meanwhile records wait, as far as there is place.
    fn wait_for_the_disk(&mut self) {
        loop {
            let until = Instant::now() + self.again;
            let mut state = self.inner.lock();
            loop {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() || state.closing {
                    break;
                }
                let waited = self.inner.more.wait_timeout(state, left);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            let closing = state.closing;
            drop(state);
            let mended = self.target.mend();
            let mut state = self.inner.lock();
            match mended {
                Ok(()) => {
                    state.failing = None;
                    return;
                }
                // nobody comes any more, and it does not go: what waits is lost
                Err(error) if closing => {
                    state.failing = Some(error.to_string());
                    let waiting = state.jobs.len() as u64;
                    state.lose(waiting);
                    state.jobs.clear();
                    state.gap = 0;
                    return;
                }
                Err(error) => state.failing = Some(error.to_string()),
            }
            drop(state);
            self.tell();
        }
    }

    /// Tells of losses that were not told of, now and then.
    fn tell(&mut self) {
        let (told, at) = self.told;
        let losses = self.inner.lock().losses();
        if losses.lost > told && at.is_none_or(|at| at.elapsed() >= TELL_EVERY) {
            self.told = (losses.lost, Some(Instant::now()));
            (self.on_loss)(&losses);
        }
    }
}

/// A ledger in a folder.
struct OnDisk {
    folder: PathBuf,
    /// Nothing while it cannot be opened.
    ledger: Option<Ledger>,
    known: HashSet<String>,
}

impl Target for OnDisk {
    fn write(&mut self, records: &[Job]) -> Result<(), LedgerError> {
        if self.ledger.is_none() {
            self.mend()?;
        }
        let Some(ledger) = &self.ledger else { return Ok(()) };
        for (digest, text) in records.iter().flat_map(|job| &job.texts) {
            if self.known.contains(digest) {
                continue;
            }
            ledger.text(text)?;
            if self.known.len() >= KNOWN {
                self.known.clear();
            }
            self.known.insert(digest.clone());
        }
        ledger.append_all(records.iter().map(|job| (job.kind, &job.body))).map(drop)
    }

    fn mend(&mut self) -> Result<(), LedgerError> {
        self.known.clear();
        self.ledger = None; // its lock goes with it
        self.ledger = Some(Ledger::open(&self.folder, Options::default())?);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
