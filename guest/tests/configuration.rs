//! What the `strict` profile says of a router configuration, word for word.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

#[path = "../../tests/shared.rs"]
mod shared;

use std::{fs, path::Path};

use serde_json::{Value, json};
use sigmapol_engine::{Effect, RefusalCode, step};

fn init(config: &Value, admission: &str) -> Result<Value, String> {
    let event = json!({ "kind": "init", "admission": admission, "config": config });
    match step(None, &event.to_string()) {
        Ok(turn) => match turn.effect {
            Effect::Done(text) => Ok(serde_json::from_str(&text).unwrap()),
            other => panic!("{other:?}"),
        },
        Err(refusal) => {
            assert_eq!(refusal.code, RefusalCode::Config);
            Err(refusal.message)
        }
    }
}

/// Two providers, a model at both, and one of everything else.
fn config() -> Value {
    json!({
        "providers": {
            "alpha": {
                "api_kind": "openai_compatible", "discovery": "static", "tier": "partner",
                "base_url": "https://alpha.example/v1",
                "auth": { "kind": "bearer", "auth_env": "ALPHA_API_KEY" },
            },
            "market": {
                "api_kind": "ollama", "discovery": "marketplace", "discovery_id": "m",
                "auth": { "kind": "none" }, "market_price_cap": { "input": 10, "output": 30 },
            },
        },
        "models": {
            "m1": {
                "capabilities": { "context": 8000 },
                "fields": { "bench": 0.5, "price_in": 1 },
                "served_by": [{ "provider": "alpha", "fields": { "fast": true } }],
            },
            "v1": {
                "capabilities": {}, "protocol": "embeddings", "served_by": [{ "provider": "alpha" }],
            },
        },
        "fields": {
            "bench": { "sort": "Num", "default": 0, "group": "model" },
            "fast": { "sort": "Bool", "default": false },
        },
        "profiles": {
            "default": {
                "filter": ["requirements", { "price_max": { "input": 5 } }],
                "scorer": ["field", "bench"],
                "selector": "top_k",
                "selector_opts": { "k": 2 },
                "mutate": { "set_param": { "temperature": 0 } },
                "retry_policy": "balanced",
            },
            "custom": {
                "policy_ir": ["policy", ["top"], ["zero"], ["argmax"], ["custom", "calm"],
                    ["always", { "action": "next_candidate" }]],
            },
        },
        "retry_policies": {
            "balanced": { "rate_limit": { "action": "retry_same", "attempts": 2 } },
        },
        "customs": { "calm": ["clamp_param", "temperature", 0, 0.5] },
        "policy_envelope": ["not", ["is", "disabled"]],
        "tier_order": ["fallback", "marketplace", "partner"],
        "defaults": { "circuit_breaker_threshold": 5 },
    })
}

#[test]
fn in_order() {
    let info = init(&config(), "strict").unwrap();
    assert_eq!(
        info,
        json!({ "ok": true, "info": {
            "candidates": 2, "initialized": true, "models_loaded": ["m1", "v1"],
            "profile_names": ["custom", "default"], "providers_loaded": ["alpha", "market"],
            "version": "0.0.1",
        } })
    );
}

