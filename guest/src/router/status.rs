//! What a host shows of its providers. Looks at the state and changes nothing.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::config::Config;
use super::runtime::{Runtime, disabled_for};
use crate::json::{Member, Object, Value, lookup, set};

/// Every provider of the configuration or the state, with its breaker, prices and credits.
pub fn status<'a>(config: &Config<'a>, runtime: &Runtime<'a>, now_ms: f64) -> Value<'a> {
    let mut names: Vec<Member> = Vec::new();
    let of_pair = |pair: &str| pair.split('|').next().unwrap_or_default().to_string();
    let known = config.providers.iter().map(|(id, _)| id.to_string());
    let known = known
        .chain(runtime.breakers().iter().map(|(id, _)| id.to_string()))
        .chain(runtime.disabled().iter().map(|(id, _)| id.to_string()))
        .chain(runtime.prices().map(|(pair, _)| of_pair(pair)))
        .chain(runtime.credits().map(|(id, _)| id.to_string()));
    for id in known {
        set(&mut names, &id, Some(Value::Bool(true)));
    }
    let mut providers = Object::new();
    for (id, _) in names {
        providers = providers.with(&id, provider(&id, config, runtime, now_ms));
    }
    Object::new()
        .text("schema", "router_provider_status")
        .number("generated_at_ms", now_ms)
        .with("providers", providers.build())
        .build()
}

fn provider<'a>(id: &str, config: &Config, runtime: &Runtime<'a>, now_ms: f64) -> Value<'a> {
    let breaker = runtime.breaker(id, now_ms, &config.defaults);
    let disabled = lookup(runtime.disabled(), id).and_then(|entry| {
        let rest = disabled_for(entry, now_ms, &config.defaults)?;
        let kind = entry.as_str().map(|kind| Value::text(kind.to_string()));
        let shown = Object::new()
            .maybe("kind", kind.or_else(|| entry.get("kind").cloned()))
            .with("at_ms", entry.get("at_ms").cloned().unwrap_or(Value::Number(0.0)))
            .number("ms_until_recovery", rest);
        Some(shown.build())
    });
    let mut models = Object::new();
    for (pair, entry) in runtime.prices() {
        if let Some((provider, family)) = pair.split_once('|')
            && provider == id
        {
            let shown = ["price_in", "price_out", "last_quality_eval"];
            models = models.with(family, Object::new().copy(entry, &shown).build());
        }
    }
    let shown = Object::new()
        .flag("open", breaker.open)
        .number("consecutive_failures", breaker.consecutive_failures)
        .maybe("opened_at_ms", breaker.opened_at_ms.map(Value::Number))
        .number("ms_until_recovery", breaker.ms_until_recovery);
    let credits = runtime.credits().find(|(provider, _)| *provider == id);
    Object::new()
        .flag("available", disabled.is_none() && !breaker.open)
        .with("breaker", shown.build())
        .maybe("disabled", disabled)
        .maybe("credits_remaining_usd", credits.map(|(_, credits)| credits.clone()))
        .with("models", models.build())
        .build()
}
