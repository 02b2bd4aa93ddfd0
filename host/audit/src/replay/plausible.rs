//! Results that no engine can have: longer than what was asked.
//!
//! What comes out of a call is bounded, and what is made of it to compare it is some ten times that: of
//! a component that answers a short ctx with millions of candidates it would be gigabytes. So what is
//! more than the text of the question can have is not looked at.

use sigmapol_core::{Decision, Error, Exhausted, Metered, Turn};

/// The decision, unless it has more candidates than the ctx has bytes, or more reactions than bytes.
pub(super) fn decision(
    result: Result<Metered<Decision>, Error>,
    ctx: &str,
) -> Result<Metered<Decision>, Error> {
    within(result, |Decision { ordered, rejected, reactions, .. }| {
        ordered.len().max(rejected.len()).max(reactions.len()) <= ctx.len()
    })
}

/// The turn, unless it has more lines of a log than the run and the event have bytes.
pub(super) fn turn(
    result: Result<Metered<Turn>, Error>,
    run: Option<&str>,
    event: &str,
) -> Result<Metered<Turn>, Error> {
    let most = event.len().saturating_add(run.map_or(0, str::len));
    within(result, |turn| turn.logs.len() <= most)
}

/// A result that does not fit stops the call, as one does that is longer than the limit of all.
fn within<T>(
    result: Result<Metered<T>, Error>,
    fits: impl Fn(&T) -> bool,
) -> Result<Metered<T>, Error> {
    match result {
        Ok(made) if !fits(&made.value) => Err(Error::Exhausted(Exhausted::Result)),
        other => other,
    }
}
