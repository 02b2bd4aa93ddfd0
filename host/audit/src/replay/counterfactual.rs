//! What another policy would have decided on the same log.

use std::{
    collections::{BTreeMap, HashSet},
    hash::Hash,
    path::Path,
    sync::{Mutex, PoisonError},
};

use serde_json::Value;
use sigmapol_core::{Engine, Error, Refusal, RefusalCode};

use super::{
    Engines, Found, ReplayError,
    job::Job,
    offers::{Catalogs, Offer},
    other_ask::Ask,
    walk::{lock, walk},
};
use crate::{facts::called, receipt::DecisionReceipt};

/// How two policies compare over the decisions of a ledger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counterfactual {
    /// Decisions, rankings and starts of runs that were made and that the other policy makes too.
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
    /// Steps that rank nobody: they go on with a run, or ask something else.
    pub steps: u64,
    /// Records whose texts are not in the ledger.
    pub not_recorded: u64,
    /// Records whose component is not here.
    pub component_mismatch: u64,
    /// What was refused or stopped when it was recorded, or ended in an error at once: there is no
    /// pick to compare.
    pub undecided: u64,
}

impl LeftOut {
    /// All of them.
    pub const fn total(&self) -> u64 {
        let counts = [self.not_recorded, self.component_mismatch, self.undecided];
        let [a, b, c] = counts;
        self.steps.saturating_add(a).saturating_add(b).saturating_add(c)
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

/// What came of deciding a record again.
enum Again {
    Compared(Comparison),
    Refused(Error),
    /// Not decided; where that is counted.
    Left(fn(&mut LeftOut) -> &mut u64),
}

const STEP: Again = Again::Left(|left| &mut left.steps);
const NOT_RECORDED: Again = Again::Left(|left| &mut left.not_recorded);
const MISMATCH: Again = Again::Left(|left| &mut left.component_mismatch);
const UNDECIDED: Again = Again::Left(|left| &mut left.undecided);

/// One record under two policies.
struct Comparison {
    changed: bool,
    lost: u64,
    gained: u64,
    was: Option<Offer>,
    is: Option<Offer>,
}

/// Decides by another policy what was decided: every recorded ctx, and whatever a router ranked or
/// started.
///
/// In a router it stands where the other one stood: a policy of the contract's is under the envelope
/// of the configuration, and one of a profile's is not.
///
/// # Errors
///
/// The refusal of a policy that is none, or that nothing recorded can be decided by; otherwise as for
/// [`replay`](super::replay).
pub fn counterfactual(
    folder: &Path,
    policy: &str,
    engines: &Engines,
    threads: usize,
    each: &(dyn Fn(u64) + Sync),
) -> Result<Counterfactual, ReplayError> {
    check(policy, engines)?;
    let sums = Mutex::new(Counterfactual::default());
    let catalogs = Catalogs::default();
    let first_refused: Mutex<Option<(u64, Error)>> = Mutex::default();
    walk(folder, threads, &|number, job| {
        each(number);
        let again = match job {
            Some(job) => again(job, policy, engines, &catalogs)?,
            None => NOT_RECORDED,
        };
        let mut sums = lock(&sums);
        match again {
            Again::Compared(comparison) => sums.add(comparison),
            Again::Left(count) => *count(&mut sums.left_out) += 1,
            Again::Refused(error) => {
                sums.refused += 1;
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

fn again(job: &Job, policy: &str, engines: &Engines, catalogs: &Catalogs) -> Result<Again, Error> {
    let is = |pointer: &str, outcome: &Value| outcome.pointer(pointer).is_some();
    let (ask, was_called) = match job {
        Job::Decision { receipt, .. } if !is("/decision/ordered", &receipt.outcome) => {
            return Ok(UNDECIDED);
        }
        Job::Decision { .. } => (None, None),
        Job::Step { receipt, run: None, event, .. } => match Ask::read(event) {
            None => return Ok(STEP),
            Some(_) if !is("/turn", &receipt.outcome) => return Ok(UNDECIDED),
            Some(ask) => (Some(ask), receipt.chosen.as_ref()),
        },
        Job::Step { .. } => return Ok(STEP),
        Job::Rank { receipt, .. } if !is("/ranking", &receipt.outcome) => return Ok(UNDECIDED),
        Job::Rank { event, .. } => (Ask::read(event), None),
    };
    let Found::Engine(engine) = job.open(engines)? else { return Ok(MISMATCH) };
    Ok(match (job, ask) {
        (Job::Decision { receipt, ctx, .. }, _) => {
            decided(receipt, ctx, policy, &*engine, catalogs)
        }
        (_, Some(ask)) => ranked(&ask, was_called.map(Offer::of), policy, &*engine),
        (_, None) => UNDECIDED,
    })
}

fn decided(
    receipt: &DecisionReceipt,
    ctx: &str,
    policy: &str,
    engine: &dyn Engine,
    catalogs: &Catalogs,
) -> Again {
    let recorded = receipt.outcome.pointer("/decision/ordered").and_then(Value::as_array);
    let recorded = recorded.into_iter().flatten();
    let before: Vec<u64> = recorded.filter_map(|entry| entry.get(0)?.as_u64()).collect();
    let decision = match engine.decide(policy, ctx) {
        Ok(decided) => decided.value,
        Err(error) => return Again::Refused(error),
    };
    let after: Vec<u64> =
        decision.ordered.iter().map(|ranked| u64::from(ranked.candidate)).collect();
    let catalog = catalogs.of(ctx);
    let offer = |pick: Option<&u64>| catalog.get(usize::try_from(*pick?).ok()?).cloned();
    let changed = before.first() != after.first();
    let picks = [offer(before.first()), offer(after.first())];
    Again::Compared(Comparison::new(&before, &after, changed, picks))
}

/// `called` is who was to be called, of a start. The order is made again by the policy that made it,
/// since a record of a step has it by digest alone.
fn ranked(ask: &Ask<'_>, called_then: Option<Offer>, policy: &str, engine: &dyn Engine) -> Again {
    let Ok(Ok(before)) = ask.ranking(engine) else { return UNDECIDED };
    let Some(event) = ask.under(policy) else { return UNDECIDED };
    let Some(asked) = Ask::read(&event) else { return UNDECIDED };
    let after = match asked.ranking(engine) {
        Ok(Ok(after)) => after,
        Ok(Err(message)) => {
            return Again::Refused(Refusal { code: RefusalCode::Event, message }.into());
        }
        Err(error) => return Again::Refused(error),
    };
    let mut picks =
        [before.first(), after.first()].map(|first| first.map(|(_, offer)| offer.clone()));
    // who is disabled is passed over when a run starts, whatever its place
    if ask.kind == "start" {
        let turn = match engine.step(None, &event) {
            Ok(turn) => turn.value,
            Err(error) => return Again::Refused(error),
        };
        let known = |offer: Offer| {
            let mut all = before.iter().chain(&after).map(|(_, offer)| offer);
            all.find(|known| known.name == offer.name).cloned().unwrap_or(offer)
        };
        picks = [called_then, called(&turn).as_ref().map(Offer::of)].map(|pick| pick.map(known));
    }
    let changed = picks.first().map(name_of) != picks.last().map(name_of);
    let [before, after] = [before, after]
        .map(|side| side.into_iter().map(|(candidate, _)| candidate).collect::<Vec<_>>());
    Again::Compared(Comparison::new(&before, &after, changed, picks))
}

fn name_of(pick: &Option<Offer>) -> Option<&str> {
    pick.as_ref().map(|offer| offer.name.as_str())
}

impl Comparison {
    fn new<C: Eq + Hash>(
        before: &[C],
        after: &[C],
        changed: bool,
        [was, is]: [Option<Offer>; 2],
    ) -> Self {
        let missing = |from: &[C], of: &[C]| {
            let of: HashSet<_> = of.iter().collect();
            from.iter().filter(|candidate| !of.contains(candidate)).count() as u64
        };
        Self { changed, lost: missing(before, after), gained: missing(after, before), was, is }
    }
}

impl Counterfactual {
    fn add(&mut self, Comparison { changed, lost, gained, was, is }: Comparison) {
        self.decisions += 1;
        self.lost = self.lost.saturating_add(lost);
        self.gained = self.gained.saturating_add(gained);
        let prices = |offer: &Option<Offer>| offer.as_ref().and_then(|offer| offer.prices);
        if let (Some(was), Some(is)) = (prices(&was), prices(&is)) {
            self.priced += 1;
            for (sum, price) in self.price_before.iter_mut().zip(was) {
                *sum += price;
            }
            for (sum, price) in self.price_after.iter_mut().zip(is) {
                *sum += price;
            }
        }
        if changed {
            self.changed += 1;
            let name = |offer: Option<Offer>| offer.map(|offer| offer.name);
            *self.changes.entry(Change { from: name(was), to: name(is) }).or_default() += 1;
        }
    }
}
