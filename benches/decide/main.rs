//! What decisions cost: over a catalog that is loaded, at once in a fresh instance, on two threads;
//! native code and another policy engine beside them.
//!
//! `make bench` measures everything and writes `docs/benchmarks.md` and its plot. With arguments
//! for criterion, such as a filter or `--test`, nothing is written.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

mod at_once;
mod cases;
mod catalogs;
mod measured;
mod memory;
mod plot;
mod reference;
mod report;
mod router;
mod start;
mod steps;
mod table;
mod threads;

use std::{env, time::Duration};

use criterion::Criterion;

use measured::Measured;
use threads::Pace;

fn main() {
    let measured = Measured::begin();
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_millis(1500))
        .nresamples(10_000)
        .configure_from_args();
    catalogs::measure(&mut criterion);
    at_once::measure(&mut criterion);
    start::measure(&mut criterion);
    router::measure(&mut criterion);
    steps::measure(&mut criterion);
    criterion.final_summary();
    let memory = memory::measure();
    let whole = is_whole_run();
    let threads = threads::measure(if whole { Pace::FULL } else { Pace::ONCE });
    if whole {
        report::write(&measured, &memory, &threads);
    }
}

/// Whether this is what `cargo bench` runs when it is told nothing else.
fn is_whole_run() -> bool {
    let mut arguments = env::args().skip(1).peekable();
    arguments.peek().is_some() && arguments.all(|argument| argument == "--bench")
}
