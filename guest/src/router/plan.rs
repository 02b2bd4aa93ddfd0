//! The plan of a run: which policy, over which candidates, in which order.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::candidates::{Supplies, candidates};
use super::config::Config;
use super::elaborate::elaborate;
use super::keys::only;
use super::runtime::Runtime;
use crate::call_scoped::CallScoped;
use crate::catalog::{Catalog, Columns, Labels};
use crate::compile::Slots;
use crate::context::Context;
use crate::cost;
use crate::digest::sha256_hex;
use crate::encode::fingerprint;
use crate::json::{Object, Value, lookup, reborrow};
use crate::names::NONE;
use crate::observation::Observation;
use crate::overlay::Overlay;
use crate::policy::{Policy, under_envelope};
use crate::predicate::Reason;
use crate::ranking::{Barred, Ranking, filter, order};
use crate::refusal::Refusal;
use crate::state_weight::member;
use crate::vocabulary::Profile;

/// What a contract resolves to.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The policy that runs, envelope included: as a term, and compiled.
    pub policy: Value<'a>,
    pub slots: Slots,
    pub identity: String,
    pub fingerprint: String,
    /// The candidates to try, best first, with their scores.
    pub ordered: Vec<(Value<'a>, f64)>,
    /// `{provider, model, reason}` each, or `{reason, pin}`.
    pub rejected: Vec<Value<'a>>,
    /// What the policy may look at of the runtime state, as it was when the run started.
    pub observed: Value<'a>,
    pub logs: Vec<Value<'a>>,
    /// Work units, as for a decision.
    pub cost: u64,
}

/// The keys of a contract that mean something.
const CONTRACT: [&str; 16] = [
    "chain",
    "extra_candidates",
    "images",
    "max_tokens",
    "messages",
    "policy_ir",
    "profile",
    "prompt",
    "protocol",
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
    config: &'a Config<'a>,
    runtime: &mut Runtime<'a>,
    supplies: Supplies<'a>,
    contract: &Value<'a>,
) -> Result<Plan<'a>, String> {
    known_keys(config, contract)?;
    let text = |refusal: Refusal| refusal.message;
    let source = PolicySource::of(config, contract)?;
    // the state is looked at before the policy is, which may be wrong
    runtime.close_expired(supplies.now_ms, &config.defaults);
    runtime.refresh_disabled(supplies.now_ms, &config.defaults);
    let term = source.term(config, contract)?;
    let policy = Policy::new(&term, &config.vocabulary, &config.customs).map_err(text)?;

    let (candidates, logs) = candidates(config, runtime, supplies, contract)?;
    let ctx = asked(contract, supplies.now_ms)
        .with("state", observed(runtime))
        .with("vocabulary", config.vocabulary_text.reborrow())
        .with("customs", Value::Object(reborrow(&config.customs)))
        .build();
    let context = CallScoped::new(Context::read(&ctx, &config.vocabulary).map_err(text)?);
    let candidates = CallScoped::new(Value::Array(candidates));
    let columns = Columns::Of(&policy.slots.fields);
    let catalog =
        Catalog::read(&candidates, "ctx.candidates", &config.vocabulary, columns).map_err(text)?;
    let catalog = CallScoped::new(catalog);
    let overlay = CallScoped::new(Overlay::new(&catalog, &context.state, &config.vocabulary));
    let weight = ctx.weight() + member("candidates", Some(&candidates));
    let candidates = candidates.as_array().unwrap_or(&[]);
    let observation = Observation {
        catalog: &catalog,
        overlay: &overlay,
        request: &context.request,
        vocabulary: &config.vocabulary,
    };

    let mut barred = Vec::new();
    let asked_for = protocol(contract);
    for (row, candidate) in (0..).zip(candidates) {
        let provider = candidate.get("provider_id").and_then(Value::as_str).unwrap_or_default();
        let no_credential = runtime.has_no_credential(provider);
        if let Some(why) = bar(protocol(candidate) != asked_for, no_credential) {
            barred.push((row, why));
        }
    }
    let (ranking, missing) = rank(&policy.slots, observation, context.seed, contract, &barred);
    let mut rejected = Vec::new();
    if let Some(pin) = missing {
        rejected.push(Object::new().text("reason", PIN_NOT_FOUND).with("pin", pin.clone()).build());
    }
    for (row, number) in &ranking.rejected {
        let Some(candidate) = candidates.get(*row as usize) else { continue };
        let named = |key| candidate.get(key).cloned().unwrap_or(Value::text(""));
        let entry = Object::new()
            .with("provider", named("provider_id"))
            .with("model", named("model_family"))
            .text("reason", ranking.reason(*number));
        rejected.push(entry.build());
    }
    let ordered = ranking.ordered.iter();
    let ordered = ordered
        .filter_map(|scored| Some((candidates.get(scored.row as usize)?.clone(), scored.score)))
        .collect();

    let encoding = policy.encoding();
    let sizes = cost::Sizes {
        encoding: encoding.len() as u64,
        weight,
        work: cost::work(policy.normal(), &config.customs, candidates.len() as u64),
        failures: 0,
    };
    let slots = policy.slots;
    Ok(Plan {
        cost: cost::of(sizes),
        policy: term,
        slots,
        identity: sha256_hex(&encoding),
        fingerprint: fingerprint(&encoding),
        ordered,
        rejected,
        observed: ctx.get("state").cloned().unwrap_or(Value::Object(Vec::new())),
        logs,
    })
}

