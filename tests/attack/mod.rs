//! Attacks: cases from seeds, few of them in every test run and as many as one likes in
//! `make attack`. Test crates that cannot depend on `sigmapol-tests` include this folder.
//!
//! The environment says how much: `SIGMAPOL_ATTACK_CASES` in place of the usual number,
//! `SIGMAPOL_ATTACK_SECONDS` for as many as there is time for, `SIGMAPOL_ATTACK_SEED` for others, and
//! `SIGMAPOL_ATTACK_FIRST` for the case to begin with. A case is its seed and its number, on every
//! machine.

#![allow(dead_code, reason = "not every crate uses all of it")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

pub mod allocation;
pub mod edits;
pub mod random;
pub mod responses;
pub mod routers;

use std::{
    collections::BTreeMap,
    env, fmt,
    io::{self, Write as _},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    time::{Duration, Instant},
};

pub use random::Random;

/// Cases of one kind.
#[derive(Debug)]
pub struct Campaign {
    name: &'static str,
    seed: u64,
    first: u64,
    /// How many cases a test run has.
    usual: u64,
    cases: u64,
    until: Option<Instant>,
}

/// What came of the cases, by its name.
#[derive(Debug)]
pub struct Tally {
    name: &'static str,
    seed: u64,
    pub cases: u64,
    pub counts: BTreeMap<&'static str, u64>,
    /// All cases of a test run were among them: there is enough to say what is rare.
    pub is_whole: bool,
}

fn setting(name: &str) -> Option<u64> {
    let value = env::var(format!("SIGMAPOL_ATTACK_{name}")).ok()?;
    Some(value.replace('_', "").parse().unwrap())
}

/// Whether this is more than a test run.
pub fn is_attack() -> bool {
    ["CASES", "SECONDS"].iter().any(|name| setting(name).is_some())
}

impl Campaign {
    pub fn new(name: &'static str, usual: u64) -> Self {
        let seconds = setting("SECONDS");
        Self {
            name,
            seed: setting("SEED").unwrap_or(1),
            first: setting("FIRST").unwrap_or(0),
            usual,
            cases: setting("CASES").unwrap_or(if seconds.is_some() { u64::MAX } else { usual }),
            until: seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds)),
        }
    }

    /// Tries the cases, each with numbers of its own, and counts what comes of them.
    ///
    /// # Panics
    ///
    /// With the first case that does, once it has said which one it is.
    pub fn run(&self, mut case: impl FnMut(&mut Random) -> &'static str) -> Tally {
        let mut counts = BTreeMap::new();
        let mut cases = 0;
        while cases < self.cases && self.until.is_none_or(|until| Instant::now() < until) {
            let number = self.first.saturating_add(cases);
            let mut random = Random::case(self.seed, number);
            match catch_unwind(AssertUnwindSafe(|| case(&mut random))) {
                Ok(what) => *counts.entry(what).or_default() += 1,
                Err(panic) => {
                    let (name, seed) = (self.name, self.seed);
                    say(&format!(
                        "{name}: case {number} of seed {seed} fails; again: SIGMAPOL_ATTACK_SEED={seed} \
                         SIGMAPOL_ATTACK_FIRST={number} SIGMAPOL_ATTACK_CASES=1"
                    ));
                    resume_unwind(panic);
                }
            }
            cases += 1;
        }
        let is_whole = self.first == 0 && cases >= self.usual;
        Tally { name: self.name, seed: self.seed, cases, counts, is_whole }
    }
}

impl Tally {
    /// How many came to this.
    pub fn of(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or_default()
    }

    /// Tells of an attack, in one line.
    pub fn say(&self, more: impl fmt::Display) {
        if !is_attack() {
            return;
        }
        let counts = self.counts.iter().map(|(what, count)| format!("{count} {what}"));
        let counts = counts.collect::<Vec<_>>().join(", ");
        say(&format!("{}: {} cases of seed {}: {counts}{more}", self.name, self.cases, self.seed));
    }
}

/// Not by `eprintln`, which is shown of tests that fail alone; and in one piece.
fn say(line: &str) {
    let _ = io::stderr().write_all(format!("attack: {line}\n").as_bytes());
}
