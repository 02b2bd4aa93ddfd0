//! The clock behind deadlines: a thread that advances the epoch of an engine.

use std::{sync::Once, thread, time::Duration};

use wasmtime::Engine;

/// How far apart ticks are, and so how exact a deadline is.
const TICK: Duration = Duration::from_millis(2);

/// A deadline that is never reached.
const NEVER: u64 = u64::MAX / 2;

/// Starts the thread when it is first needed: most processes set no deadline and have none.
#[derive(Debug)]
pub struct Ticker(Once);

impl Default for Ticker {
    fn default() -> Self {
        Self::new()
    }
}

impl Ticker {
    /// One that has not started.
    pub const fn new() -> Self {
        Self(Once::new())
    }

    /// The ticks after which `deadline` has passed for certain.
    pub fn ticks(&self, engine: &Engine, deadline: Duration) -> u64 {
        self.0.call_once(|| {
            // the thread does not keep the engine alive, and ends with it
            let engine = engine.weak();
            thread::spawn(move || {
                while let Some(engine) = engine.upgrade() {
                    engine.increment_epoch();
                    drop(engine);
                    thread::sleep(TICK);
                }
            });
        });
        let ticks = deadline.as_nanos().div_ceil(TICK.as_nanos());
        // one more, since the current tick has partly passed
        u64::try_from(ticks).unwrap_or(NEVER).saturating_add(1).min(NEVER)
    }
}
