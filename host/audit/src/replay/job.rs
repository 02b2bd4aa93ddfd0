//! One record, made again.

use std::{fmt, sync::Arc};

use serde_json::{Value, json};
use sigmapol_core::{Bounded, Engine, Error, Exhausted, INPUT_BYTES, RefusalCode};

use super::{
    Engines, Found,
    beside::{self, Made, Said},
    plausible,
};
use crate::{
    difference::difference,
    facts::{called, event_kind, has_state, result_digest},
    ranking,
    receipt::{
        DecisionReceipt, EngineIdentity, Fuel, RankReceipt, StepReceipt, outcome, stopped,
        turn_outcome,
    },
};

/// What came of replaying a record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The same outcome, to the last bit.
    Same {
        /// Whether fuel was compared too: it was the same.
        fuel: bool,
    },
    /// Another outcome: the first difference.
    Diverged(String),
    /// The component of the record is not here or cannot be used: its digest, and which of the two.
    ComponentMismatch(String, String),
    /// It had more fuel than is given to a call here, and needs it: what it had, and what it was given.
    OutOfFuel(u64, u64),
    /// The ledger has not the texts: their digests are all that was recorded.
    NotRecorded,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same { fuel: true } => f.write_str("same"),
            Self::Same { fuel: false } => f.write_str("same, fuel not compared"),
            Self::Diverged(what) => write!(f, "diverged: {what}"),
            Self::ComponentMismatch(component, why) => {
                write!(f, "component mismatch: {component} {why}")
            }
            Self::OutOfFuel(had, given) => {
                write!(f, "out of fuel: it had {had}, and {given} are not enough")
            }
            Self::NotRecorded => f.write_str("not recorded"),
        }
    }
}

/// A record with the texts it refers to.
#[derive(Debug)]
pub(super) enum Job {
    /// `ctx` is what is decided on; `own` is the ctx of a decision over a catalog, which is the rest
    /// of it.
    Decision { receipt: Box<DecisionReceipt>, policy: Arc<str>, own: Option<String>, ctx: String },
    /// `own` is the event of a step over a router, `event` that with the router put into it.
    Step {
        receipt: Box<StepReceipt>,
        run: Option<Arc<str>>,
        own: Option<Arc<str>>,
        event: Arc<str>,
    },
    /// `event` is that of a step which ranks for the same.
    Rank { receipt: Box<RankReceipt>, event: String },
}

impl Job {
    /// What made it, and the fuel that it had.
    fn engine(&self) -> (&EngineIdentity, Option<&Fuel>) {
        match self {
            Self::Decision { receipt, .. } => (&receipt.engine, receipt.fuel.as_ref()),
            Self::Step { receipt, .. } => (&receipt.engine, receipt.fuel.as_ref()),
            Self::Rank { receipt, .. } => (&receipt.engine, receipt.fuel.as_ref()),
        }
    }

    /// The engine that made it, under the limit of fuel that it had, if its component is here.
    pub(super) fn open(&self, engines: &Engines) -> Result<Found, Error> {
        let (identity, fuel) = self.engine();
        engines.find(identity, limit(fuel))
    }

    /// Makes it again and compares.
    ///
    /// # Errors
    ///
    /// Those of [`Engines::find`].
    pub(super) fn replay(&self, engines: &Engines) -> Result<Verdict, Error> {
        let (identity, fuel) = self.engine();
        let engine = match self.open(engines)? {
            Found::Engine(engine) => engine,
            Found::Missing(why) => {
                return Ok(Verdict::ComponentMismatch(identity.component.clone(), why));
            }
        };
        if let Some(core) = engines.other_core(identity) {
            let recorded = &identity.core;
            return Ok(Verdict::Diverged(format!("engine.core: recorded {recorded}, now {core}")));
        }
        let Again { outcome, beside, spent, ran_out } = match self {
            Self::Decision { receipt, policy, own, ctx } => {
                decide(receipt, policy, own.as_deref(), ctx, &*engine)
            }
            Self::Step { receipt, run, own, event } => {
                step(receipt, run.as_deref(), own.as_deref(), event, &*engine)
            }
            Self::Rank { receipt, event } => rank(receipt, event, &*engine),
        };
        let (had, given) = (limit(fuel), engines.fuel());
        if ran_out && outcome.is_some() && had > given {
            return Ok(Verdict::OutOfFuel(had, given));
        }
        let fuel = match spent {
            Compared::Yes(used) if engines.same_fuel(identity) => Some(fuel_difference(fuel, used)),
            _ => None,
        };
        Ok(match outcome.or(beside).or_else(|| fuel.clone().flatten()) {
            Some(difference) => Verdict::Diverged(difference),
            None => Verdict::Same { fuel: fuel.is_some() },
        })
    }
}

/// What came of it now: where the outcome differs, where what is beside it does, and its fuel.
struct Again {
    outcome: Option<String>,
    beside: Option<String>,
    spent: Compared,
    /// Whether it needs more fuel than it was given.
    ran_out: bool,
}

/// The fuel that a call had; 0 where there was no limit.
fn limit(fuel: Option<&Fuel>) -> u64 {
    fuel.and_then(|fuel| fuel.limit.parse().ok()).unwrap_or(0)
}

fn ran_out<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Exhausted(Exhausted::Fuel)))
}

