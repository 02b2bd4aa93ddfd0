//! A decision: the short walk through all five slots.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::context::{self, Context, refuse};
use crate::cost;
use crate::encode;
use crate::fail_plan::backoff;
use crate::json::Value;
use crate::normal::normalize;
use crate::policy::{Compiler, admit_policy, constrain};
use crate::predicate::Reason;
use crate::read::read;
use crate::refusal::Refusal;
use crate::selector::Scored;

/// A candidate that may be tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked {
    /// Index into `ctx.candidates`, from 0.
    pub candidate: u32,
    /// Never NaN.
    pub score: f64,
}

/// A candidate that the filter refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected {
    /// Index into `ctx.candidates`, from 0.
    pub candidate: u32,
    /// The first predicate that failed, such as `cmp:price_in:le`.
    pub reason: String,
}

/// What the fail plan says to one entry of `ctx.failures`.
#[derive(Clone, Debug, PartialEq)]
pub struct Reaction {
    /// The action record of the policy, as JSON.
    pub action: String,
    /// How long to wait before the next attempt, in milliseconds.
    pub backoff_ms: f64,
}

/// What a policy decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The identity of the policy that ran, the envelope conjoined.
    pub identity: String,
    /// Best first.
    pub ordered: Vec<Ranked>,
    /// In the order of the candidates.
    pub rejected: Vec<Rejected>,
    /// The request for the first of `ordered`, transformed, as JSON.
    pub request: Option<String>,
    /// One for each of `ctx.failures`.
    pub reactions: Vec<Reaction>,
    /// Work units, computed from sizes alone.
    pub cost: u64,
}

/// Runs a policy over the candidates of a ctx.
pub fn decide(policy: &str, ctx: &str) -> Result<Decision, Refusal> {
    let policy = read("policy", policy)?;
    let ctx = read("ctx", ctx)?;
    let vocabulary = context::vocabulary(&ctx)?;
    let policy = match ctx.get("envelope") {
        Some(envelope) => constrain(&policy, envelope)?,
        None => policy,
    };
    let term = normalize(admit_policy(&policy, &vocabulary)?.term);
    let customs = match ctx.get("customs") {
        Some(customs) => {
            customs.as_object().ok_or_else(|| refuse("ctx.customs: expected an object"))?
        }
        None => &[],
    };
    let policy = Compiler { vocabulary: &vocabulary, customs }.policy(&term)?;
    let context = Context::read(&ctx, &vocabulary)?;
    let encoding = encode::encode(&term);
    let count = context.catalog.len();
    let sizes = cost::Sizes {
        encoding: encoding.len() as u64,
        weight: ctx.weight(),
        candidates: count as u64,
        failures: context.failures.len() as u64,
    };

    let scene = context.scene(&vocabulary);
    let mut survivors: Vec<u32> = (0..count as u32).collect();
    let mut failed: Vec<(u32, Reason)> = Vec::new();
    policy.filter.bind(&scene).sieve(&mut survivors, &mut |row, reason| failed.push((row, reason)));
    failed.sort_unstable_by_key(|(row, _)| *row);
    let rejected =
        failed.iter().map(|(row, reason)| Rejected { candidate: *row, reason: reason.to_string() });
    let scores = policy.scorer.score(&scene, &survivors);
    let scored = survivors.iter().zip(scores).map(|(&row, score)| Scored { row, score }).collect();
    let ordered = policy.selector.order(&scene, context.seed, scored);

    let request = ordered.first().map(|winner| {
        let mut request = context.body.to_vec();
        policy.transform.apply(&mut request, &scene, winner.row as usize, context.seed);
        Value::Object(request).to_json()
    });
    let reactions = context.failures.iter().filter_map(|failure| {
        let action = policy.fail_plan.classify(&failure.kind)?;
        Some(Reaction { action: action.to_json(), backoff_ms: backoff(action, failure.attempt) })
    });
    Ok(Decision {
        identity: encode::sha256(&encoding),
        reactions: reactions.collect(),
        ordered: ordered
            .into_iter()
            .map(|Scored { row, score }| Ranked { candidate: row, score })
            .collect(),
        rejected: rejected.collect(),
        request,
        cost: cost::of(&term, customs, sizes),
    })
}
