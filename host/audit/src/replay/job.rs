//! One record, made again.

use std::sync::Arc;

use serde_json::{Value, json};
use sigmapol_core::{Error, digest, json::Members};

use super::Engines;
use crate::{
    facts::{called, event_kind, names, result_digest},
    receipt::{DecisionReceipt, Fuel, StepReceipt, difference, outcome, turn_outcome},
};

/// What came of replaying a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same outcome, to the last bit.
    Same {
        /// Whether fuel was compared too: it was the same.
        fuel: bool,
    },
    /// Another outcome: the first difference.
    Diverged(String),
    /// The component of the record is not here.
    ComponentMismatch(String),
    /// The ledger has not the texts: their digests are all that was recorded.
    NotRecorded,
}

/// A record with the texts it refers to.
#[derive(Debug)]
pub(super) enum Job {
    Decision { receipt: Box<DecisionReceipt>, policy: Arc<str>, ctx: String },
    Step { receipt: Box<StepReceipt>, run: Option<Arc<str>>, event: Arc<str> },
}

impl Job {
    /// Makes it again and compares.
    ///
    /// # Errors
    ///
    /// Those of [`Engines::find`].
    pub(super) fn replay(&self, engines: &Engines) -> Result<Verdict, Error> {
        let (engine, fuel) = match self {
            Self::Decision { receipt, .. } => (&receipt.engine, &receipt.fuel),
            Self::Step { receipt, .. } => (&receipt.engine, &receipt.fuel),
        };
        let limit = fuel.as_ref().and_then(|fuel| fuel.limit.parse().ok()).unwrap_or(0);
        let Some(verbs) = engines.find(engine, limit)? else {
            return Ok(Verdict::ComponentMismatch(engine.component.clone()));
        };
        let (recorded, now, beside, used, exact) = match self {
            Self::Decision { receipt, policy, ctx } => {
                let result = verbs.decide(policy, ctx);
                let now = outcome(&result, receipt.ctx.blanked);
                let beside = beside_decision(receipt, ctx, &now);
                let used = result.ok().map(|decided| decided.spent.fuel);
                // blanked texts are as long, but without escapes
                (&receipt.outcome, now, beside, used, !receipt.ctx.blanked)
            }
            Self::Step { receipt, run, event } => {
                let result = verbs.step(run.as_deref(), event);
                let now = turn_outcome(&result);
                let chosen = result.as_ref().ok().and_then(|turn| called(&turn.value));
                let beside = differs(
                    &json!({ "result": receipt.result, "kind": receipt.kind, "chosen": receipt.chosen }),
                    &json!({ "result": result_digest(&now), "kind": event_kind(event), "chosen": chosen }),
                );
                (&receipt.outcome, now, beside, result.ok().map(|turn| turn.spent.fuel), true)
            }
        };
        let compared = exact && engines.same_fuel(engine);
        let fuel = compared.then(|| fuel_difference(fuel.as_ref(), used)).flatten();
        Ok(match differs(recorded, &now).or(beside).or(fuel) {
            Some(difference) => Verdict::Diverged(difference),
            None => Verdict::Same { fuel: compared },
        })
    }
}

/// The first difference of what a record says beside its outcome.
fn beside_decision(receipt: &DecisionReceipt, ctx: &str, outcome: &Value) -> Option<String> {
    // a recorder takes apart what it can read, and nothing else
    let Ok(members) = serde_json::from_str::<Members<'_>>(ctx) else {
        return Some("ctx: expected members that are JSON".to_owned());
    };
    let decision = outcome.get("decision");
    let first = decision.and_then(|decision| decision.pointer("/ordered/0/0")?.as_u64());
    let chosen = first.and_then(|first| {
        let names = names(members.get("candidates")?)?;
        names.into_iter().nth(usize::try_from(first).ok()?)
    });
    let blanked = receipt.ctx.blanked;
    let catalog = members.get("candidates").map(|text| digest(text.as_bytes()));
    // what was blanked cannot be derived; under an envelope another policy runs than was given
    let request = match decision {
        Some(decision) if !blanked => json!(decision.get("request")),
        _ => json!(receipt.request),
    };
    let sha256 = if blanked { receipt.ctx.sha256.clone() } else { digest(ctx.as_bytes()) };
    let canonical = match decision {
        Some(decision) if members.get("envelope").is_none() => json!(decision.get("identity")),
        _ => json!(receipt.policy.canonical),
    };
    let recorded = json!({
        "result": receipt.result, "catalog": receipt.catalog, "seed": receipt.seed,
        "chosen": receipt.chosen, "request": receipt.request,
        "ctx": { "sha256": receipt.ctx.sha256 },
        "policy": { "canonical": receipt.policy.canonical },
    });
    let now = json!({
        "result": result_digest(outcome), "catalog": catalog, "seed": members.get("seed"),
        "chosen": chosen, "request": request,
        "ctx": { "sha256": sha256 },
        "policy": { "canonical": canonical },
    });
    differs(&recorded, &now)
}

fn differs(recorded: &Value, now: &Value) -> Option<String> {
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
