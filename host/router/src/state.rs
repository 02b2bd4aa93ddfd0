//! The runtime state that runs share.
//!
//! A step is a pure function of (run, event, state), so it needs no lock while it runs: it takes
//! the current text, runs, and commits by compare-and-swap. Why this is right:
//!
//! - The version numbers the commits. A commit succeeds only if nobody has committed since the
//!   step took its text, so the commits form one sequence in which each step saw exactly the state
//!   that the one before it left: the result is that of running the steps one after the other.
//! - On a lost race the step is run again over the newer text. Being pure it has done nothing in
//!   between that would have to be undone; calls to providers happen between steps, never in one.
//! - A step that leaves the text as it was commits nothing: it takes its place in the sequence at
//!   the moment it took the text, and makes nobody else run again.
//! - A race is lost only to a commit, so some step always gets on. A step is run again at most once
//!   for each commit in the meantime, and only other threads can make one.
//!
//! The engine writes JSON in one form only, members sorted, so equal texts are equal states.

use std::sync::{Arc, Mutex, PoisonError};

/// A state, and how many commits it took to get there.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub(super) text: Arc<str>,
    pub(super) number: u64,
}

/// The state at this moment; the lock is held for a copy of a pointer, never across a step, a call
/// or a write.
#[derive(Debug)]
pub(super) struct Shared(Mutex<Version>);

impl Shared {
    pub(super) fn new(text: &str) -> Self {
        Self(Mutex::new(Version { text: text.into(), number: 0 }))
    }

    pub(super) fn current(&self) -> Version {
        // a panic cannot leave two assignments half done in a way that matters
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs a step over the current state and commits the text that it returns; again, if another
    /// step was faster. `true` if the state has changed.
    pub(super) fn step<T, E>(
        &self,
        mut step: impl FnMut(&Arc<str>) -> Result<(T, String), E>,
    ) -> Result<(T, bool), E> {
        loop {
            let seen = self.current();
            let (value, text) = step(&seen.text)?;
            if *text == *seen.text {
                return Ok((value, false));
            }
            if self.commit(seen.number, &text) {
                return Ok((value, true));
            }
        }
    }

    fn commit(&self, seen: u64, text: &str) -> bool {
        let text: Arc<str> = text.into(); // copied before the lock is taken
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unchanged = current.number == seen;
        if unchanged {
            *current = Version { text, number: seen.wrapping_add(1) };
        }
        unchanged
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn increment(text: &Arc<str>) -> Result<((), String), Infallible> {
        Ok(((), (text.parse::<u32>().unwrap() + 1).to_string()))
    }

    #[test]
    fn a_lost_race_is_run_again() {
        let shared = Shared::new("0");
        let mut seen = Vec::new();
        let result = shared.step::<_, Infallible>(|text| {
            seen.push(text.to_string());
            if seen.len() == 1 {
                shared.step(increment).unwrap(); // another step, faster
            }
            increment(text)
        });
        assert_eq!(result, Ok(((), true)));
        assert_eq!(seen, ["0", "1"]);
        let Version { text, number } = shared.current();
        assert_eq!((&*text, number), ("2", 2));
    }

    #[test]
    fn no_change_no_commit() {
        let shared = Shared::new("0");
        let result = shared.step::<_, Infallible>(|text| {
            shared.step(increment).unwrap(); // nothing to lose a race with
            Ok(((), text.to_string()))
        });
        assert_eq!(result, Ok(((), false)));
        assert_eq!(shared.current().number, 1);
    }

    #[test]
    fn an_error_commits_nothing() {
        let shared = Shared::new("0");
        assert_eq!(shared.step::<(), _>(|_| Err("no")), Err("no"));
        assert_eq!(shared.current().number, 0);
    }

    #[test]
    fn no_increment_is_lost() {
        let shared = Shared::new("0");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..250 {
                        shared.step(increment).unwrap();
                    }
                });
            }
        });
        assert_eq!(&*shared.current().text, "2000");
    }
}
