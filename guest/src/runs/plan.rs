//! The plan of a run: which policy, over which candidates, in which order.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::config::Config;
use super::elaborate::elaborate;
use super::keys::only;
use super::pool::{Supplies, pool};
use super::runtime::Runtime;
use crate::catalog::Catalog;
use crate::context::Context;
use crate::cost;
use crate::decide::{filter, order};
use crate::encode;
use crate::json::{Object, Value, lookup};
use crate::normal::normalize;
use crate::policy::{Compiler, admit_policy, constrain};
use crate::predicate::Reason;
use crate::refusal::Refusal;
use crate::scene::{Overlay, Scene};
use crate::state_weight::member;
use crate::vocabulary::Profile;

/// What a contract resolves to.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The policy that runs, envelope included.
    pub policy: Value<'a>,
    pub identity: String,
    pub fingerprint: String,
    /// The candidates to try, best first, with their scores.
    pub ordered: Vec<(Value<'a>, f64)>,
    /// `{provider, model, reason}` each, or `{reason, pin}`.
    pub rejected: Vec<Value<'a>>,
    /// Everything but the candidates that the policy may look at, as it was when the run started.
    pub ctx: Value<'a>,
    pub logs: Vec<Value<'a>>,
    /// Work units, as for a decision.
    pub cost: u64,
}

/// The keys of a contract that mean something.
const CONTRACT: [&str; 15] = [
    "chain",
    "extra_candidates",
    "images",
    "max_tokens",
    "messages",
    "policy_ir",
    "profile",
    "prompt",
    "requirements",
    "response_format",
    "scope",
    "seed",
    "temperature",
    "timeout_ms",
    "tools",
];

/// Resolves a contract; the error is the one that the run ends with.
pub fn plan<'a>(
    config: &Config<'a>,
    runtime: &mut Runtime<'a>,
    supplies: Supplies<'a>,
    contract: &Value<'a>,
) -> Result<Plan<'a>, String> {
    if config.vocabulary.profile == Profile::Strict {
        only("contract", contract, &CONTRACT)?;
    }
    let text = |refusal: Refusal| refusal.message;
    let term = policy_term(config, contract)?;
    let admitted = admit_policy(&term, &config.vocabulary).map_err(text)?;
    let normal = normalize(admitted.term);
    let compiler = Compiler { vocabulary: &config.vocabulary, customs: &config.customs };
    let policy = compiler.policy(&normal).map_err(text)?;

    let (candidates, logs) = pool(config, runtime, supplies, contract)?;
    runtime.close_expired(supplies.now_ms, &config.defaults);
    runtime.refresh_disabled(supplies.now_ms, &config.defaults);
    let ctx = ctx_of(config, runtime, supplies.now_ms, contract);
    let context = Context::read(&ctx, &config.vocabulary).map_err(text)?;
    let candidates = Value::Array(candidates);
    let catalog = Catalog::read(&candidates, "ctx.candidates", &config.vocabulary).map_err(text)?;
    let weight = ctx.weight() + member("candidates", Some(&candidates));
    let candidates = candidates.as_array().unwrap_or(&[]);
    let scene = Scene {
        catalog: &catalog,
        overlay: &Overlay::new(&catalog, &context.state, &config.vocabulary),
        request: &context.request,
        vocabulary: &config.vocabulary,
    };

    let mut rejected = Vec::new();
    let pin = contract.get("requirements").and_then(|requirements| requirements.get("pin"));
    let mut survivors: Vec<u32> = match pin {
        None => (0..catalog.len() as u32).collect(),
        Some(pin) => {
            let part = |key| pin.get(key).and_then(Value::as_str).unwrap_or_default();
            let (provider, model) = (part("provider"), part("model"));
            let pinned = candidates.iter().position(|candidate| {
                let is = |key, wanted| candidate.get(key).and_then(Value::as_str) == Some(wanted);
                is("provider_id", provider) && is("model_family", model)
            });
            if pinned.is_none() {
                let missing = Object::new().text("reason", "pin_not_found");
                rejected.push(missing.with("pin", pin.clone()).build());
            }
            pinned.into_iter().map(|row| row as u32).collect()
        }
    };
    // in the reference a pin passes the filter by, and with it the envelope
    if pin.is_none() || config.vocabulary.profile == Profile::Strict {
        let (failed, reasons) = filter(&policy, scene, &mut survivors);
        for (row, number) in failed {
            let reason = reasons.get(number as usize).map(Reason::text);
            let Some(candidate) = candidates.get(row as usize) else { continue };
            let named = |key| candidate.get(key).cloned().unwrap_or(Value::text(""));
            let entry = Object::new()
                .with("provider", named("provider_id"))
                .with("model", named("model_family"))
                .text("reason", reason.unwrap_or_default());
            rejected.push(entry.build());
        }
    }
    let ordered = order(&policy, scene, context.seed, &survivors);
    let ordered = ordered
        .into_iter()
        .filter_map(|scored| Some((candidates.get(scored.row as usize)?.clone(), scored.score)))
        .collect();

    let encoding = encode::encode(&normal);
    let sizes = cost::Sizes {
        encoding: encoding.len() as u64,
        weight,
        work: cost::work(&normal, &config.customs, candidates.len() as u64),
        failures: 0,
    };
    Ok(Plan {
        cost: cost::of(sizes),
        policy: term,
        identity: encode::sha256(&encoding),
        fingerprint: encode::fingerprint(&encoding),
        ordered,
        rejected,
        ctx,
        logs,
    })
}

