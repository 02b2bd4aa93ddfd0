//! Replaying vector files: JSON Lines with an input and the expected answer on each line.
//!
//! For whoever writes an engine, or embeds one in another runtime or language, and wants to know
//! that it decides alike.
//!
//! ```
//! use sigmapol_conformance::{Schemas, records, replay};
//! use sigmapol_core::Native;
//!
//! # fn main() -> Result<(), sigmapol_conformance::Malformed> {
//! let file = r#"{"id": "unknown", "term": ["nope"], "expect": {"error": "$: unknown op 'nope'"}}"#;
//! let tally = replay(&records(file)?, &Schemas::default(), &Native, &|| ())?;
//! assert_eq!((tally.passed, tally.failed), (1, 0));
//! # Ok(())
//! # }
//! ```
//!
//! [`Process`] is an engine in another process, and [`Agreement`] asks two engines and lets them
//! differ in nothing.
//!
//! A vector holds for every engine, so a replay takes any [`Engine`]. The texts of a record go to
//! the engine as they stand in the file: numbers are part of what is tested.

mod agreement;
mod check;
mod config;
mod decide;
mod differences;
mod elaborate;
mod equal;
mod events;
mod fail_plan;
mod flows;
mod pred;
mod process;
mod record;
mod refusals;
mod schemas;
mod script;
mod steps;
mod terms;
mod xform;

use std::{
    num::NonZero,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use serde_json::Value;

pub use agreement::Agreement;
pub use check::Difference;
pub use process::Process;
pub use record::{Family, Record, records};
pub use schemas::Schemas;

use sigmapol_core::Engine;

use check::Check;

/// Why a file cannot be replayed: the place in it and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {expected}")]
pub struct Malformed {
    place: String,
    expected: String,
}

impl Malformed {
    pub(crate) fn new(place: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { place: place.into(), expected: expected.into() }
    }
}

/// The count of a replay, and what differed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records answered as expected.
    pub passed: usize,
    /// Records answered otherwise.
    pub failed: usize,
    /// Records answered otherwise, where the expected answer is not the reference's own but one
    /// pinned for it.
    pub pinned_differ: usize,
    /// The records that differ, of both kinds, in the order of the file.
    pub differing: Vec<Differing>,
}

/// A record that was not answered as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    /// The `id` of the record.
    pub id: String,
    /// The expected answer is a pinned one.
    pub pinned: bool,
    /// What differed, at least one.
    pub differences: Vec<Difference>,
}

/// Replays records on every processor. `done` is called after each, from any thread.
///
/// # Errors
///
/// The first record that is not of its family's shape.
pub fn replay(
    records: &[Record<'_>],
    schemas: &Schemas,
    engine: &dyn Engine,
    done: &(dyn Fn() + Sync),
) -> Result<Tally, Malformed> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut answers = Vec::new();
        while let Some((index, record)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            records.get(index).map(|record| (index, record))
        } {
            answers.push((index, check(record, schemas, engine)));
            done();
        }
        answers
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let mut answers: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    answers.sort_by_key(|(index, _)| *index);
    if answers.len() != records.len() {
        return Err(Malformed::new("replay", "a worker stopped; expected one answer a record"));
    }
    let mut tally = Tally::default();
    for ((_, answer), record) in answers.into_iter().zip(records) {
        let differences = answer?;
        let pinned = !record.undefined().is_empty();
        match (differences.is_empty(), pinned) {
            (true, _) => tally.passed += 1,
            (false, true) => tally.pinned_differ += 1,
            (false, false) => tally.failed += 1,
        }
        if !differences.is_empty() {
            tally.differing.push(Differing { id: record.id().to_owned(), pinned, differences });
        }
    }
    Ok(tally)
}

fn check(
    record: &Record<'_>,
    schemas: &Schemas,
    engine: &dyn Engine,
) -> Result<Vec<Difference>, Malformed> {
    let vocabulary = vocabulary(record, schemas)?;
    let mut check = Check::new(record, &vocabulary, engine);
    match record.family() {
        Family::Terms => terms::run(&mut check)?,
        Family::Decide => decide::run(&mut check)?,
        Family::Xform => xform::run(&mut check)?,
        Family::FailPlan => fail_plan::run(&mut check)?,
        Family::Pred => pred::run(&mut check)?,
        Family::Refusals => refusals::run(&mut check)?,
        Family::Steps => steps::run(&mut check)?,
        Family::Config => config::run(&mut check)?,
        Family::Elaborate => elaborate::run(&mut check)?,
        Family::Flows => flows::run(&mut check)?,
    }
    Ok(check.finish())
}

/// What the engine says to a record of the families of runs, in the form of its `expect`.
///
/// # Errors
///
/// A record of another family or not of its family's shape, and whatever a vector cannot expect.
pub fn answer(
    record: &Record<'_>,
    schemas: &Schemas,
    engine: &dyn Engine,
) -> Result<Value, Malformed> {
    let vocabulary = vocabulary(record, schemas)?;
    let answer = match record.family() {
        Family::Steps => steps::answer(record, engine)?,
        Family::Config => config::answer(record, engine)?,
        Family::Elaborate => elaborate::answer(record, &vocabulary, engine)?,
        Family::Flows => flows::answer(record, &vocabulary, engine)?,
        family => return Err(record.expected(&format!("no answer for family {}", family.name()))),
    };
    answer.map_err(|error| record.expected(&error.to_string()))
}

fn vocabulary(record: &Record<'_>, schemas: &Schemas) -> Result<String, Malformed> {
    match record.get("vocabulary") {
        Some(vocabulary) => Ok(vocabulary.to_owned()),
        None => schemas.vocabulary(record),
    }
}
