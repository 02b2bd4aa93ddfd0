//! What a host shows of its providers. Looks at the state and changes nothing.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::config::Config;
use super::record;
use super::runtime::{Runtime, disabled_for};
use crate::json::{Value, lookup, set};

/// Every provider of the configuration or the state, with its breaker, prices and credits.
pub fn status(config: &Config, runtime: &Runtime, now_ms: f64) -> Value {
    let mut names: Vec<(String, Value)> = Vec::new();
    let of_pair = |pair: &str| pair.split('|').next().unwrap_or_default().to_string();
    let known = config.providers.iter().map(|(id, _)| id.clone());
    let known = known
        .chain(runtime.breakers().iter().map(|(id, _)| id.clone()))
        .chain(runtime.disabled().iter().map(|(id, _)| id.clone()))
        .chain(runtime.prices().map(|(pair, _)| of_pair(pair)))
        .chain(runtime.credits().map(|(id, _)| id.to_string()));
    for id in known {
        set(&mut names, &id, Some(Value::Bool(true)));
    }
    let providers = names.into_iter().map(|(id, _)| {
        let status = provider(&id, config, runtime, now_ms);
        (id, status)
    });
    record([
        ("schema", Some(Value::String("router_provider_status".to_string()))),
        ("generated_at_ms", Some(Value::Number(now_ms))),
        ("providers", Some(Value::Object(providers.collect()))),
    ])
}

fn provider(id: &str, config: &Config, runtime: &Runtime, now_ms: f64) -> Value {
    let number = |number| Some(Value::Number(number));
    let breaker = runtime.breaker(id, now_ms, &config.defaults);
    let disabled = lookup(runtime.disabled(), id).and_then(|entry| {
        let rest = disabled_for(entry, now_ms, &config.defaults)?;
        let kind = entry.as_str().map(|kind| Value::String(kind.to_string()));
        Some(record([
            ("kind", kind.or_else(|| entry.get("kind").cloned())),
            ("at_ms", entry.get("at_ms").cloned().or(number(0.0))),
            ("ms_until_recovery", number(rest)),
        ]))
    });
    let models = runtime.prices().filter_map(|(pair, entry)| {
        let (provider, family) = pair.split_once('|')?;
        let shown = ["price_in", "price_out", "last_quality_eval"];
        let shown = shown.map(|key| (key, entry.get(key).cloned()));
        (provider == id).then(|| (family.to_string(), record(shown)))
    });
    let credits = runtime.credits().find(|(provider, _)| *provider == id);
    record([
        ("available", Some(Value::Bool(disabled.is_none() && !breaker.open))),
        (
            "breaker",
            Some(record([
                ("open", Some(Value::Bool(breaker.open))),
                ("consecutive_failures", number(breaker.consecutive_failures)),
                ("opened_at_ms", breaker.opened_at_ms.map(Value::Number)),
                ("ms_until_recovery", number(breaker.ms_until_recovery)),
            ])),
        ),
        ("disabled", disabled),
        ("credits_remaining_usd", credits.map(|(_, credits)| credits.clone())),
        ("models", Some(Value::Object(models.collect()))),
    ])
}
