//! The engine as ordinary code of this process: no sandbox, no limits beyond its own.

use std::time::Instant;

use sigmapol_engine::{Admission, Decision, Refusal, Turn};

use crate::{Engine, Error, Metered, Spent};

/// Runs the engine as native code, for tests and for hosts that trust their inputs' cost.
///
/// The values are those of the sandbox, bit for bit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

impl Engine for Native {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
        timed(|| sigmapol_engine::admit(term, vocabulary))
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
        timed(|| sigmapol_engine::hash(term, vocabulary))
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
        timed(|| sigmapol_engine::decide(policy, ctx))
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        timed(|| sigmapol_engine::step(run, event))
    }
}

fn timed<T>(verb: impl FnOnce() -> Result<T, Refusal>) -> Result<Metered<T>, Error> {
    let start = Instant::now();
    let value = verb()?;
    Ok(Metered { value, spent: Spent { elapsed: start.elapsed(), ..Spent::default() } })
}
