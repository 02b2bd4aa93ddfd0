//! The candidates of a call: the configured ones, the offers of marketplaces, and the caller's own,
//! each with the price it is ranked by.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::config::Config;
use super::keys;
use super::prices::{PRICED, hosts_multiplier, priced};
use super::runtime::Runtime;
use crate::candidate::typed;
use crate::json::{Members, Object, Value, lookup};
use crate::vocabulary::{Profile, Vocabulary};

/// What the host knows besides the state.
#[derive(Clone, Copy, Debug)]
pub struct Supplies<'a> {
    /// The reply of each discovery, by id: `{ok, offers, fetched_at_ms?, error?}`.
    pub offers: &'a Members<'a>,
    /// Price multipliers, by `provider|source` or by provider.
    pub multipliers: &'a Members<'a>,
    pub now_ms: f64,
}

/// Where calls go, with which credential, and what the provider is. A caller has no say in it.
const PROVIDED: [&str; 8] =
    ["api_kind", "auth", "auth_env", "aws_region", "base_url", "has_tee", "no_log", "tier"];

/// The candidates, and a log record for each discovery that failed.
pub fn candidates<'a>(
    config: &'a Config<'a>,
    runtime: &mut Runtime<'a>,
    supplies: Supplies<'a>,
    contract: &Value<'a>,
) -> Result<(Vec<Value<'a>>, Vec<Value<'a>>), String> {
    let mut logs = Vec::new();
    let mut candidates = Vec::new();
    for candidate in &config.candidates {
        candidates.push(enrich(candidate.reborrow(), None, runtime, supplies));
    }
    for (id, provider) in &config.providers {
        let text = |key: &str| provider.get(key).and_then(Value::as_str);
        if text("discovery") != Some("marketplace") {
            continue;
        }
        let discovery = text("discovery_id").unwrap_or_default();
        let source = text("source").unwrap_or(discovery);
        for offer in offers(id, discovery, config, runtime, supplies, &mut logs) {
            if is_live(&offer, provider, supplies.now_ms) {
                let candidate = candidate_of(id, provider, &offer, &config.vocabulary);
                candidates.push(enrich(candidate, Some(source), runtime, supplies));
            }
        }
    }
    let extra = contract.get("extra_candidates").and_then(Value::as_array).unwrap_or(&[]);
    for (index, candidate) in extra.iter().enumerate() {
        let candidate = match config.vocabulary.profile {
            Profile::Strict => connected(candidate, config)
                .map_err(|what| format!("contract.extra_candidates[{index}]{what}"))?,
            Profile::Reference => candidate.clone(),
        };
        candidates.push(enrich(candidate, None, runtime, supplies));
    }
    Ok((candidates, logs))
}

fn offers<'a>(
    provider: &str,
    discovery: &str,
    config: &Config,
    runtime: &mut Runtime<'a>,
    supplies: Supplies<'a>,
    logs: &mut Vec<Value<'a>>,
) -> Vec<Value<'a>> {
    if let Some(offers) = runtime.offers(discovery, supplies.now_ms, &config.defaults) {
        return offers.to_vec();
    }
    let reply = lookup(supplies.offers, discovery);
    let good = reply.filter(|reply| reply.get("ok").is_some_and(Value::is_truthy));
    let found = good.and_then(|reply| reply.get("offers"));
    if let (Some(reply), Some(offers @ (Value::Array(_) | Value::Object(_)))) = (good, found) {
        let fetched = reply.get("fetched_at_ms").and_then(Value::as_number);
        runtime.cache_offers(discovery, offers, fetched.unwrap_or(supplies.now_ms));
        return offers.as_array().unwrap_or(&[]).to_vec();
    }
    let fields = Object::new()
        .text("provider", provider.to_string())
        .text("discovery_id", discovery.to_string());
    let fields = match reply.and_then(|reply| reply.get("error")) {
        Some(error) => fields.with("error", error.clone()),
        None => fields.text("error", "no response"),
    };
    let log = Object::new().text("level", "warn").text("event", "discovery_failed");
    logs.push(log.with("fields", fields.build()).build());
    Vec::new()
}

