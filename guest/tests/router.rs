//! A prepared router ranks what `step` ranks, at any time and whatever state it was told before.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use serde_json::{Value, json};
use sigmapol_engine::{Choice, Effect, PreparedRouter, Refusal, RefusalCode, step};

const ACTION: &str = r#"["always", {"action": "next_candidate"}]"#;

fn policy(filter: &str, scorer: &str) -> Value {
    let text = format!(r#"["policy", {filter}, {scorer}, ["argmax"], ["id"], {ACTION}]"#);
    serde_json::from_str(&text).unwrap()
}

fn config() -> Value {
    let provider = |tier: &str| json!({ "discovery": "static", "base_url": "http://x", "api_kind": "ollama", "tier": tier });
    let open = r#"["and", ["not", ["is", "breaker_open"]], ["not", ["is", "disabled"]]]"#;
    let chain = json!([{ "provider": "b", "model": "n" }, { "provider": "a", "model": "m" }]);
    json!({
        "providers": {
            "a": provider("partner"), "b": provider("fallback"), "c": provider("partner"),
            "idle": provider("fallback"),
        },
        "models": {
            "m": { "capabilities": { "supports_tools": true }, "fields": { "price_in": 3 },
                   "served_by": [{ "provider": "a" }, { "provider": "b", "fields": { "bench": 2 } }] },
            "v": { "capabilities": {}, "protocol": "embeddings", "served_by": [{ "provider": "a" }] },
            "n": { "capabilities": {}, "static_quality_hint": 0.5,
                   "served_by": [{ "provider": "b" }, { "provider": "c", "fields": { "price_out": 7 } }] },
        },
        "fields": { "bench": { "sort": "Num", "default": 0 } },
        "profiles": {
            "default": {},
            "cheap": { "policy_ir": policy(open, r#"["neg", ["field", "price_in"]]"#) },
            "out": { "policy_ir": policy(r#"["top"]"#, r#"["field", "price_out"]"#) },
            "rich": { "policy_ir": policy(open, r#"["add", ["field", "credits"], ["field", "bench"]]"#) },
            "chain": { "selector": "chain", "chain": chain },
        },
        "policy_envelope": ["not", ["provider_eq", "c"]],
        "defaults": { "circuit_breaker_rate_limit_ms": 100, "disable_provider_ttl_ms": 1000 },
    })
}

fn states() -> [Value; 6] {
    [
        json!({ "without_credential": { "b": "KEY_B", "elsewhere": "KEY" } }),
        json!({}),
        json!({ "circuit_breakers": {
            "a": { "open": true, "opened_at_ms": 50 },
            "b": { "open": true, "opened_at_ms": 50, "window_ms": 10 },
            "c": { "open": false, "opened_at_ms": 50 },
            "elsewhere": { "open": true },
        } }),
        json!({ "disabled_providers": {
            "a": { "kind": "auth_error", "at_ms": 30 },
            "b": "auth_error",
            "elsewhere": { "kind": "payment_required", "at_ms": 60 },
            "idle": "timeout",
        } }),
        json!({ "ema_metrics": {
            "a|m": { "price_in": 1, "price_out": 9 },
            "b|n": { "price_in": 0.1, "price_out": 0.3 },
            "c|n": { "price_in": 4 },
            "x|y": { "price_in": 4 },
            "__credits|b": { "free_credits_remaining_usd": 5 },
            "__credits|c": { "other": 5 },
            "__credits|x": { "free_credits_remaining_usd": 1 },
        } }),
        json!({ "anything": [1, 2], "initialized": true, "ema_metrics": { "b|n": { "price_out": 2 } } }),
    ]
}

fn contracts() -> Vec<Value> {
    let mut contracts = vec![json!({})];
    for profile in ["default", "cheap", "out", "rich", "chain", "none"] {
        contracts.push(json!({ "profile": profile, "prompt": "hi", "seed": 3 }));
    }
    let pin = |provider: &str, model: &str| json!({ "requirements": { "pin": { "provider": provider, "model": model }, "max_latency_ms": 5 } });
    contracts.extend([
        json!({ "profile": "chain", "chain": [{ "provider": "c", "model": "n" }] }),
        json!({ "policy_ir": policy(r#"["cmp", "price_in", "le", 3]"#, r#"["zero"]"#) }),
        json!({ "policy_ir": ["top"] }),
        json!({ "policy_ir": ["policy", ["nothing"]] }),
        json!({ "policy_ir": 7, "extra_candidates": [] }),
        json!({ "requirements": { "needs": ["tools"] }, "tools": [{}] }),
        json!({ "requirements": { "needs": 1 } }),
        json!({ "seed": 0.5 }),
        json!({ "promt": "hi" }),
        pin("b", "n"),
        pin("c", "n"),
        pin("c", "m"),
        pin("a", "v"),
        json!({ "protocol": "embeddings" }),
        json!({ "protocol": "chat", "profile": "cheap" }),
        pin("nobody", "n"),
    ]);
    contracts
}

fn router(
    admission: &str,
    config: &Value,
    multipliers: Option<&Value>,
    state: Option<&Value>,
) -> Value {
    let mut router = json!({ "admission": admission, "config": config });
    for (key, value) in [("multipliers", multipliers), ("state", state)] {
        if let Some(value) = value {
            router[key] = value.clone();
        }
    }
    router
}

/// What `step` ranks: candidates by provider and model with their scores, the others with their
/// reasons, the pin that was not found, and the cost.
#[derive(Debug, PartialEq)]
struct Ranked {
    ordered: Vec<(Value, Value, u64)>,
    rejected: Vec<(Value, Value, Value)>,
    pin_not_found: bool,
    cost: u64,
}

fn at_once(router: &Value, contract: &Value, now_ms: f64) -> Result<Ranked, String> {
    let mut event = router.clone();
    event["kind"] = json!("rank");
    event["contract"] = contract.clone();
    event["now_ms"] = json!(now_ms);
    let turn = step(None, &event.to_string()).unwrap();
    let Effect::Done(done) = turn.effect else { panic!("{:?}", turn.effect) };
    let done: Value = serde_json::from_str(&done).unwrap();
    if let Some(error) = done.get("error") {
        return Err(error.as_str().unwrap().to_owned());
    }
    let score = |score: &Value| match score.as_str() {
        Some(text) => text.parse::<f64>().unwrap().to_bits(),
        None => score.as_f64().unwrap().to_bits(),
    };
    let list = |key: &str| done[key].as_array().unwrap().clone();
    let ordered = list("ordered").into_iter();
    let (missing, rejected): (Vec<Value>, Vec<Value>) =
        list("rejected").into_iter().partition(|entry| entry.get("pin").is_some());
    Ok(Ranked {
        ordered: ordered
            .map(|entry| {
                (
                    entry["provider_id"].clone(),
                    entry["model_family"].clone(),
                    score(&entry["score"]),
                )
            })
            .collect(),
        rejected: rejected
            .into_iter()
            .map(|entry| {
                (entry["provider"].clone(), entry["model"].clone(), entry["reason"].clone())
            })
            .collect(),
        pin_not_found: missing.iter().any(|entry| entry["reason"] == "pin_not_found"),
        cost: turn.cost,
    })
}

fn prepared(router: &PreparedRouter, contract: &Value, now_ms: f64) -> Result<Ranked, String> {
    let ask = json!({ "contract": contract, "now_ms": now_ms }).to_string();
    let choice = router.rank(&ask).map_err(|refusal| refusal.message)?;
    let candidates: Vec<Value> = serde_json::from_str(router.candidates()).unwrap();
    let named = |row: u32| {
        let candidate = &candidates[row as usize];
        (candidate["provider_id"].clone(), candidate["model_family"].clone())
    };
    let Choice { ordered, scores, rejected, why, reasons, cost, .. } = choice;
    let ordered = ordered.into_iter().zip(scores).map(|(row, bits)| {
        let (provider, model) = named(row);
        (provider, model, bits)
    });
    let rejected = rejected.into_iter().zip(&why).map(|(row, why)| {
        let (provider, model) = named(row);
        (provider, model, json!(reasons[*why as usize]))
    });
    Ok(Ranked {
        ordered: ordered.collect(),
        rejected: rejected.collect(),
        pin_not_found: reasons.last().is_some_and(|reason| reason == "pin_not_found"),
        cost,
    })
}

#[test]
fn what_step_ranks() {
    let config = config();
    let multipliers = json!({ "b": 0.7, "a|": 3, "c": -1 });
    for admission in ["strict", "reference"] {
        for multipliers in [None, Some(&multipliers)] {
            let whole = router(admission, &config, multipliers, None);
            let mut told = PreparedRouter::load(&whole.to_string()).unwrap();
            let mut results = 0;
            for state in [None].into_iter().chain(states().iter().map(Some)) {
                let whole = router(admission, &config, multipliers, state);
                let loaded = PreparedRouter::load(&whole.to_string()).unwrap();
                if let Some(state) = state {
                    told.restate(&state.to_string()).unwrap();
                }
                for contract in contracts() {
                    for now_ms in [0.0, 59.9, 60.0, 149.0, 150.0, 1030.0, 1e18] {
                        let expected = at_once(&whole, &contract, now_ms);
                        let about = format!("{admission} {state:?} {contract} {now_ms}");
                        assert_eq!(prepared(&loaded, &contract, now_ms), expected, "{about}");
                        assert_eq!(prepared(&told, &contract, now_ms), expected, "{about}");
                        results += usize::from(expected.is_ok());
                    }
                }
            }
            assert!(results > 500, "{results}");
        }
    }
}

/// An entry of the old form, a bare kind, begins when it is looked at, and then it is looked at as
/// any other: where disabling takes no time it is over at once.
#[test]
fn an_old_disable_where_disabling_takes_no_time() {
    let mut config = config();
    config["defaults"]["disable_provider_ttl_ms"] = json!(0);
    config["models"].as_object_mut().unwrap().remove("v");
    let state = json!({ "disabled_providers": { "a": "auth_error", "elsewhere": "timeout" } });
    let whole = router("strict", &config, None, Some(&state));
    let expected = at_once(&whole, &json!({ "profile": "cheap" }), 5.0).unwrap();
    assert_eq!(expected.rejected, []);
    let loaded = PreparedRouter::load(&whole.to_string()).unwrap();
    assert_eq!(prepared(&loaded, &json!({ "profile": "cheap" }), 5.0).unwrap(), expected);

    let mut event = whole;
    event["kind"] = json!("rank");
    event["contract"] = json!({});
    event["now_ms"] = json!(5);
    let turn = step(None, &event.to_string()).unwrap();
    let state: Value = serde_json::from_str(&turn.state).unwrap();
    assert_eq!(state["disabled_providers"], json!({}));
}

/// What the `reference` profile lets through: prices that are none, and declared fields that see
/// the members of a price.
#[test]
fn prices_of_the_reference() {
    let served =
        json!([{ "provider": "a" }, { "provider": "b", "fields": { "raw_price_out": 2 } }]);
    let config = |fields: Value, declared: Value| {
        let provider =
            json!({ "discovery": "static", "base_url": "http://x", "api_kind": "ollama" });
        let seen = ["price_in", "price_out"].map(|name| json!(["neg", ["field", name]])).to_vec();
        let declared_names = declared.as_object().unwrap().keys();
        let seen = seen.into_iter().chain(declared_names.map(|name| json!(["field", name])));
        let sum: Vec<Value> = std::iter::once(json!("add")).chain(seen).collect();
        let policy = policy(r#"["top"]"#, &Value::Array(sum).to_string());
        json!({
            "providers": { "a": provider, "b": provider },
            "models": { "m": { "capabilities": {}, "fields": fields, "served_by": served } },
            "profiles": { "default": { "policy_ir": policy } }, "fields": declared,
        })
    };
    let num = json!({ "sort": "Num", "default": 10 });
    let declared = [
        json!({}),
        json!({ "raw_price_in": num, "price_multiplier": num }),
        json!({ "raw_price_out": num }),
    ];
    let fields = [
        json!({}),
        json!({ "price_in": "x" }),
        json!({ "price_in": "x", "price_out": 4, "price_multiplier": 0.5 }),
        json!({ "price_out": 4, "price_multiplier": 0 }),
        json!({ "price_out": 4, "raw_price_in": 3, "price_multiplier": "x" }),
    ];
    let states = [
        json!({}),
        json!({ "ema_metrics": { "a|m": { "price_in": 8 }, "b|m": { "price_out": 8 } } }),
        json!({ "ema_metrics": { "a|m": { "price_in": 8, "price_out": 9 }, "b|m": { "price_in": 1 } } }),
        json!({ "ema_metrics": { "a|m": { "price_in": "x" } } }),
        json!({ "ema_metrics": { "a|m": 1 } }),
        json!({ "ema_metrics": { "__credits|a": { "free_credits_remaining_usd": "x" } } }),
    ];
    let (mut ranked, mut refused) = (0, 0);
    for (fields, declared) in fields.iter().flat_map(|f| declared.iter().map(move |d| (f, d))) {
        let config = config(fields.clone(), declared.clone());
        for (state, before) in states.iter().flat_map(|s| states.iter().map(move |b| (s, b))) {
            let whole = router("reference", &config, None, Some(state));
            let expected = at_once(&whole, &json!({}), 0.0);
            let rank = |router: Result<PreparedRouter, Refusal>| {
                let router = router.map_err(|refusal| refusal.message)?;
                prepared(&router, &json!({}), 0.0)
            };
            assert_eq!(rank(PreparedRouter::load(&whole.to_string())), expected, "{whole}");
            let before = router("reference", &config, None, Some(before));
            if let Ok(mut told) = PreparedRouter::load(&before.to_string()) {
                let told = told.restate(&state.to_string()).map(|()| told);
                assert_eq!(rank(told), expected, "{before} {state}");
            }
            ranked += usize::from(expected.is_ok());
            refused += usize::from(expected.is_err());
        }
    }
    assert!(ranked > 100 && refused > 100, "{ranked} {refused}");
}

#[test]
fn what_is_refused() {
    let refusal = |result: Result<PreparedRouter, Refusal>| {
        let refusal = result.unwrap_err();
        (refusal.code, refusal.message)
    };
    let mut market = config();
    market["providers"]["d"] =
        json!({ "discovery": "marketplace", "discovery_id": "x", "api_kind": "ollama" });
    let mut unserved = config();
    unserved["models"]["m"]["served_by"] = json!([]);
    for (text, code, message) in [
        (
            router("strict", &market, None, None).to_string(),
            RefusalCode::Unsupported,
            "router.config.providers.d.discovery: expected static, the offers of a marketplace come and go with the time",
        ),
        (
            router("strict", &unserved, None, None).to_string(),
            RefusalCode::Config,
            "models.m.served_by must be a non-empty list",
        ),
        (
            router("lax", &config(), None, None).to_string(),
            RefusalCode::Event,
            "router.admission: expected strict or reference",
        ),
        (
            router("strict", &config(), Some(&json!(1)), None).to_string(),
            RefusalCode::Event,
            "router.multipliers: expected an object",
        ),
        (
            router("strict", &config(), None, Some(&json!(1))).to_string(),
            RefusalCode::Event,
            "router.state: expected an object",
        ),
        ("{}".to_owned(), RefusalCode::Event, "router.config: expected a value"),
        ("1".to_owned(), RefusalCode::Event, "router: expected an object"),
        (
            r#"{"confg":1}"#.to_owned(),
            RefusalCode::Event,
            "router: unknown key 'confg', the nearest known one is 'config'",
        ),
        (
            "{".to_owned(),
            RefusalCode::JsonSyntax,
            "router: line 1 column 2: expected a key, got the end",
        ),
    ] {
        assert_eq!(refusal(PreparedRouter::load(&text)), (code, message.to_owned()));
    }

    let whole = router("strict", &config(), None, Some(&states()[3]));
    let mut told = PreparedRouter::load(&whole.to_string()).unwrap();
    let ask = r#"{"contract":{"profile":"rich"},"now_ms":1}"#;
    let before = told.rank(ask).unwrap();
    let crowd = |count: usize| {
        let names = (0..count).map(|at| (format!("x{at}"), json!("timeout")));
        json!({ "disabled_providers": names.collect::<serde_json::Map<_, _>>() }).to_string()
    };
    for (state, code, message) in [
        ("1".to_owned(), RefusalCode::Event, "state: expected an object"),
        (
            r#"{"ema_metrics":{"a|m":{"price_in":1},"b|n":{"price_in":"x"}}}"#.to_owned(),
            RefusalCode::Event,
            "ctx.state.ema['b|n']: expected numbers as prices",
        ),
        (
            crowd(257),
            RefusalCode::Unsupported,
            "state.disabled_providers: expected at most 256 that no candidate is at, got 257",
        ),
    ] {
        let refusal = told.restate(&state).unwrap_err();
        assert_eq!((refusal.code, refusal.message.as_str()), (code, message));
        assert_eq!(told.rank(ask).unwrap(), before);
    }
    told.restate(&crowd(256)).unwrap();

    for (ask, code, message) in [
        ("{}", RefusalCode::Event, "ask.contract: expected a value"),
        (r#"{"contract":1,"now_ms":1}"#, RefusalCode::Event, "ask.contract: expected an object"),
        (r#"{"contract":{}}"#, RefusalCode::Event, "ask.now_ms: expected a value"),
        (r#"{"contract":{},"now_ms":"x"}"#, RefusalCode::Event, "ask.now_ms: expected a number"),
        (
            r#"{"contract":{},"now_ms":1,"state":{}}"#,
            RefusalCode::Event,
            "ask: unknown key 'state', the nearest known one is 'contract'",
        ),
        (
            r#"{"contract":{"extra_candidates":[{}]},"now_ms":1}"#,
            RefusalCode::Unsupported,
            "ask.contract.extra_candidates: expected none, a prepared router has those of its configuration",
        ),
        (r#"{"contract":{"profile":"x"},"now_ms":1}"#, RefusalCode::Event, "unknown profile: x"),
    ] {
        let refusal = told.rank(ask).unwrap_err();
        assert_eq!((refusal.code, refusal.message.as_str()), (code, message), "{ask}");
    }

    let mut wrong = config();
    wrong["profiles"]["wrong"] = json!({ "policy_ir": ["policy"] });
    let whole = router("reference", &wrong, None, None);
    let loaded = PreparedRouter::load(&whole.to_string()).unwrap();
    let contract = json!({ "profile": "wrong" });
    let refusal =
        loaded.rank(&json!({ "contract": contract, "now_ms": 1 }).to_string()).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::Config);
    assert_eq!(Err(refusal.message), at_once(&whole, &contract, 1.0));
}
