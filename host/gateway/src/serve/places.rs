//! Places for connections, and who leaves when there are none.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, sleep_until, timeout},
};

use crate::limits::{DESCRIPTORS_KEPT, PLACE_AGAIN};

/// Places for connections.
pub(super) struct Places {
    free: Arc<Semaphore>,
    taken: Mutex<Vec<Weak<Load>>>,
}

/// A place, until it is dropped.
pub(super) struct Place {
    pub(super) load: Arc<Load>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    /// So many, or as many as the process has descriptors for.
    pub(super) fn new(count: usize) -> Self {
        let count = descriptors().map_or(count, |most| count.min(affordable(most)));
        Self { free: Arc::new(Semaphore::new(count)), taken: Mutex::default() }
    }

    /// A place. Where there is none, the connection that has been without a request for longest is asked
    /// to leave: whoever opens connections and says nothing keeps nobody out. Those that have not read
    /// the end of an answer yet come last: they may mean well.
    pub(super) async fn take(&self) -> Place {
        let permit = loop {
            let free = Arc::clone(&self.free);
            if let Ok(permit) = Arc::clone(&free).try_acquire_owned() {
                break permit;
            }
            self.ask_one_to_leave();
            if let Ok(Ok(permit)) = timeout(PLACE_AGAIN, free.acquire_owned()).await {
                break permit;
            }
        };
        let load = Arc::new(Load::new());
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.retain(|load| load.strong_count() > 0);
        taken.push(Arc::downgrade(&load));
        Place { load, _permit: permit }
    }

    pub(super) fn ask_one_to_leave(&self) {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = taken.iter().filter_map(Weak::upgrade).filter_map(|load| {
            let since = load.idle_since()?;
            Some(((load.writes.load(Ordering::Relaxed), since), load))
        });
        if let Some((_, load)) = idle.min_by_key(|(order, _)| *order) {
            // it keeps what it was told, also where it is at something else just now
            load.leave.notify_one();
        }
    }
}

/// Descriptors that the process may have, where that has a bound.
#[cfg(unix)]
fn descriptors() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

#[cfg(not(unix))]
fn descriptors() -> Option<u64> {
    None
}

/// A connection needs another one to a provider; without a place for that its request would fail, and
/// the provider would be blamed.
fn affordable(descriptors: u64) -> usize {
    let left = usize::try_from(descriptors).unwrap_or(usize::MAX).saturating_sub(DESCRIPTORS_KEPT);
    (left / 2).max(1)
}

/// What a connection is at.
pub(super) struct Load {
    busy: watch::Sender<Busy>,
    /// Something is written that the client does not read.
    writes: Arc<AtomicBool>,
    leave: Notify,
}

#[derive(Clone, Copy)]
struct Busy {
    requests: usize,
    /// When it last had no request.
    since: Instant,
}

/// A request under way.
pub(super) struct Entered(Arc<Load>);

impl Load {
    fn new() -> Self {
        let busy = Busy { requests: 0, since: Instant::now() };
        Self { busy: watch::Sender::new(busy), writes: Arc::default(), leave: Notify::new() }
    }

    /// Where a socket says that a write waits.
    pub(super) fn writes(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.writes)
    }

    /// A request begins; it ends when this is dropped.
    pub(super) fn enter(self: &Arc<Self>) -> Entered {
        self.busy.send_modify(|busy| busy.requests += 1);
        Entered(Arc::clone(self))
    }

    /// Since when it has no request.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let busy = *self.busy.borrow();
        (busy.requests == 0).then_some(busy.since)
    }

    /// Its place is for somebody else.
    pub(super) async fn asked_to_leave(&self) {
        self.leave.notified().await;
    }

    /// There was no request for so long, from now on.
    pub(super) async fn idle_for(&self, time: Duration) {
        let asked = Instant::now();
        let mut busy = self.busy.subscribe();
        loop {
            let now = *busy.borrow_and_update();
            if now.requests == 0 {
                let until = now.since.max(asked) + time;
                tokio::select! {
                    () = sleep_until(until) => return,
                    _ = busy.changed() => {}
                }
            } else if busy.changed().await.is_err() {
                return;
            }
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.busy.send_modify(|busy| {
            busy.requests -= 1;
            busy.since = Instant::now();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_that_descriptors_are_there_for() {
        for (descriptors, connections) in
            [(0, 1), (32, 1), (80, 24), (1024, 496), (u64::MAX, (usize::MAX - 32) / 2)]
        {
            assert_eq!(affordable(descriptors), connections, "{descriptors}");
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    /// The clock stands still but for waits: nothing here takes time.
    #[tokio::test(start_paused = true)]
    async fn the_one_that_says_nothing_for_longest_leaves() {
        let places = Places::new(3);
        let first = places.take().await;
        tokio::time::advance(SECOND).await;
        let (second, third) = (places.take().await, places.take().await);
        let busy = first.load.enter();
        tokio::time::advance(SECOND).await;
        let at_work = third.load.enter();
        // of three, one has no request
        let leaves = async {
            second.load.asked_to_leave().await;
            drop(second);
        };
        let (fourth, ()) = tokio::join!(places.take(), leaves);
        let ask = fourth.load.enter();
        // where all have one, it waits until one has none
        let began = Instant::now();
        let ends = async {
            tokio::time::sleep(60 * SECOND).await;
            drop(busy);
            first.load.asked_to_leave().await;
            drop(first);
        };
        let (_fifth, ()) = tokio::join!(places.take(), ends);
        let waited = began.elapsed();
        assert!((60 * SECOND..=60 * SECOND + PLACE_AGAIN).contains(&waited), "{waited:?}");
        drop((ask, at_work));
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_still_written_to_comes_last() {
        let places = Places::new(2);
        let first = places.take().await;
        first.load.writes.store(true, Ordering::Relaxed);
        tokio::time::advance(SECOND).await;
        let second = places.take().await;
        let mut at_work = Vec::new();
        for leaving in [second, first] {
            let leaves = async {
                leaving.load.asked_to_leave().await;
                drop(leaving);
            };
            let (next, ()) = tokio::join!(places.take(), leaves);
            // who has a request is not asked
            at_work.push((next.load.enter(), next));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn how_long_it_is_without_a_request() {
        let load = Arc::new(Load::new());
        tokio::time::advance(10 * SECOND).await;
        let began = Instant::now();
        let requests = async {
            for _ in 0..2 {
                tokio::time::sleep(SECOND).await;
                let entered = load.enter();
                tokio::time::sleep(10 * SECOND).await;
                drop(entered);
            }
        };
        tokio::join!(load.idle_for(2 * SECOND), requests);
        assert_eq!(began.elapsed(), 24 * SECOND);
    }
}