/// The fuel of a call, where it can be that of the record.
enum Compared {
    Yes(Option<u64>),
    /// The call was another one: over a catalog or a router, or on texts with escapes.
    No,
}

fn decide(
    receipt: &DecisionReceipt,
    policy: &str,
    own: Option<&str>,
    ctx: &str,
    engine: &dyn Engine,
) -> Again {
    let blanked = receipt.ctx.blanked;
    let result = match receipt.cost_limit.as_ref().map(|limit| limit.parse()) {
        None => engine.decide(policy, ctx),
        Some(limit) => {
            // blanked texts have no escapes: a bound on the cost is that of as many bytes
            let bytes = receipt.ctx.bytes.as_ref().and_then(|bytes| bytes.parse().ok());
            let bytes: usize = bytes.unwrap_or(0).min(INPUT_BYTES);
            let mut padded = ctx.to_owned();
            padded.extend(std::iter::repeat_n(' ', bytes.saturating_sub(ctx.len())));
            Bounded::new(engine, limit.unwrap_or(0)).decide(policy, &padded)
        }
    };
    let result = plausible::decision(result, ctx);
    let now = outcome(&result, blanked);
    let differs_in_outcome = match (own, receipt.outcome.get("refused"), now.get("refused")) {
        // what is wrong is found in another order where the catalog was read before
        (Some(_), Some(code), Some(_)) if is_refusal(&receipt.outcome, code) => None,
        _ => differs(&receipt.outcome, &now),
    };
    let said = Said::of(receipt, own.unwrap_or(ctx));
    let decided = result.as_ref().ok();
    let made = Made {
        outcome: if own.is_some() { &receipt.outcome } else { &now },
        request: decided.and_then(|decided| decided.value.request.as_deref()),
    };
    let beside = beside::difference(receipt, &said, own, (policy, ctx), &made, engine);
    let spent = match own {
        None if said.is_whole() => Compared::Yes(decided.map(|decided| decided.spent.fuel)),
        _ => Compared::No,
    };
    Again { outcome: differs_in_outcome, beside, spent, ran_out: ran_out(&result) }
}

/// Whether an outcome says that it was refused, with a code that there is, and nothing else.
fn is_refusal(outcome: &Value, code: &Value) -> bool {
    RefusalCode::ALL.iter().any(|known| *code == known.name())
        && *outcome == json!({ "refused": code })
}

fn step(
    receipt: &StepReceipt,
    run: Option<&str>,
    own: Option<&str>,
    event: &str,
    engine: &dyn Engine,
) -> Again {
    let result = plausible::turn(engine.step(run, event), run, event);
    let now = turn_outcome(&result);
    let chosen = result.as_ref().ok().and_then(|turn| called(&turn.value));
    // a state of the event's own leaves nothing to say of the router's
    let told = receipt.over.as_ref().and_then(|over| over.state.as_ref());
    let told_now = told.filter(|_| !own.is_some_and(has_state));
    let beside = differs(
        &json!({
            "result": receipt.result, "kind": receipt.kind, "chosen": receipt.chosen,
            "over": { "state": told },
        }),
        &json!({
            "result": result_digest(&now), "kind": event_kind(event), "chosen": chosen,
            "over": { "state": told_now },
        }),
    );
    let ran_out = ran_out(&result);
    let spent = match own {
        None => Compared::Yes(result.ok().map(|turn| turn.spent.fuel)),
        Some(_) => Compared::No,
    };
    Again { outcome: differs(&receipt.outcome, &now), beside, spent, ran_out }
}

/// A prepared router refuses what is an error of the event `rank`: which of the two codes it had is
/// taken from the record.
fn rank(receipt: &RankReceipt, event: &str, engine: &dyn Engine) -> Again {
    const ERRORS: [&str; 2] = ["config", "event"];

    let result = engine.step(None, event);
    let now = match &result {
        Ok(turn) => match ranking::of_turn(&turn.value) {
            Some(ranking) => json!({ "ranking": ranking }),
            None => {
                let code = receipt.outcome.get("refused").and_then(Value::as_str);
                json!({ "refused": code.filter(|code| ERRORS.contains(code)).unwrap_or("event") })
            }
        },
        Err(error) => stopped(error),
    };
    let first = now.pointer("/ranking/ordered/0").and_then(Value::as_array);
    let chosen = first.map(|first| json!({ "provider": first.first(), "model": first.get(1) }));
    let beside = differs(
        &json!({ "result": receipt.result, "chosen": receipt.chosen }),
        &json!({ "result": result_digest(&now), "chosen": chosen }),
    );
    Again {
        outcome: differs(&receipt.outcome, &now),
        beside,
        spent: Compared::No,
        ran_out: ran_out(&result),
    }
}

pub(super) fn differs(recorded: &Value, now: &Value) -> Option<String> {
    (recorded != now).then(|| difference(recorded, now)).flatten()
}

/// Of a call that was refused or stopped nothing is known, then and now.
fn fuel_difference(recorded: Option<&Fuel>, used: Option<u64>) -> Option<String> {
    let recorded = recorded.and_then(|fuel| fuel.used.clone());
    let used = used.map(|used| used.to_string());
    let text = |used: &Option<String>| used.clone().unwrap_or_else(|| "null".to_owned());
    (recorded != used)
        .then(|| format!("fuel.used: recorded {}, now {}", text(&recorded), text(&used)))
}
