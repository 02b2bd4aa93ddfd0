//! Reading a ledger on one thread, and working on its records on others.

use std::{
    ops::ControlFlow,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::sync_channel,
    },
    thread,
};

use sigmapol_core::Error;

use super::{ReplayError, job::Job, resolve};

/// Records that wait for a worker, times their number. Each may hold a ctx as large as an input.
const WAITING: usize = 4;

/// Threads, at most: half of the instances that there may be at a time, and each decides alone.
const THREADS: usize = 128;

/// What is done with a record; there is no job where the texts are not recorded.
pub(super) type Work<'w> = dyn Fn(u64, Option<&Job>) -> Result<(), Error> + Sync + 'w;

/// Reads a ledger, and works on its records on so many threads. The first error of a worker ends
/// the reading. Says how many records are missing, as [`resolve::jobs`] does.
pub(super) fn walk(folder: &Path, threads: usize, work: &Work<'_>) -> Result<u64, ReplayError> {
    let threads = threads.clamp(1, THREADS);
    let failed: Mutex<Option<Error>> = Mutex::new(None);
    let stop = AtomicBool::new(false);
    let (jobs, waiting) = sync_channel::<(u64, Option<Job>)>(WAITING * threads);
    // held by the workers alone: when the last of them is gone, the reader does not wait for a place
    let waiting = Arc::new(Mutex::new(waiting));
    let missing = thread::scope(|scope| {
        for _ in 0..threads {
            let waiting = Arc::clone(&waiting);
            let (failed, stop) = (&failed, &stop);
            scope.spawn(move || {
                loop {
                    let next = lock(&waiting).recv();
                    let Ok((number, job)) = next else { return };
                    // what still waits is taken out, so that the reader never waits for a place
                    if stop.load(Ordering::Relaxed) {
                        continue;
                    }
                    if let Err(error) = work(number, job.as_ref()) {
                        lock(failed).get_or_insert(error);
                        stop.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
        drop(waiting);
        // workers go on until there are no more jobs
        let read = resolve::jobs(folder, |number, job| {
            if stop.load(Ordering::Relaxed) || jobs.send((number, job)).is_err() {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        drop(jobs);
        read
    })?;
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error.into()),
        None => Ok(missing),
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
