//! What another policy would have decided on the same log.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;
use sigmapol_core::{Decision, Error, Refusal, RefusalCode, digest, json::Members};

use super::{
    Engines, ReplayError,
    job::{Job, Kind},
    walk::{lock, walk},
};

/// Catalogs of which the names and prices are remembered.
const REMEMBERED: usize = 64;

/// How two policies compare over the decisions of a ledger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counterfactual {
    /// Decisions that were made and that the other policy makes too.
    pub decisions: u64,
    /// Of these, with another first candidate, or with none where there was one, or the other way
    /// round.
    pub changed: u64,
    /// Candidates that could be tried and now cannot, over all decisions.
    pub lost: u64,
    /// The other way round.
    pub gained: u64,
    /// Decisions that the other policy refuses, or does not get to make.
    pub refused: u64,
    /// Records that were not decided again.
    pub left_out: LeftOut,
    /// Decisions where both picks have prices.
    pub priced: u64,
    /// Sums over these of the logged prices of the picks, in USD per million tokens: in and out, as
    /// recorded.
    pub price_before: [f64; 2],
    /// As the other policy picks.
    pub price_after: [f64; 2],
    /// Picks that change, by what they were and what they become.
    pub changes: BTreeMap<Change, u64>,
}

/// Records that were not decided again, by the reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// Steps of runs: their policy is part of what was asked.
    pub steps: u64,
    /// Rankings: their policy is that of a profile of the router.
    pub ranks: u64,
    /// Decisions whose texts are not in the ledger.
    pub not_recorded: u64,
    /// Decisions whose component is not here.
    pub component_mismatch: u64,
    /// Decisions that were refused or stopped when they were recorded: there is no pick to compare.
    pub undecided: u64,
}

impl LeftOut {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.steps + self.ranks + self.not_recorded + self.component_mismatch + self.undecided
    }
}

/// From one pick to another, `provider model` each; nothing where nobody is left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// As recorded.
    pub from: Option<String>,
    /// As the other policy picks.
    pub to: Option<String>,
}

/// Decides every recorded ctx by another policy.
///
/// # Errors
///
/// The refusal of a policy that is none, or that no recorded ctx can be decided by; otherwise as
/// for [`replay`](super::replay).
pub fn counterfactual(
    folder: &Path,
    policy: &str,
    engines: &Engines,
    threads: usize,
    each: &(dyn Fn(u64) + Sync),
) -> Result<Counterfactual, ReplayError> {
    check(policy, engines)?;
    let sums = Mutex::new(Counterfactual::default());
    let catalogs = Mutex::new(HashMap::new());
    let first_refused: Mutex<Option<(u64, Error)>> = Mutex::default();
    walk(folder, threads, &|number, kind, job| {
        each(number);
        let (receipt, ctx) = match (kind, job) {
            (Kind::Decision, Some(Job::Decision { receipt, ctx, .. })) => (receipt, ctx),
            (Kind::Decision, _) => {
                lock(&sums).left_out.not_recorded += 1;
                return Ok(());
            }
            (Kind::Step, _) => {
                lock(&sums).left_out.steps += 1;
                return Ok(());
            }
            (Kind::Rank, _) => {
                lock(&sums).left_out.ranks += 1;
                return Ok(());
            }
        };
        let recorded = receipt.outcome.pointer("/decision/ordered").and_then(Value::as_array);
        let Some(recorded) = recorded else {
            lock(&sums).left_out.undecided += 1;
            return Ok(());
        };
        let limit = receipt.fuel.as_ref().and_then(|fuel| fuel.limit.parse().ok()).unwrap_or(0);
        let Some(engine) = engines.find(&receipt.engine, limit)? else {
            lock(&sums).left_out.component_mismatch += 1;
            return Ok(());
        };
        let before: Vec<u64> = recorded.iter().filter_map(|entry| entry.get(0)?.as_u64()).collect();
        match engine.decide(policy, ctx) {
            Ok(decided) => {
                let catalog = catalog(&catalogs, ctx);
                lock(&sums).compare(&before, &decided.value, &catalog);
            }
            Err(error) => {
                lock(&sums).refused += 1;
                let mut first = lock(&first_refused);
                if first.as_ref().is_none_or(|(known, _)| number < *known) {
                    *first = Some((number, error));
                }
            }
        }
        Ok(())
    })?;
    let sums = sums.into_inner().unwrap_or_else(PoisonError::into_inner);
    match first_refused.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error @ Error::Refused(_))) if sums.decisions == 0 => Err(error.into()),
        _ => Ok(sums),
    }
}

