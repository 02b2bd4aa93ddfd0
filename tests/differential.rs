//! Native code against the component, on random decisions: `differential CASES SEED`.
//!
//! Ends with an error at the first that differ, and prints the case in full.
#![allow(clippy::unwrap_used, reason = "a thread that panics ends the run")]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::Context as _;
use sigmapol_core::Error;
use sigmapol_tests::generate::Seed;
use sigmapol_tests::properties::decision;

/// What came out of the cases of a run.
#[derive(Default)]
struct Tally {
    decided: u64,
    /// Decisions that somebody may be tried by, and candidates in their orders and out of them.
    with_order: u64,
    ordered: u64,
    rejected: u64,
    refused: BTreeMap<String, u64>,
}

impl Tally {
    fn cases(&self) -> u64 {
        self.decided + self.refused.values().sum::<u64>()
    }

    fn add(&mut self, other: Self) {
        self.decided += other.decided;
        self.with_order += other.with_order;
        self.ordered += other.ordered;
        self.rejected += other.rejected;
        for (code, count) in other.refused {
            *self.refused.entry(code).or_default() += count;
        }
    }
}

/// Cases that a thread takes at a time.
const SHARE: u64 = 1_000;

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |what| -> anyhow::Result<u64> {
        arguments.next().context("expected CASES SEED")?.replace('_', "").parse().context(what)
    };
    let (cases, seed) = (number("CASES")?, number("SEED")?);
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let total = Mutex::new(Tally::default());
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let first = next.fetch_add(SHARE, Ordering::Relaxed);
                    if first >= cases {
                        break;
                    }
                    let tally = share(seed, first, cases.min(first + SHARE));
                    let tally = tally.inspect_err(|_| stop.store(true, Ordering::Relaxed));
                    match tally {
                        Ok(tally) => {
                            let mut total = total.lock().unwrap();
                            let before = total.cases() * 20 / cases;
                            total.add(tally);
                            if total.cases() * 20 / cases > before {
                                eprintln!("{} of {cases} cases", total.cases());
                            }
                        }
                        Err(differs) => eprintln!("{differs}"),
                    }
                }
            });
        }
    });
    if stop.into_inner() {
        return Ok(ExitCode::FAILURE);
    }
    print(&total.into_inner().unwrap(), cases, seed, start.elapsed().as_secs_f64());
    Ok(ExitCode::SUCCESS)
}

fn share(seed: u64, first: u64, end: u64) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for number in first..end {
        let case = decision(&Seed::case(seed, number));
        match case.decide() {
            Ok(decision) => {
                tally.decided += 1;
                tally.with_order += u64::from(!decision.ordered.is_empty());
                tally.ordered += decision.ordered.len() as u64;
                tally.rejected += decision.rejected.len() as u64;
            }
            Err(error @ Error::Refused(_)) => *tally.refused.entry(error.code()).or_default() += 1,
            Err(other) => {
                let (policy, ctx) = (case.policy, case.ctx);
                return Err(format!("case {number} of seed {seed}: {other}\n{policy}\n{ctx}"));
            }
        }
    }
    Ok(tally)
}

fn print(tally: &Tally, cases: u64, seed: u64, seconds: f64) {
    println!("{cases} cases of seed {seed}: native code and the component agree on every one");
    println!("{} decided, {} of them with an order", tally.decided, tally.with_order);
    println!("{} candidates ordered, {} rejected", tally.ordered, tally.rejected);
    println!("{} refused, with the same code and message:", cases - tally.decided);
    for (code, count) in &tally.refused {
        println!("  {count:>9} {}", code.trim_start_matches("refused "));
    }
    println!("{seconds:.0} s, {:.0} a second", cases as f64 / seconds);
}
