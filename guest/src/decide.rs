//! A decision: the short walk through all five slots.

use alloc::string::String;
use alloc::vec::Vec;

use crate::bits::{Bits, ROWS, ones};
use crate::context::{self, Context, Failure, refuse};
use crate::cost;
use crate::encode;
use crate::exact::is_nan;
use crate::fail_plan::backoff;
use crate::json::object_text;
use crate::normal::normalize;
use crate::policy::{Compiler, Policy, admit_policy, constrain};
use crate::predicate::Reason;
use crate::read::read;
use crate::refusal::Refusal;
use crate::scene::{Overlay, Scene};
use crate::scrap::Scrap;
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
    let ctx = Scrap::new(read("ctx", ctx)?);
    let vocabulary = Scrap::new(context::vocabulary(&ctx)?);
    let policy = Scrap::new(match ctx.get("envelope") {
        Some(envelope) => constrain(&policy, envelope)?,
        None => policy,
    });
    let term = Scrap::new(normalize(admit_policy(&policy, &vocabulary)?.term));
    let customs = match ctx.get("customs") {
        Some(customs) => {
            customs.as_object().ok_or_else(|| refuse("ctx.customs: expected an object"))?
        }
        None => &[],
    };
    let policy = Scrap::new(Compiler { vocabulary: &vocabulary, customs }.policy(&term)?);
    let context = Scrap::new(Context::read(&ctx, &vocabulary)?);
    let catalog = Scrap::new(context::catalog(&ctx, &vocabulary)?);
    let overlay = Scrap::new(Overlay::new(&catalog, &context.state, &vocabulary));
    let encoding = Scrap::new(encode::encode(&term));
    let sizes = cost::Sizes {
        encoding: encoding.len() as u64,
        weight: ctx.weight(),
        work: cost::work(&term, customs, catalog.len() as u64),
        failures: context.failures.len() as u64,
    };
    let scene = Scene {
        catalog: &catalog,
        overlay: &overlay,
        request: &context.request,
        vocabulary: &vocabulary,
    };
    let verdict = Scrap::new(Verdict::new(&policy, scene, context.seed));
    let ranked = |scored: &Scored| Ranked { candidate: scored.row, score: scored.score };
    let rejected = verdict.rejected.iter();
    Ok(Decision {
        identity: encode::sha256(&encoding),
        ordered: verdict.ordered.iter().map(ranked).collect(),
        rejected: rejected
            .map(|(row, number)| Rejected { candidate: *row, reason: verdict.reason(*number) })
            .collect(),
        request: verdict.request(&policy, scene, &context),
        reactions: reactions(&policy, &context.failures),
        cost: cost::of(sizes),
    })
}

/// Who is tried, in which order, and who not.
pub struct Verdict<'a> {
    pub ordered: Vec<Scored>,
    /// In the order of the candidates, each with the number of its reason.
    pub rejected: Vec<(u32, u32)>,
    /// Each reason once.
    pub reasons: Vec<Reason<'a>>,
}

impl<'a> Verdict<'a> {
    pub fn new(policy: &'a Policy, scene: Scene<'a>, seed: Option<f64>) -> Self {
        let (survivors, rejected, reasons) =
            sieve(policy, scene, Bits::all(scene.catalog.len(), true));
        Self { ordered: order(policy, scene, seed, &survivors), rejected, reasons }
    }

    pub fn reason(&self, number: u32) -> String {
        self.reasons.get(number as usize).map(Reason::text).unwrap_or_default()
    }

    /// The request for the winner.
    pub fn request(&self, policy: &Policy, scene: Scene, context: &Context) -> Option<String> {
        let winner = self.ordered.first()?;
        if let Xform::Id = policy.transform {
            return Some(object_text(context.body));
        }
        let mut request = context.body.to_vec();
        policy.transform.apply(&mut request, scene, winner.row as usize, context.seed);
        Some(object_text(&request))
    }
}

/// Keeps the rows that pass the filter; the others come back in their order, with the number of the
/// reason.
pub fn filter<'a>(
    policy: &'a Policy,
    scene: Scene<'a>,
    rows: &mut Vec<u32>,
) -> (Vec<(u32, u32)>, Vec<Reason<'a>>) {
    let mut set = Bits::all(scene.catalog.len(), false);
    for row in rows.iter() {
        set.set(*row as usize, true);
    }
    let (survivors, rejected, reasons) = sieve(policy, scene, set);
    *rows = survivors;
    (rejected, reasons)
}

/// What [`Verdict`] has: who is left, who is rejected and why.
type Sieved<'a> = (Vec<u32>, Vec<(u32, u32)>, Vec<Reason<'a>>);

fn sieve<'a>(policy: &'a Policy, scene: Scene<'a>, mut rows: Bits) -> Sieved<'a> {
    let mut reasons: Vec<Reason> = Vec::new();
    // the number of the reason of each row that fails, and which rows those are
    let mut numbers: Vec<u32> = Vec::new();
    let mut failed = Bits::NONE;
    let mut count = 0;
    Scrap::new(policy.filter.bind(scene)).sieve(&mut rows, &mut |at, fails, reason| {
        // there are as many as the policy has tests: a handful
        let number = reasons.iter().position(|known| *known == reason).unwrap_or_else(|| {
            reasons.push(reason);
            reasons.len() - 1
        });
        if count == 0 {
            numbers.resize(scene.catalog.len(), 0);
            failed = Bits::all(scene.catalog.len(), false);
        }
        count += fails.count_ones() as usize;
        failed.add_word(at, fails);
        for place in ones(fails) {
            if let Some(slot) = numbers.get_mut(ROWS * at + place) {
                *slot = number as u32;
            }
        }
    });
    let mut survivors = Vec::with_capacity(scene.catalog.len() - count);
    rows.runs().for_each(|run| survivors.extend(run.start as u32..run.end as u32));
    let mut rejected = Vec::with_capacity(count);
    failed.rows().for_each(|row| {
        rejected.push((row as u32, numbers.get(row).copied().unwrap_or_default()));
    });
    (survivors, rejected, reasons)
}

/// The order in which survivors of the filter are tried.
pub fn order(policy: &Policy, scene: Scene, seed: Option<f64>, survivors: &[u32]) -> Vec<Scored> {
    let scores = policy.scorer.score(scene, survivors);
    let scored = survivors.iter().zip(scores).map(|(&row, score)| {
        // so that an order exists
        let score = if is_nan(score) { f64::NEG_INFINITY } else { score };
        Scored { row, score }
    });
    policy.selector.order(scene, seed, scored.collect())
}

/// What the fail plan says to each failure.
pub fn reactions(policy: &Policy, failures: &[Failure]) -> Vec<Reaction> {
    let reactions = failures.iter().filter_map(|failure| {
        let action = policy.fail_plan.classify(&failure.kind)?;
        Some(Reaction { action: action.to_json(), backoff_ms: backoff(action, failure.attempt) })
    });
    reactions.collect()
}