#[test]
fn not_in_order() {
    for (place, value, message) in [
        (
            "/provders",
            json!({}),
            "config: unknown key 'provders', the nearest known one is 'providers'",
        ),
        (
            "/providers/alpha/base_ulr",
            json!(""),
            "providers.alpha: unknown key 'base_ulr', the nearest known one is 'base_url'",
        ),
        (
            "/providers/alpha/auth",
            json!({ "kind": "bearer_token" }),
            "providers.alpha.auth.kind: expected one of bearer, none, oauth",
        ),
        (
            "/providers/alpha/auth",
            json!({ "kind": "oauth", "token_file": "t" }),
            "providers.alpha.auth: unknown key 'token_file', the nearest known one is 'file'",
        ),
        ("/models/v1/protocol", json!(1), "models.v1.protocol: expected a string"),
        (
            "/defaults/fallback_wait",
            json!(1),
            "defaults: unknown key 'fallback_wait', the nearest known one is 'fallback_wait_ms'",
        ),
        ("/providers/alpha/no_log", json!("yes"), "providers.alpha.no_log: expected a boolean"),
        (
            "/providers/market/market_price_cap/in",
            json!(1),
            "providers.market.market_price_cap: unknown key 'in', the nearest known one is 'input'",
        ),
        (
            "/providers/alpha/api_kind",
            json!("openai"),
            "providers.alpha.api_kind must be one of: openai_compatible, openai_codex, anthropic, \
             google, bedrock, ollama",
        ),
        (
            "/models/m1/quality",
            json!(1),
            "models.m1: unknown key 'quality', the nearest known one is 'fields'",
        ),
        (
            "/models/m1/fields/bnch",
            json!(1),
            "models.m1.fields: unknown field 'bnch', the nearest known one is 'bench'",
        ),
        (
            "/models/m1/fields/bench",
            json!(true),
            "models.m1.fields.bench: expected a finite number",
        ),
        (
            "/models/m1/served_by/0/fields/fast",
            json!(1),
            "models.m1.served_by[1].fields.fast: expected a boolean",
        ),
        (
            "/models/m1/served_by/0/model",
            json!("m"),
            "models.m1.served_by[1]: unknown key 'model', the nearest known one is 'fields'",
        ),
        (
            "/models/m1/served_by/0/provider",
            json!("beta"),
            "models.m1.served_by[1].provider does not resolve",
        ),
        (
            "/profiles/default/selector",
            json!("topk"),
            "profiles.default.selector: unknown name 'topk', the nearest known one is 'top_k'",
        ),
        (
            "/profiles/default/selector_opts/temperature",
            json!(1),
            "profiles.default.selector_opts: unknown key 'temperature', the nearest known one is 'temp'",
        ),
        (
            "/profiles/default/retry_policy",
            json!("balancd"),
            "profiles.default.retry_policy: unknown name 'balancd', the nearest known one is 'balanced'",
        ),
        (
            "/profiles/default/filter/1/price_max/in",
            json!(1),
            "profiles.default.filter[2].price_max: unknown key 'in', the nearest known one is 'input'",
        ),
        (
            "/profiles/default/filter/1/tier_in",
            json!(["partner"]),
            "profiles.default.filter[2]: expected one key, got 2",
        ),
        (
            "/profiles/default/filter/0",
            json!("requirments"),
            "profiles.default: elaborate: unknown filter atom 'requirments'",
        ),
        (
            "/profiles/default/scorer",
            json!(["field", "bnch"]),
            "profiles.default: ir: $.policy[2].gate[2].field[1]: undeclared field 'bnch'",
        ),
        (
            "/profiles/default/mutate",
            json!({ "set_param": { "base_url": "http://elsewhere.example" } }),
            "profiles.default: ir: $.policy[4].set_param[1]: parameter 'base_url' is not a sampling \
             parameter",
        ),
        (
            "/profiles/custom/policy_ir/0",
            json!("polic"),
            "profiles.custom: ir: $: unknown op 'polic'",
        ),
        (
            "/profiles/custom/scoerr",
            json!(["zero"]),
            "profiles.custom: unknown key 'scoerr', the nearest known one is 'scorer'",
        ),
        (
            "/retry_policies/balanced/rate_limit/action",
            json!("retry"),
            "retry_policies.balanced.rate_limit: Action.action invalid: retry",
        ),
        (
            "/retry_policies/balanced/rate_limit/attempts",
            json!(11),
            "retry_policies.balanced.rate_limit: Action.attempts must be an integer in [0, 10]",
        ),
        ("/customs/calm", json!(["zero"]), "customs.calm must be an Xform term: Scorer"),
        (
            "/policy_envelope",
            json!(["is", "dsabled"]),
            "config.policy_envelope must be a Pred term: $.is[1]: undeclared field 'dsabled'",
        ),
        (
            "/defaults/circuit_breaker_treshold",
            json!(1),
            "defaults: unknown key 'circuit_breaker_treshold', the nearest known one is \
             'circuit_breaker_threshold'",
        ),
        (
            "/defaults/circuit_breaker_threshold",
            json!(-1),
            "defaults.circuit_breaker_threshold: expected a number of at least 0",
        ),
        (
            "/fields/bench/sorts",
            json!("Num"),
            "fields.bench: unknown key 'sorts', the nearest known one is 'sort'",
        ),
    ] {
        let mut broken = config();
        let (parent, key) = place.rsplit_once('/').unwrap();
        match broken.pointer_mut(parent).unwrap() {
            Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
            parent => parent[key] = value,
        }
        assert_eq!(init(&broken, "strict").unwrap_err(), message, "{place}");
    }
}

/// A real configuration, where it lies beside the project.
#[test]
fn production() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let Some(path) = shared::shared(&root, "data/production-config.json") else { return };
    let config = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    for admission in ["strict", "reference"] {
        let info = init(&config, admission).unwrap();
        assert_eq!(info["info"]["providers_loaded"].as_array().unwrap().len(), 12);
    }
}
