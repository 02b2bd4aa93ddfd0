//! What a record says of a decision or a step: enough to make it again and to compare.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sigmapol_core::{Decision, Effect, Error, Metered, Turn, digest};

use crate::{
    blank::blank,
    ctx::CtxParts,
    over::{Over, OverRouter},
};

/// The kinds of records.
pub const DECISION: &str = "decision";
/// As [`DECISION`].
pub const STEP: &str = "step";
/// As [`DECISION`].
pub const RANK: &str = "rank";

/// What decided.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EngineIdentity {
    /// `component`, `core` or `native`.
    pub path: String,
    /// SHA-256 of the component.
    pub component: String,
    /// SHA-256 of the core module in it.
    pub core: String,
    /// The runtime and its version, which fuel depends on, such as `wasmtime 48.0.8`.
    pub runtime: String,
    /// The version of sigmapol.
    pub version: String,
}

/// Fuel, in the units of the runtime; decimal, since it may be more than a double holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fuel {
    /// Of the call; `0` where there is none.
    pub limit: String,
    /// By the call; nothing is known of one that was refused or stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<String>,
}

/// The policy that was given.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyPart {
    /// The digest of its text, which is recorded.
    pub sha256: String,
    /// The digest of the canonical encoding of its normal form, which is recorded too: the identity
    /// of the policy before an envelope; absent for a policy that is not admitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical: Option<String>,
}

/// A decision: the body of a record of kind [`DECISION`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionReceipt {
    /// What decided.
    pub engine: EngineIdentity,
    /// By which policy.
    pub policy: PolicyPart,
    /// On what.
    pub ctx: CtxParts,
    /// The digest of the candidates, as they stand in the ctx.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog: Option<String>,
    /// The catalog that was read before, of a decision over one. Its candidates, vocabulary and state
    /// are not in the ctx.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<Over>,
    /// The seed, as it stands in the ctx.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<String>,
    /// Who was chosen, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Chosen>,
    /// What came of it: `{"decision": …}`, `{"refused": code}` or `{"stopped": code}`. Scores are the
    /// bits of doubles, 16 hexadecimal digits.
    pub outcome: Value,
    /// The digest of the request that the winner was to be sent, with all that was said in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The digest of `outcome`.
    pub result: String,
    /// The most that the decision was allowed to cost; absent where there was no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_limit: Option<String>,
    /// What the call was given and took; older ledgers say it of decisions that were made alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel: Option<Fuel>,
}

/// The first of the ordered candidates.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// Its `provider_id`.
    pub provider: String,
    /// Its `model_family`.
    pub model: String,
}

/// A step of a run: the body of a record of kind [`STEP`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StepReceipt {
    /// What decided.
    pub engine: EngineIdentity,
    /// The kind of the event, such as `start`, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Who is to be called, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Chosen>,
    /// The digest of the run's state; absent for an event that belongs to none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The digest of the event.
    pub event: String,
    /// The router that was read before, of a step over one. Its members are not in the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<OverRouter>,
    /// Whether all these texts are recorded. They say what was asked and answered.
    pub texts: bool,
    /// What came of it: `{"turn": …}`, everything by digest, or as for a decision.
    pub outcome: Value,
    /// The digest of `outcome`.
    pub result: String,
    /// As for a decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel: Option<Fuel>,
}

/// A ranking over a prepared router: the body of a record of kind [`RANK`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RankReceipt {
    /// What ranked.
    pub engine: EngineIdentity,
    /// The digest of the router that was read, `{admission?, config, multipliers?, state?}`.
    pub router: String,
    /// The digest of the runtime state that took the place of the router's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The digest of what was asked, `{contract, now_ms}`.
    pub ask: String,
    /// Whether these texts are recorded. They say what was asked.
    pub texts: bool,
    /// Who comes first, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Chosen>,
    /// What came of it: `{"ranking": …}`, or as for a decision.
    pub outcome: Value,
    /// The digest of `outcome`.
    pub result: String,
    /// As for a decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel: Option<Fuel>,
}

/// A result as records have it: `{"decision": …}`, `{"refused": code}`, `{"stopped": code}`. Scores
/// are the bits of doubles, 16 hexadecimal digits; the request is a digest, with its strings
/// blanked where those of the ctx are.
pub(crate) fn outcome(result: &Result<Metered<Decision>, Error>, blanked: bool) -> Value {
    match result {
        Ok(outcome) => outcome_of(&outcome.value, blanked),
        Err(error) => stopped(error),
    }
}

/// As [`outcome`], for a turn: everything that came out, by digest.
pub(crate) fn turn_outcome(result: &Result<Metered<Turn>, Error>) -> Value {
    match result {
        Ok(outcome) => json!({ "turn": turn(&outcome.value) }),
        Err(error) => stopped(error),
    }
}

/// As [`outcome`], for a decision that was made.
pub(super) fn outcome_of(decision: &Decision, blanked: bool) -> Value {
    let ordered = decision.ordered.iter();
    let ordered = ordered.map(|ranked| json!([ranked.candidate, bits(ranked.score)]));
    let rejected = decision.rejected.iter();
    let rejected = rejected.map(|rejected| json!([rejected.candidate, rejected.reason]));
    let reactions = decision.reactions.iter();
    let reactions = reactions.map(|reaction| json!([reaction.action, bits(reaction.backoff_ms)]));
    let request = decision.request.as_deref().map(|request| match blanked {
        true => digest(blank(request).as_bytes()),
        false => digest(request.as_bytes()),
    });
    json!({ "decision": {
        "identity": decision.identity,
        "ordered": ordered.collect::<Vec<_>>(),
        "rejected": rejected.collect::<Vec<_>>(),
        "reactions": reactions.collect::<Vec<_>>(),
        "request": request,
        "cost": decision.cost.to_string(),
    } })
}

fn turn(turn: &Turn) -> Value {
    let (effect, what) = match &turn.effect {
        Effect::Call(request) => ("call", digest(request.as_bytes())),
        Effect::Wait(until_ms) => ("wait", bits(*until_ms)),
        Effect::Done(outcome) => ("done", digest(outcome.as_bytes())),
    };
    json!({
        "run": digest(turn.run.as_bytes()),
        "state": digest(turn.state.as_bytes()),
        "effect": [effect, what],
        "logs": turn.logs.iter().map(|log| digest(log.as_bytes())).collect::<Vec<_>>(),
        "cost": turn.cost.to_string(),
    })
}

/// The code alone: a message may quote what was said.
pub(crate) fn stopped(error: &Error) -> Value {
    match error {
        Error::Refused(refusal) => json!({ "refused": refusal.code.name() }),
        error => json!({ "stopped": error.code() }),
    }
}

pub(crate) fn bits(value: f64) -> String {
    format!("{:016x}", value.to_bits())
}
