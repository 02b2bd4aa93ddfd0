//! Looks for decisions that take the most fuel for the bound of their cost: `climb SECONDS SEED`.
//!
//! Random decisions first, then changes of the best that are known, kept apart by the size of their
//! bound, so that what is small and what is large both climb. Prints the best of each size; ends
//! with an error when one takes more than the promise, and prints it in full.
//!
//! The best are in `climb/SEED.jsonl` of the target folder, written each minute; a search begins with
//! what every search before it has left there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic ends the run")]

mod champions;
mod change;
mod tree;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;
use sigmapol::Sandbox;
use sigmapol_core::{Bounded, Engine as _, Native};
use sigmapol_tests::generate::Seed;
use sigmapol_tests::properties::decision;
use sigmapol_tests::text;

use champions::Champions;
use change::{Random, change};
use tree::Json;

/// What docs/sandbox.md promises for each unit.
const FUEL_PER_COST: u64 = 1_000;

/// Bytes of a policy and a ctx together: enough for what grows with a product of two sizes.
const BYTES: usize = 400_000;

/// How many are kept of each size; sizes are powers of two.
const KEPT: usize = 6;
const SIZES: usize = 40;

/// A policy, a ctx, and what they take.
#[derive(Clone)]
struct Climber {
    policy: Json,
    ctx: Json,
    fuel: u64,
    most: u64,
}

impl Climber {
    fn ratio(&self) -> f64 {
        self.fuel as f64 / self.most as f64
    }
}

struct Climb {
    sandbox: Sandbox,
    random: Random,
    /// By the binary digits of the bound, best first.
    best: Vec<Vec<Climber>>,
    tried: u64,
    decided: u64,
}

impl Climb {
    /// What a pair takes; nothing where it is refused.
    fn weigh(&mut self, policy: Json, ctx: Json) -> Option<Climber> {
        let (policy_text, ctx_text) = (policy.to_text(), ctx.to_text());
        self.tried += 1;
        if policy_text.len() + ctx_text.len() > BYTES {
            return None;
        }
        let most = Bounded::new(Native, 0).bound(&policy_text, &ctx_text).ok()??;
        let fuel = self.sandbox.decide(&policy_text, &ctx_text).ok()?.spent.fuel;
        self.decided += 1;
        Some(Climber { policy, ctx, fuel, most })
    }

    fn keep(&mut self, climber: Climber) {
        let size = (64 - climber.most.leading_zeros() as usize).min(SIZES - 1);
        let best = &mut self.best[size];
        let at = best.partition_point(|other| other.ratio() > climber.ratio());
        // one that takes as much as another is most often the same
        let same = best
            .get(at)
            .is_some_and(|other| (other.fuel, other.most) == (climber.fuel, climber.most));
        if at < KEPT && !same {
            best.insert(at, climber);
            best.truncate(KEPT);
        }
    }

    fn seed(&mut self, policy: &str, ctx: &str) {
        if let (Some(policy), Some(ctx)) = (Json::read(policy), Json::read(ctx))
            && let Some(climber) = self.weigh(policy, ctx)
        {
            self.keep(climber);
        }
    }

    fn one_of(&mut self) -> Climber {
        let sizes: Vec<usize> = (0..SIZES).filter(|size| !self.best[*size].is_empty()).collect();
        let size = *self.random.pick(&sizes);
        // the best more often
        let at = self.random.below(self.best[size].len()).min(self.random.below(KEPT));
        self.best[size][at.min(self.best[size].len() - 1)].clone()
    }

    fn step(&mut self) {
        let mut climber = self.one_of();
        for _ in 0..=self.random.below(3) {
            let in_policy = self.random.below(2) == 0;
            let other = self.one_of();
            let (tree, foreign) = if in_policy {
                (&mut climber.policy, other.policy)
            } else {
                (&mut climber.ctx, other.ctx)
            };
            change(&mut self.random, tree, foreign, in_policy);
        }
        if let Some(climber) = self.weigh(climber.policy, climber.ctx) {
            self.keep(climber);
        }
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |what| -> anyhow::Result<u64> {
        arguments.next().context("expected SECONDS SEED")?.parse().context(what)
    };
    let (seconds, seed) = (number("SECONDS")?, number("SEED")?);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut climb = Climb {
        sandbox: Sandbox::new()?,
        random: Random(seed),
        best: vec![Vec::new(); SIZES],
        tried: 0,
        decided: 0,
    };
    for line in text("golden/decide.jsonl").lines() {
        let vector: Value = serde_json::from_str(line)?;
        let mut ctx = vector["ctx"].clone();
        ctx["candidates"] = vector["candidates"].clone();
        climb.seed(&vector["term"].to_string(), &ctx.to_string());
    }
    for number in 0..2_000 {
        let case = decision(&Seed::case(seed, number));
        climb.seed(&case.policy, &case.ctx);
    }
    let champions = Champions::of_target(seed)?;
    for (policy, ctx) in champions.known()? {
        climb.seed(&policy, &ctx);
    }
    let mut shown = Instant::now();
    while Instant::now() < end {
        climb.step();
        if shown.elapsed() > Duration::from_secs(60) {
            shown = Instant::now();
            print(&climb);
            champions.save(climb.best.iter().flatten())?;
        }
    }
    print(&climb);
    let worst = climb.best.iter().flatten().max_by(|a, b| a.ratio().total_cmp(&b.ratio()));
    let worst = worst.context("nothing was decided")?;
    champions.save(climb.best.iter().flatten())?;
    println!("they are in {}", champions.path().display());
    if worst.fuel > FUEL_PER_COST * worst.most {
        println!(
            "more than {FUEL_PER_COST} a unit:\n{}\n{}",
            worst.policy.to_text(),
            worst.ctx.to_text()
        );
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(climb: &Climb) {
    println!(
        "{} tried, {} decided; fuel a unit of the bound, best of each size:",
        climb.tried, climb.decided
    );
    for (size, best) in climb.best.iter().enumerate() {
        if let Some(best) = best.first() {
            println!("  < 2^{size:<2} {:>6.0}  {} of {}", best.ratio(), best.fuel, best.most);
        }
    }
}
