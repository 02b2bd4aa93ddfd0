//! The plan of a run: which policy, over which candidates, in which order.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::config::Config;
use super::elaborate::elaborate;
use super::pool::{Supplies, pool};
use super::record;
use super::runtime::Runtime;
use crate::context::Context;
use crate::encode;
use crate::json::{Members, Value, lookup, set};
use crate::normal::normalize;
use crate::policy::{Compiler, admit_policy, constrain};
use crate::predicate::World;
use crate::selector::Scored;
use crate::vocabulary::Profile;

/// What a contract resolves to.
#[derive(Debug)]
pub struct Plan {
    /// The policy that runs, envelope included.
    pub policy: Value,
    pub identity: String,
    pub fingerprint: String,
    /// The candidates to try, best first, with their scores.
    pub ordered: Vec<(Value, f64)>,
    /// `{provider, model, reason}` each, or `{reason, pin}`.
    pub rejected: Vec<Value>,
    /// Everything but the candidates that the policy may look at, as it was when the run started.
    pub ctx: Vec<(String, Value)>,
    pub logs: Vec<Value>,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoPlan {
    pub error: String,
    /// The reference throws this one.
    pub thrown: bool,
}

/// Resolves a contract. `customs` are the definitions of `custom` symbols.
pub fn plan(
    config: &Config,
    runtime: &mut Runtime,
    supplies: Supplies,
    contract: &Value,
    customs: &Members,
) -> Result<Plan, NoPlan> {
    let term = policy_term(config, contract)?;
    let thrown = |error: String| NoPlan { error, thrown: true };
    let admitted = admit_policy(&term, &config.vocabulary).map_err(|r| thrown(r.message))?;
    let normal = normalize(admitted.term);
    let policy = Compiler { vocabulary: &config.vocabulary, customs }
        .policy(&normal)
        .map_err(|refusal| thrown(refusal.message))?;

    let (candidates, logs) = pool(config, runtime, supplies, contract);
    runtime.close_expired(supplies.now_ms, &config.defaults);
    runtime.refresh_disabled(supplies.now_ms, &config.defaults);
    let mut ctx = ctx_of(config, runtime, supplies.now_ms, contract, customs);
    set(&mut ctx, "candidates", Some(Value::Array(candidates.clone())));
    let ctx = Value::Object(ctx);
    let context = Context::read(&ctx, &config.vocabulary).map_err(|r| thrown(r.message))?;
    let world = World {
        population: &context.population,
        request: &context.request,
        vocabulary: &config.vocabulary,
    };

    let mut rejected = Vec::new();
    let mut survivors = Vec::new();
    let pin = contract.get("requirements").and_then(|requirements| requirements.get("pin"));
    let rows: Vec<usize> = match pin {
        None => (0..candidates.len()).collect(),
        Some(pin) => {
            let part = |key| pin.get(key).and_then(Value::as_str);
            let pinned = context.population.candidates.iter().position(|candidate| {
                part("provider") == Some(candidate.provider_id)
                    && part("model") == Some(candidate.model_family)
            });
            if pinned.is_none() {
                rejected.push(record([
                    ("reason", Some(Value::String("pin_not_found".to_string()))),
                    ("pin", Some(pin.clone())),
                ]));
            }
            pinned.into_iter().collect()
        }
    };
    // in the reference a pin passes the filter by, and with it the envelope
    let filtered = pin.is_none() || config.vocabulary.profile == Profile::Strict;
    for row in rows {
        let verdict = if filtered { policy.filter.check(world, row) } else { Ok(()) };
        match (verdict, context.population.candidates.get(row)) {
            (Err(reason), Some(candidate)) => rejected.push(record([
                ("provider", Some(Value::String(candidate.provider_id.to_string()))),
                ("model", Some(Value::String(candidate.model_family.to_string()))),
                ("reason", Some(Value::String(reason.to_string()))),
            ])),
            _ => survivors.push(row),
        }
    }
    let scores = policy.scorer.score(world, &survivors);
    let scored = survivors.iter().zip(scores).map(|(&row, score)| Scored { row, score }).collect();
    let ordered = policy.selector.order(world, context.seed, scored);
    let ordered = ordered
        .into_iter()
        .filter_map(|scored| Some((candidates.get(scored.row)?.clone(), scored.score)))
        .collect();

    let encoding = encode::encode(&normal);
    let mut ctx = ctx.as_object().unwrap_or(&[]).to_vec();
    set(&mut ctx, "candidates", None);
    Ok(Plan {
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
fn policy_term(config: &Config, contract: &Value) -> Result<Value, NoPlan> {
    let thrown = |error: String| NoPlan { error, thrown: true };
    if let Some(term) = contract.get("policy_ir") {
        return match &config.envelope {
            Some(envelope) => constrain(term, envelope).map_err(|r| thrown(r.message)),
            None => Ok(term.clone()),
        };
    }
    let name = contract.get("profile").and_then(Value::as_str).unwrap_or("default");
    let Some(profile) = lookup(&config.profiles, name) else {
        return Err(NoPlan { error: format!("unknown profile: {name}"), thrown: false });
    };
    if let Some(term) = profile.get("policy_ir") {
        return Ok(term.clone());
    }
    let table = profile.get("retry_policy").and_then(Value::as_str);
    let table = table.and_then(|name| lookup(&config.retry_policies, name));
    elaborate(profile, table, Some(contract)).map_err(thrown)
}

fn ctx_of(
    config: &Config,
    runtime: &Runtime,
    now_ms: f64,
    contract: &Value,
    customs: &Members,
) -> Vec<(String, Value)> {
    let mut request = contract.as_object().unwrap_or(&[]).to_vec();
    // these two are the router's own and no policy sees them
    if let Some(requirements) = lookup(&request, "requirements").and_then(Value::as_object) {
        let mut requirements = requirements.to_vec();
        set(&mut requirements, "pin", None);
        set(&mut requirements, "max_latency_ms", None);
        set(&mut request, "requirements", Some(Value::Object(requirements)));
    }
    let owned = |(key, value): (&str, &Value)| (key.to_string(), value.clone());
    let breakers = runtime.breakers().iter().map(|(provider, entry)| {
        let open = entry.get("open").and_then(Value::as_bool) == Some(true);
        (provider.clone(), Value::Bool(open))
    });
    let state = record([
        ("ema", Some(Value::Object(runtime.prices().map(owned).collect()))),
        ("credits", Some(Value::Object(runtime.credits().map(owned).collect()))),
        ("breakers", Some(Value::Object(breakers.collect()))),
        ("disabled", Some(Value::Object(runtime.disabled().to_vec()))),
    ]);
    let ctx = record([
        ("request", Some(Value::Object(request))),
        ("state", Some(state)),
        ("seed", contract.get("seed").cloned()),
        ("now_ms", Some(Value::Number(now_ms))),
        ("vocabulary", Some(config.vocabulary_text.clone())),
        ("customs", Some(Value::Object(customs.to_vec()))),
    ]);
    ctx.as_object().unwrap_or(&[]).to_vec()
}
