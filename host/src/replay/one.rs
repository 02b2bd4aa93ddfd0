//! One record, made again.

use std::sync::Arc;

use serde_json::Value;

use super::Engines;
use crate::{
    Error,
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
        let (recorded, now, used, exact) = match self {
            Self::Decision { receipt, policy, ctx } => {
                let result = verbs.decide(policy, ctx);
                let now = outcome(&result, receipt.ctx.blanked);
                let used = result.ok().map(|decided| decided.spent.fuel);
                // blanked texts are as long, but without escapes
                (&receipt.outcome, now, used, !receipt.ctx.blanked)
            }
            Self::Step { receipt, run, event } => {
                let result = verbs.step(run.as_deref(), event);
                let now = turn_outcome(&result);
                (&receipt.outcome, now, result.ok().map(|turn| turn.spent.fuel), true)
            }
        };
        let compared = exact && engines.same_fuel(engine);
        let fuel = compared.then(|| fuel_difference(fuel.as_ref(), used)).flatten();
        Ok(match differs(recorded, &now).or(fuel) {
            Some(difference) => Verdict::Diverged(difference),
            None => Verdict::Same { fuel: compared },
        })
    }
}

fn differs(recorded: &Value, now: &Value) -> Option<String> {
    (recorded != now).then(|| difference(recorded, now)).flatten()
}

fn fuel_difference(recorded: Option<&Fuel>, used: Option<u64>) -> Option<String> {
    let (recorded, used) = (&recorded?.used, used?.to_string());
    (*recorded != used).then(|| format!("fuel.used: recorded {recorded}, now {used}"))
}
