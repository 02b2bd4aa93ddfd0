//! A decision: the short walk through all five slots.

use alloc::string::String;
use alloc::vec::Vec;

use crate::call_scoped::CallScoped;
use crate::catalog::Columns;
use crate::compile::Slots;
use crate::context::{self, Context, Failure};
use crate::cost;
use crate::digest::sha256_hex;
use crate::fail_plan::backoff;
use crate::json::{object_text, read};
use crate::observation::Observation;
use crate::overlay::Overlay;
use crate::policy::{Policy, normal_form, under_envelope};
use crate::ranking::Ranking;
use crate::refusal::Refusal;
use crate::selector::Scored;
use crate::transform::Xform;

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
    let ctx = CallScoped::new(read("ctx", ctx)?);
    let vocabulary = CallScoped::new(context::vocabulary(&ctx)?);
    let policy = CallScoped::new(match ctx.get("envelope") {
        Some(envelope) => under_envelope(&policy, envelope)?,
        None => policy,
    });
    let normal = normal_form(&policy, &vocabulary)?;
    let customs = match ctx.get("customs") {
        Some(customs) => {
            customs.as_object().ok_or_else(|| Refusal::ctx("ctx.customs: expected an object"))?
        }
        None => &[],
    };
    let policy = CallScoped::new(Policy::compile(normal, &vocabulary, customs)?);
    let context = CallScoped::new(Context::read(&ctx, &vocabulary)?);
    let catalog =
        CallScoped::new(context::catalog(&ctx, &vocabulary, Columns::Of(&policy.slots.fields))?);
    let overlay = CallScoped::new(Overlay::new(&catalog, &context.state, &vocabulary));
    let encoding = CallScoped::new(policy.encoding());
    let sizes = cost::Sizes {
        encoding: encoding.len() as u64,
        weight: ctx.weight(),
        work: cost::work(policy.normal(), customs, catalog.len() as u64),
        failures: context.failures.len() as u64,
    };
    let observation = Observation {
        catalog: &catalog,
        overlay: &overlay,
        request: &context.request,
        vocabulary: &vocabulary,
    };
    let ranking = CallScoped::new(Ranking::new(&policy.slots, observation, context.seed, &[]));
    let ranked = |scored: &Scored| Ranked { candidate: scored.row, score: scored.score };
    let rejected = ranking.rejected.iter();
    Ok(Decision {
        identity: sha256_hex(encoding.as_str()),
        ordered: ranking.ordered.iter().map(ranked).collect(),
        rejected: rejected
            .map(|(row, number)| Rejected { candidate: *row, reason: ranking.reason(*number) })
            .collect(),
        request: request(&policy.slots, &ranking, observation, &context),
        reactions: reactions(&policy.slots, &context.failures),
        cost: cost::of(sizes),
    })
}

/// The request for the winner, transformed.
pub fn request(
    slots: &Slots,
    ranking: &Ranking,
    observation: Observation,
    context: &Context,
) -> Option<String> {
    let winner = ranking.ordered.first()?;
    if let Xform::Id = slots.transform {
        return Some(object_text(context.body));
    }
    let body = context.body.to_vec();
    let row = winner.row as usize;
    Some(object_text(&slots.transform.apply(body, observation, row, context.seed)))
}

/// What the fail plan says to each failure.
pub fn reactions(slots: &Slots, failures: &[Failure]) -> Vec<Reaction> {
    let reactions = failures.iter().filter_map(|failure| {
        let action = slots.fail_plan.classify(&failure.kind)?;
        Some(Reaction { action: action.to_json(), backoff_ms: backoff(action, failure.attempt) })
    });
    reactions.collect()
}