/// In the `strict` profile a contract has keys that mean something, and no other.
#[inline(never)]
pub fn known_keys(config: &Config, contract: &Value) -> Result<(), String> {
    match config.vocabulary.profile {
        Profile::Strict => {
            only("contract", contract, &CONTRACT)?;
            match contract.get("protocol").map(Value::as_str) {
                Some(None) => Err("contract.protocol: expected a string".to_string()),
                _ => Ok(()),
            }
        }
        Profile::Reference => Ok(()),
    }
}

/// Where the policy of a contract comes from.
pub enum PolicySource<'v, 'a> {
    /// The contract has one of its own.
    Contract(&'v Value<'a>),
    Profile(&'v Value<'a>),
}

impl<'v, 'a> PolicySource<'v, 'a> {
    /// The policy of the contract, else the profile that it names, which has to be there.
    pub fn of(config: &'v Config<'a>, contract: &'v Value<'a>) -> Result<Self, String> {
        if let Some(term) = contract.get("policy_ir") {
            return Ok(Self::Contract(term));
        }
        let name = profile_name(contract);
        let profile = lookup(&config.profiles, name).ok_or_else(|| unknown_profile(name))?;
        Ok(Self::Profile(profile))
    }

    /// The term: a contract's under the envelope, a profile's as it is or lowered.
    pub fn term(&self, config: &Config<'a>, contract: &Value<'a>) -> Result<Value<'a>, String> {
        match (self, &config.envelope) {
            (Self::Contract(term), Some(envelope)) => {
                under_envelope(term, envelope).map_err(|refusal| refusal.message)
            }
            (Self::Contract(term), None) => Ok((*term).clone()),
            (Self::Profile(profile), _) => profile_term(config, profile, Some(contract)),
        }
    }
}

/// The profile that a contract runs under where it has no policy of its own.
pub fn profile_name<'v>(contract: &'v Value) -> &'v str {
    contract.get("profile").and_then(Value::as_str).unwrap_or("default")
}

pub fn unknown_profile(name: &str) -> String {
    format!("unknown profile: {name}")
}

/// The policy of a profile, lowered where it is not a term.
#[inline(never)]
pub fn profile_term<'a>(
    config: &Config<'a>,
    profile: &Value<'a>,
    contract: Option<&Value<'a>>,
) -> Result<Value<'a>, String> {
    if let Some(term) = profile.get("policy_ir") {
        return Ok(term.clone());
    }
    let table = profile.get("retry_policy").and_then(Value::as_str);
    let table = table.and_then(|name| lookup(&config.retry_policies, name));
    elaborate(profile, table, contract)
}