/// Refuses what is no policy, whatever it is decided on. What a parameter may name and which
/// customs there are is for each ctx to say.
fn check(policy: &str, engines: &Engines) -> Result<(), Error> {
    const NOBODY: &str = r#"{"candidates":[],"vocabulary":{"profile":"reference"}}"#;

    match engines.embedded()?.decide(policy, NOBODY) {
        Err(Error::Refused(Refusal {
            code: RefusalCode::Parameter | RefusalCode::UnknownCustom,
            ..
        }))
        | Ok(_) => Ok(()),
        Err(error) => Err(error),
    }
}

impl Counterfactual {
    fn compare(&mut self, before: &[u64], decision: &Decision, catalog: &[Offer]) {
        let after: Vec<u64> =
            decision.ordered.iter().map(|ranked| u64::from(ranked.candidate)).collect();
        self.decisions += 1;
        let missing = |from: &[u64], of: &[u64]| {
            let of: std::collections::HashSet<_> = of.iter().collect();
            from.iter().filter(|candidate| !of.contains(candidate)).count() as u64
        };
        self.lost += missing(before, &after);
        self.gained += missing(&after, before);
        let offer = |pick: Option<&u64>| catalog.get(usize::try_from(*pick?).ok()?);
        let (was, is) = (offer(before.first()), offer(after.first()));
        if before.first() != after.first() {
            self.changed += 1;
            let name = |offer: Option<&Offer>| offer.map(|offer| offer.name.clone());
            *self.changes.entry(Change { from: name(was), to: name(is) }).or_default() += 1;
        }
        let prices = |offer: Option<&Offer>| offer.and_then(|offer| offer.prices);
        if let (Some(was), Some(is)) = (prices(was), prices(is)) {
            self.priced += 1;
            for (sum, price) in self.price_before.iter_mut().zip(was) {
                *sum += price;
            }
            for (sum, price) in self.price_after.iter_mut().zip(is) {
                *sum += price;
            }
        }
    }
}

/// A candidate, as far as it is compared.
#[derive(Debug)]
struct Offer {
    /// `provider model`
    name: String,
    /// In and out, in USD per million tokens: its own, else those of the state.
    prices: Option<[f64; 2]>,
}

/// The candidates of a ctx; those of a few catalogs are remembered.
fn catalog(known: &Mutex<HashMap<String, Arc<[Offer]>>>, ctx: &str) -> Arc<[Offer]> {
    let members = serde_json::from_str::<Members<'_>>(ctx).unwrap_or_else(|_| Members(Vec::new()));
    let part = |name| members.get(name).unwrap_or("null");
    let key = digest(format!("{}{}", part("candidates"), part("state")).as_bytes());
    if let Some(known) = lock(known).get(&key) {
        return Arc::clone(known);
    }
    let read = |name| serde_json::from_str::<Value>(part(name)).unwrap_or_default();
    let (candidates, state) = (read("candidates"), read("state"));
    let offers = candidates.as_array().into_iter().flatten().map(|candidate| {
        let text = |name: &str| candidate.get(name).and_then(Value::as_str).unwrap_or_default();
        let (provider, model) = (text("provider_id"), text("model_family"));
        let observed = state.pointer("/ema").and_then(|ema| ema.get(format!("{provider}|{model}")));
        let price = |name: &str| {
            let observed = || observed.and_then(|observed| observed.get(name));
            candidate.get(name).or_else(observed).and_then(Value::as_f64)
        };
        let prices =
            price("price_in").zip(price("price_out")).map(|(input, output)| [input, output]);
        Offer { name: format!("{provider} {model}"), prices }
    });
    let offers: Arc<[Offer]> = offers.collect();
    let mut known = lock(known);
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(key, Arc::clone(&offers));
    offers
}
