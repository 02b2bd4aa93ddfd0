//! When the runtime state is written.
//!
//! A thread of its own writes it: no step waits for a disk, and a state that changed is on disk one
//! interval later whether or not anything else happens. With an interval of zero there is no
//! thread, and a step comes back when its change is on disk.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use super::{Clock, RouterError, credentials, log::Log, snapshot::SnapshotFile, state::Shared};

/// Writes a state to its file, at most once an interval.
pub(super) struct Saver {
    work: Arc<Work>,
    /// Wakes the thread; dropped, it ends.
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Work {
    /// Held for a whole write: writes come one after the other, in order of versions.
    file: Mutex<File>,
    state: Arc<Shared>,
    clock: Arc<dyn Clock>,
    log: Log,
    /// The thread knows of a change that it has not begun to write.
    dirty: AtomicBool,
}

struct File {
    snapshot: SnapshotFile,
    /// The version that is on disk.
    saved: Option<u64>,
}

impl Saver {
    /// `saved`: the version that the file has already.
    pub(super) fn new(
        snapshot: SnapshotFile,
        saved: Option<u64>,
        interval: Duration,
        state: Arc<Shared>,
        clock: Arc<dyn Clock>,
        log: Log,
    ) -> Result<Self, RouterError> {
        let file = Mutex::new(File { snapshot, saved });
        let work = Arc::new(Work { file, state, clock, log, dirty: AtomicBool::new(false) });
        if interval.is_zero() {
            return Ok(Self { work, wake: None, thread: None });
        }
        let (wake, woken) = sync_channel(1);
        let worker = Arc::clone(&work);
        let thread = std::thread::Builder::new()
            .name("sigmapol-saver".to_owned())
            .spawn(move || worker.run(&woken, interval))
            .map_err(|error| RouterError::Snapshot(format!("cannot start a thread: {error}")))?;
        Ok(Self { work, wake: Some(wake), thread: Some(thread) })
    }

    /// The state has changed.
    pub(super) fn changed(&self) {
        match &self.wake {
            None => {
                self.work.save_or_log();
            }
            Some(wake) => {
                if !self.work.dirty.swap(true, Ordering::AcqRel) {
                    // full, or gone: the thread is awake, or there is none to wake
                    let _ = wake.try_send(());
                }
            }
        }
    }

    /// Writes the state now, if the file has not got it.
    pub(super) fn save(&self) -> Result<(), RouterError> {
        self.work.save()
    }
}

impl Drop for Saver {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // whatever became of it, the write is below
        }
        self.work.save_or_log();
    }
}

impl Work {
    fn run(&self, woken: &Receiver<()>, interval: Duration) {
        let mut pending = false;
        while pending || woken.recv().is_ok() {
            let since = Instant::now();
            // the changes of one interval are one write
            let ended = loop {
                match woken.recv_timeout(interval.saturating_sub(since.elapsed())) {
                    Ok(()) => {}
                    Err(RecvTimeoutError::Timeout) => break false,
                    Err(RecvTimeoutError::Disconnected) => break true,
                }
            };
            if ended {
                return; // the one who ends the thread writes
            }
            // before the state is taken: what comes later wakes the thread again
            self.dirty.store(false, Ordering::Release);
            pending = !self.save_or_log();
        }
    }

    fn save(&self) -> Result<(), RouterError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let version = self.state.current();
        if file.saved != Some(version.number) {
            let text = credentials::strip(&version.text);
            file.snapshot.write(&text, self.clock.now_ms())?;
            file.saved = Some(version.number);
        }
        Ok(())
    }

    /// Whether the file has the state now. A disk may be full for a while: the run goes on.
    fn save_or_log(&self) -> bool {
        let result = self.save();
        if let Err(error) = &result {
            self.log.warn("snapshot_failed", &[("error", &error.to_string())]);
        }
        result.is_ok()
    }
}