/// Whether an offer holds at this time, at a price that the provider's cap allows.
fn is_live(offer: &Value, provider: &Value, now_ms: f64) -> bool {
    let number = |value: &Value, key: &str| value.get(key).and_then(Value::as_number);
    let above = |price: &str, bound: &str| {
        let cap = provider.get("market_price_cap").and_then(|cap| number(cap, bound));
        matches!((number(offer, price), cap), (Some(price), Some(cap)) if price > cap)
    };
    number(offer, "expires_at_ms").is_none_or(|expires| expires > now_ms)
        && !above("price_in_usd_per_mtok", "input")
        && !above("price_out_usd_per_mtok", "output")
}

fn candidate_of<'a>(
    id: &str,
    provider: &Value<'a>,
    offer: &Value<'a>,
    vocabulary: &Vocabulary,
) -> Value<'a> {
    let offered = |key: &str| offer.get(key).cloned();
    let alias = offer.get("model_family").and_then(Value::as_str).and_then(|family| {
        let aliases = provider.get("service_aliases")?;
        aliases.get(family).filter(|alias| alias.as_str().is_some()).cloned()
    });
    let provided = |key: &str| provider.get(key).cloned();
    let flag = |key: &str| provided(key).unwrap_or(Value::Bool(false));
    let tier = provided("tier").unwrap_or_else(|| Value::text("marketplace"));
    // what an offer says of a declared field, if it is of the sort of that
    let mut declared = Object::new();
    for (name, field) in vocabulary.extensions() {
        let value = offer.get(name).filter(|value| typed(name, value, field).is_ok());
        declared = declared.maybe(name, value.cloned());
    }
    declared
        .text("provider_id", id.to_string())
        .maybe("model_family", alias.or_else(|| offered("model_family")))
        .maybe("served_model_id", offered("wire_model_id").or_else(|| offered("model_family")))
        .with("capabilities", offered("capabilities").unwrap_or(Value::Object(Vec::new())))
        .copy(offer, &["quality_hint", "success_rate", "latency_ms", "tok_s", "protocol"])
        .maybe("price_in", offered("price_in_usd_per_mtok"))
        .maybe("price_out", offered("price_out_usd_per_mtok"))
        .with("tier", tier)
        .with("has_tee", flag("has_tee"))
        .with("no_log", flag("no_log"))
        .maybe("base_url", offered("seller_endpoint"))
        .copy(provider, &["aws_region", "auth_env", "auth", "api_kind"])
        .text("discovery", "marketplace")
        .with("offer", offer.clone())
        .build()
}

/// A caller's candidate at a configured provider, reached the way the configuration says.
fn connected<'a>(candidate: &Value<'a>, config: &Config<'a>) -> Result<Value<'a>, String> {
    let members = candidate.as_object().ok_or(": expected an object")?;
    let id = candidate.get("provider_id").and_then(Value::as_str);
    let id = id.ok_or(".provider_id: expected a string")?;
    keys::one_of(".provider_id", id, &config.providers)?;
    if let Some((key, _)) = members.iter().find(|(key, _)| PROVIDED.contains(&&**key)) {
        return Err(format!(".{key}: expected none, the configuration of '{id}' has it"));
    }
    let nothing = Value::Object(Vec::new());
    let provider = lookup(&config.providers, id).unwrap_or(&nothing);
    let connected = Object::from(members).copy(provider, &PROVIDED);
    Ok(match candidate.get("served_model_id").or_else(|| candidate.get("model_family")) {
        Some(served) => connected.with("served_model_id", served.clone()),
        None => connected,
    }
    .build())
}

fn enrich<'a>(
    candidate: Value<'a>,
    source: Option<&str>,
    runtime: &Runtime<'a>,
    supplies: Supplies,
) -> Value<'a> {
    let Some(members) = candidate.as_object() else { return candidate };
    let text = |key: &str| candidate.get(key).and_then(Value::as_str).unwrap_or_default();
    let (provider, family) = (text("provider_id"), text("model_family"));
    let multiplier = || hosts_multiplier(provider, source, supplies.multipliers);
    let prices = priced(members, runtime.price(provider, family), multiplier);
    let mut enriched = Object::from(candidate);
    for (key, value) in PRICED.into_iter().zip(prices) {
        enriched = enriched.maybe(key, value);
    }
    enriched.build()
}
