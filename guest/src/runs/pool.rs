//! The candidates of a run: the configured ones, the offers of marketplaces, and the caller's own,
//! each with the price it is ranked by.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::config::Config;
use super::record;
use super::runtime::Runtime;
use crate::json::{Members, Value, lookup, set};

/// What the host knows besides the state.
#[derive(Clone, Copy, Debug)]
pub struct Supplies<'a> {
    /// The reply of each discovery, by id: `{ok, offers, fetched_at_ms?, error?}`.
    pub offers: &'a Members,
    /// Price multipliers, by `provider|source` or by provider.
    pub multipliers: &'a Members,
    pub now_ms: f64,
}

/// The pool, and a log record for each discovery that failed.
pub fn pool(
    config: &Config,
    runtime: &mut Runtime,
    supplies: Supplies,
    contract: &Value,
) -> (Vec<Value>, Vec<Value>) {
    let mut logs = Vec::new();
    let mut pool = Vec::new();
    for candidate in &config.candidates {
        pool.push(enrich(candidate, None, runtime, supplies));
    }
    for (id, provider) in &config.providers {
        let text = |key: &str| provider.get(key).and_then(Value::as_str);
        if text("discovery") != Some("marketplace") {
            continue;
        }
        let discovery = text("discovery_id").unwrap_or_default();
        let source = text("source").unwrap_or(discovery);
        for offer in offers(id, discovery, config, runtime, supplies, &mut logs) {
            let expires = offer.get("expires_at_ms").and_then(Value::as_number);
            if expires.is_none_or(|expires| expires > supplies.now_ms) {
                let candidate = candidate_of(id, provider, &offer);
                pool.push(enrich(&candidate, Some(source), runtime, supplies));
            }
        }
    }
    let extra = contract.get("extra_candidates").and_then(Value::as_array).unwrap_or(&[]);
    for candidate in extra {
        pool.push(enrich(candidate, None, runtime, supplies));
    }
    (pool, logs)
}

fn offers(
    provider: &str,
    discovery: &str,
    config: &Config,
    runtime: &mut Runtime,
    supplies: Supplies,
    logs: &mut Vec<Value>,
) -> Vec<Value> {
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
    let text = |text: &str| Some(Value::String(text.to_string()));
    let error = reply.and_then(|reply| reply.get("error")).cloned();
    logs.push(record([
        ("level", text("warn")),
        ("event", text("discovery_failed")),
        (
            "fields",
            Some(record([
                ("provider", text(provider)),
                ("discovery_id", text(discovery)),
                ("error", error.or_else(|| text("no response"))),
            ])),
        ),
    ]));
    Vec::new()
}

fn candidate_of(id: &str, provider: &Value, offer: &Value) -> Value {
    let text = |text: &str| Some(Value::String(text.to_string()));
    let offered = |key: &str| offer.get(key).cloned();
    let flag = |key: &str| provider.get(key).cloned().or(Some(Value::Bool(false)));
    record([
        ("provider_id", text(id)),
        ("model_family", offered("model_family")),
        ("served_model_id", offered("wire_model_id").or_else(|| offered("model_family"))),
        ("capabilities", offered("capabilities").or(Some(Value::Object(Vec::new())))),
        ("quality_hint", offered("quality_hint")),
        ("price_in", offered("price_in_usd_per_mtok")),
        ("price_out", offered("price_out_usd_per_mtok")),
        ("success_rate", offered("success_rate")),
        ("latency_ms", offered("latency_ms")),
        ("tok_s", offered("tok_s")),
        ("tier", provider.get("tier").cloned().or_else(|| text("marketplace"))),
        ("has_tee", flag("has_tee")),
        ("no_log", flag("no_log")),
        ("base_url", offered("seller_endpoint")),
        ("aws_region", provider.get("aws_region").cloned()),
        ("auth_env", provider.get("auth_env").cloned()),
        ("auth", provider.get("auth").cloned()),
        ("api_kind", provider.get("api_kind").cloned()),
        ("discovery", text("marketplace")),
        ("offer", Some(offer.clone())),
    ])
}

/// Observed prices where the candidate has none, then the price it is ranked by: the raw price
/// times the multiplier. The product is always taken from the raw price, so doing this twice
/// changes nothing.
fn enrich(candidate: &Value, source: Option<&str>, runtime: &Runtime, supplies: Supplies) -> Value {
    let Some(members) = candidate.as_object() else { return candidate.clone() };
    let mut members = members.to_vec();
    let text = |key: &str| candidate.get(key).and_then(Value::as_str).unwrap_or_default();
    let (provider, family) = (text("provider_id"), text("model_family"));
    let mut key = provider.to_string();
    key.push('|');
    key.push_str(family);
    let observed = runtime.prices().find(|(pair, _)| *pair == key).map(|(_, entry)| entry);
    for price in ["price_in", "price_out"] {
        if lookup(&members, price).is_none() {
            let value = observed.and_then(|entry| entry.get(price)).cloned();
            set(&mut members, price, value);
        }
    }
    let raw = [("price_in", "raw_price_in"), ("price_out", "raw_price_out")]
        .map(|(price, raw)| (price, raw, number(&members, raw).or(number(&members, price))));
    if raw.iter().all(|(_, _, value)| value.is_none()) {
        return Value::Object(members);
    }
    let multiplier = number(&members, "price_multiplier")
        .filter(|value| *value > 0.0)
        .or_else(|| hosts_multiplier(provider, source, supplies.multipliers))
        .unwrap_or(1.0);
    for (price, raw, value) in raw {
        set(&mut members, raw, value.map(Value::Number));
        set(&mut members, price, value.map(|value| Value::Number(value * multiplier)));
    }
    set(&mut members, "price_multiplier", Some(Value::Number(multiplier)));
    Value::Object(members)
}

fn number(members: &Members, key: &str) -> Option<f64> {
    lookup(members, key).and_then(Value::as_number)
}

fn hosts_multiplier(provider: &str, source: Option<&str>, table: &Members) -> Option<f64> {
    let mut key = String::from(provider);
    key.push('|');
    key.push_str(source.unwrap_or_default());
    let value = number(table, &key).or_else(|| number(table, provider));
    value.filter(|value| *value > 0.0)
}
