//! Records that are written behind what they tell of: nobody waits for a disk, and what is lost is
//! counted.
//!
//! They wait in a queue with a bound, and a thread of its own writes them. Where the queue is full, or
//! the disk fails, records are lost; a record of kind [`GAP`] stands in the ledger in their place, as
//! soon as one can be written.

mod target;
mod writer;

use std::{
    collections::VecDeque,
    fmt,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sigmapol_ledger::LedgerError;

use target::{OnDisk, Target};
use writer::Writer;

/// The kind of a record that stands for records that are missing.
pub const GAP: &str = "gap";

/// Records that may wait: some seconds of a gateway's.
pub const WAITING_RECORDS: usize = 16_384;

/// Bytes of them and of their texts: a record with bodies has 15 kB, and a prompt may be long.
pub const WAITING_BYTES: usize = 64 << 20;

/// After a disk has failed, until it is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// For what waits to be written when no more will come.
pub const FLUSH_TIME: Duration = Duration::from_secs(60);

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
        Self::to(OnDisk::open(folder.into())?, on_loss, (WAITING_RECORDS, WAITING_BYTES), AGAIN)
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
        let mut writer = Writer::new(own, target, on_loss, again);
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
        // who closed it has waited
        if !self.0.lock().closing {
            self.close(FLUSH_TIME);
        }
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

#[cfg(test)]
mod tests;
