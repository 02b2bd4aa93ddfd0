//! The thread that writes what waits.

use std::{
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;
use sigmapol_ledger::LedgerError;

use super::{GAP, Inner, Job, Losses, Target};

/// Records that are written with one sync.
const AT_ONCE: usize = 512;

/// Between two times that losses are told of: under load there are some in every batch.
const TELL_EVERY: Duration = Duration::from_secs(10);

pub(super) struct Writer<T, L> {
    inner: Arc<Inner>,
    target: T,
    on_loss: L,
    /// Losses that were told of, and when.
    told: (u64, Option<Instant>),
    again: Duration,
}

impl<T: Target, L: Fn(&Losses)> Writer<T, L> {
    pub(super) fn new(inner: Arc<Inner>, target: T, on_loss: L, again: Duration) -> Self {
        Self { inner, target, on_loss, told: (0, None), again }
    }

    pub(super) fn run(&mut self) {
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