/// The contract's own policy under the envelope, else the profile's, else the lowered profile.
fn policy_term<'a>(config: &Config<'a>, contract: &Value<'a>) -> Result<Value<'a>, String> {
    if let Some(term) = contract.get("policy_ir") {
        return match &config.envelope {
            Some(envelope) => constrain(term, envelope).map_err(|refusal| refusal.message),
            None => Ok(term.clone()),
        };
    }
    let name = contract.get("profile").and_then(Value::as_str).unwrap_or("default");
    let Some(profile) = lookup(&config.profiles, name) else {
        return Err(format!("unknown profile: {name}"));
    };
    if let Some(term) = profile.get("policy_ir") {
        return Ok(term.clone());
    }
    let table = profile.get("retry_policy").and_then(Value::as_str);
    let table = table.and_then(|name| lookup(&config.retry_policies, name));
    elaborate(profile, table, Some(contract))
}

/// The ctx without its candidates.
fn ctx_of<'a>(
    config: &Config<'a>,
    runtime: &Runtime<'a>,
    now_ms: f64,
    contract: &Value<'a>,
) -> Value<'a> {
    let mut request = Object::from(contract.as_object().unwrap_or(&[]));
    // these two are the router's own and no policy sees them
    if let Some(requirements) = contract.get("requirements").and_then(Value::as_object) {
        let requirements = Object::from(requirements).maybe("pin", None);
        request = request.with("requirements", requirements.maybe("max_latency_ms", None).build());
    }
    let (mut prices, mut credits, mut breakers) = (Object::new(), Object::new(), Object::new());
    for (pair, entry) in runtime.prices() {
        prices = prices.with(pair, entry.clone());
    }
    for (provider, left) in runtime.credits() {
        credits = credits.with(provider, left.clone());
    }
    for (provider, entry) in runtime.breakers() {
        let open = entry.get("open").and_then(Value::as_bool) == Some(true);
        breakers = breakers.flag(provider, open);
    }
    let state = Object::new()
        .with("ema", prices.build())
        .with("credits", credits.build())
        .with("breakers", breakers.build())
        .with("disabled", Value::Object(runtime.disabled().to_vec()));
    Object::new()
        .with("request", request.build())
        .with("state", state.build())
        .copy(contract, &["seed"])
        .number("now_ms", now_ms)
        .with("vocabulary", config.vocabulary_text.clone())
        .with("customs", Value::Object(config.customs.clone()))
        .build()
}
