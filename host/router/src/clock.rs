//! The time that events carry, and waiting for it.

use std::{
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The clock of a router. The engine has none: it sees the time of the event, and nothing else.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> f64;

    /// Comes back when the clock shows at least this time.
    fn sleep_until(&self, until_ms: f64) -> Sleeping<'_>;
}

/// A wait under way.
pub type Sleeping<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// The clock of the machine; waits need a tokio runtime with its timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> f64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // whole milliseconds: traces and snapshots stay readable
        (since.as_secs_f64() * 1e3).floor()
    }

    fn sleep_until(&self, until_ms: f64) -> Sleeping<'_> {
        let seconds = ((until_ms - self.now_ms()) / 1e3).max(0.0);
        // a time beyond what a duration holds is as good as never
        let duration = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock that stands still until it is moved: for tests and simulations.
#[derive(Debug, Default)]
pub struct ManualClock(Mutex<f64>);

impl ManualClock {
    /// A clock that shows this time.
    pub const fn at(now_ms: f64) -> Self {
        Self(Mutex::new(now_ms))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by_ms: f64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by_ms;
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> f64 {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock to that time instead of waiting for it.
    fn sleep_until(&self, until_ms: f64) -> Sleeping<'_> {
        Box::pin(async move {
            let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *now = now.max(until_ms);
        })
    }
}