/// The part of the ctx that a contract makes: the request, the seed and the time.
#[inline(never)]
pub fn asked<'a>(contract: &Value<'a>, now_ms: f64) -> Object<'a> {
    let mut request = Object::from(contract.as_object().unwrap_or(&[]));
    // these two are the router's own and no policy sees them
    if let Some(requirements) = contract.get("requirements").and_then(Value::as_object) {
        let requirements = Object::from(requirements).maybe("pin", None);
        request = request.with("requirements", requirements.maybe("max_latency_ms", None).build());
    }
    Object::new()
        .with("request", request.build())
        .copy(contract, &["seed"])
        .number("now_ms", now_ms)
}

/// The part of the ctx that the runtime state makes.
#[inline(never)]
pub fn observed<'a>(runtime: &Runtime<'a>) -> Value<'a> {
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
    Object::new()
        .with("ema", prices.build())
        .with("credits", credits.build())
        .with("breakers", breakers.build())
        .with("disabled", Value::Object(runtime.disabled().to_vec()))
        .build()
}

/// What a call is: `chat`, unless the contract or the model says otherwise.
#[inline(never)]
pub fn protocol<'v>(of: &'v Value) -> &'v str {
    of.get("protocol").and_then(Value::as_str).unwrap_or("chat")
}

/// Why a candidate is for no policy to see: it speaks another protocol than the contract, or its
/// provider is known to have no credential.
pub fn bar(other_protocol: bool, no_credential: bool) -> Option<Reason<'static>> {
    match (other_protocol, no_credential) {
        (true, _) => Some(Reason::Named("protocol")),
        (false, true) => Some(Reason::Named("no_credential")),
        (false, false) => None,
    }
}

/// The reason of a pin that no candidate is.
pub const PIN_NOT_FOUND: &str = "pin_not_found";

/// Orders the candidates, or the one that the contract pins, and says why the others are not tried.
/// A pin that no candidate is comes back.
pub fn rank<'p, 'v, 't>(
    slots: &'p Slots,
    observation: Observation<'p>,
    seed: Option<f64>,
    contract: &'v Value<'t>,
    barred: &Barred,
) -> (Ranking<'p>, Option<&'v Value<'t>>) {
    let pin = contract.get("requirements").and_then(|requirements| requirements.get("pin"));
    let Some(pin) = pin else { return (Ranking::new(slots, observation, seed, barred), None) };
    let is_barred = |row: u32| barred.iter().any(|(barred, _)| *barred == row);
    let found = pinned(observation.catalog, pin, is_barred);
    let mut rows: Vec<u32> = found.into_iter().collect();
    let missing = rows.is_empty().then_some(pin);
    // in the reference a pin passes the filter by, and with it the envelope
    let (rejected, reasons) = match observation.vocabulary.profile {
        Profile::Reference if !found.is_some_and(is_barred) => (Vec::new(), Vec::new()),
        _ => filter(slots, observation, &mut rows, barred),
    };
    (Ranking { ordered: order(slots, observation, seed, &rows), rejected, reasons }, missing)
}

/// The first candidate that is the pinned one; one that is barred only where there is no other.
fn pinned(catalog: &Catalog, pin: &Value, is_barred: impl Fn(u32) -> bool) -> Option<u32> {
    let part = |key| pin.get(key).and_then(Value::as_str).unwrap_or_default();
    let number = |labels: &Labels, key| Some(labels.names.find(part(key))).filter(|at| *at != NONE);
    let provider = number(&catalog.providers, "provider")?;
    let family = number(&catalog.families, "model")?;
    let mut first = None;
    for (row, pair) in (0..).zip(catalog.providers.rows.iter().zip(&catalog.families.rows)) {
        if pair == (&provider, &family) {
            if !is_barred(row) {
                return Some(row);
            }
            first = first.or(Some(row));
        }
    }
    first
}
