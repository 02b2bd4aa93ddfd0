//! The time that events carry, and waiting for it.

use std::{
    future::Future,
    pin::Pin,
    sync::{LazyLock, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// The clock of a router. The engine has none: it sees the time of the event, and nothing else.
///
/// Breakers, waits and deadlines are differences of its times: one that jumps ends them early or late.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> f64;

    /// Comes back when the clock shows at least this time.
    fn sleep_until(&self, until_ms: f64) -> Sleeping<'_>;
}

/// A wait under way.
pub type Sleeping<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// The clock of the machine when the process first asks for the time, and from then on the time that
/// passes: it does not jump where the machine's is set. The time in which a machine sleeps may be
/// missing until the next process. Waits need a tokio runtime with its timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// The clock of this process.
static STEADY: LazyLock<Steady> = LazyLock::new(|| Steady::new(SystemTime::now));

/// A time of the machine's clock, and what has passed since.
struct Steady {
    began: Duration,
    since: Instant,
}

impl Steady {
    /// Asks for the time of the machine once.
    fn new(wall: impl FnOnce() -> SystemTime) -> Self {
        let began = wall().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { began, since: Instant::now() }
    }

    /// Milliseconds since the Unix epoch, after so much time.
    fn after(&self, passed: Duration) -> f64 {
        // whole milliseconds: traces and snapshots stay readable
        (self.began.saturating_add(passed).as_secs_f64() * 1e3).floor()
    }
}

impl Clock for SystemClock {
    fn now_ms(&self) -> f64 {
        STEADY.after(STEADY.since.elapsed())
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// An hour forwards or back: the clock of the machine is not asked again.
    #[test]
    fn a_clock_that_is_set_does_not_jump() {
        let hour = Duration::from_secs(3600);
        let wall = Cell::new(UNIX_EPOCH + 500_000 * hour);
        let asked = Cell::new(0);
        let steady = Steady::new(|| {
            asked.set(asked.get() + 1);
            wall.get()
        });
        let began = steady.after(Duration::ZERO);
        assert_eq!(began, 1_800_000_000_000.0);
        for set in [wall.get() + hour, wall.get() - hour] {
            wall.set(set);
            assert_eq!(steady.after(Duration::from_micros(1_999)), began + 1.0);
        }
        assert_eq!(asked.get(), 1);
    }

    #[test]
    fn the_clock_of_this_process_never_goes_back() {
        let mut last = 0.0;
        for _ in 0..10_000 {
            let now = SystemClock.now_ms();
            assert!(now >= last, "{now} after {last}");
            last = now;
        }
        // by the clock of the machine it is the present, within what a test may be stopped for
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        assert!((wall.as_secs_f64() * 1e3 - last).abs() < 3.6e6, "{last}");
    }
}
