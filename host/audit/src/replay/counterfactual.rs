//! What another policy would have decided on the same log.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;
use sigmapol_core::{Decision, digest, json::Members};

use super::{
    Engines, ReplayError,
    job::Job,
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
    /// Records that cannot be decided again: their texts or their component are not here, or
    /// nothing was decided.
    pub left_out: u64,
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
/// As for [`replay`](super::replay).
pub fn counterfactual(
    folder: &Path,
    policy: &str,
    engines: &Engines,
    threads: usize,
    each: &(dyn Fn(u64) + Sync),
) -> Result<Counterfactual, ReplayError> {
    let sums = Mutex::new(Counterfactual::default());
    let catalogs = Mutex::new(HashMap::new());
    walk(folder, threads, &|number, job| {
        each(number);
        let Some(Job::Decision { receipt, ctx, .. }) = job else {
            if job.is_none() {
                lock(&sums).left_out += 1;
            }
            return Ok(());
        };
        let limit = receipt.fuel.as_ref().and_then(|fuel| fuel.limit.parse().ok()).unwrap_or(0);
        let recorded = receipt.outcome.pointer("/decision/ordered").and_then(Value::as_array);
        let (Some(recorded), Some(engine)) = (recorded, engines.find(&receipt.engine, limit)?)
        else {
            lock(&sums).left_out += 1;
            return Ok(());
        };
        let before: Vec<u64> = recorded.iter().filter_map(|entry| entry.get(0)?.as_u64()).collect();
        match engine.decide(policy, ctx) {
            Ok(decided) => {
                let catalog = catalog(&catalogs, ctx);
                lock(&sums).compare(&before, &decided.value, &catalog);
            }
            Err(_) => lock(&sums).refused += 1,
        }
        Ok(())
    })?;
    Ok(sums.into_inner().unwrap_or_else(PoisonError::into_inner))
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
