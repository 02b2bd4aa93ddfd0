//! Rankers: the same rankings as made at once, the same fuel whatever came before, from any
//! number of threads.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value, json};
use sigmapol::{Limits, Ranker, Sandbox};
use sigmapol_core::{Choice, Effect, Engine as _};

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new().unwrap());

/// So many candidates at 40 providers; every other one has no price of its own.
fn config(count: usize) -> Value {
    let provider = |number: usize| {
        let tier = ["partner", "fallback"][number % 2];
        let api = "openai_compatible";
        let url = format!("https://p{number}.example");
        json!({ "discovery": "static", "base_url": url, "api_kind": api, "tier": tier })
    };
    let providers = (0..40).map(|number| (format!("p{number}"), provider(number)));
    let model = |number: usize| {
        let price = json!({ "price_in": (number * 7919 % 1000) as f64 / 16.0, "price_out": 2 });
        let fields = if number.is_multiple_of(2) { price } else { json!({}) };
        let tools = !number.is_multiple_of(3);
        json!({
            "capabilities": { "context": 8000, "supports_tools": tools }, "fields": fields,
            "served_by": [{ "provider": format!("p{}", number % 40) }],
        })
    };
    let models = (0..count).map(|number| (format!("m{number:04}"), model(number)));
    json!({
        "providers": providers.collect::<Map<_, _>>(), "models": models.collect::<Map<_, _>>(),
        "profiles": { "default": { "scorer": ["neg", ["normalize", ["field", "price_in"]]] } },
    })
}

/// A state with a price for each candidate that has none, breakers and disabled providers.
fn state(count: usize, shift: usize) -> Value {
    let priced = (1..count).step_by(2).map(|number| {
        let price = ((number + shift) * 104_729 % 1000) as f64 / 16.0;
        (format!("p{}|m{number:04}", number % 40), json!({ "price_in": price, "price_out": 1 }))
    });
    let open = json!({ "open": true, "opened_at_ms": 1000, "consecutive_failures": 3 });
    json!({
        "initialized": true,
        "ema_metrics": priced.collect::<Map<_, _>>(),
        "circuit_breakers": { "p3": open, "p7": open, format!("p{}", shift % 40): open },
        "disabled_providers": { "p5": { "kind": "auth_error", "at_ms": 1000 }, "p6": "timeout" },
        "discovery_cache": {},
    })
}

fn router(count: usize, state: Option<&Value>) -> Value {
    let mut router = json!({ "config": config(count), "multipliers": { "p2": 1.1, "p9": 0.3 } });
    if let Some(state) = state {
        router["state"] = state.clone();
    }
    router
}

const ASK: &str = r#"{"contract":{"requirements":{"needs":["tools"],"min_context":4000},"prompt":"hi"},"now_ms":2000}"#;

/// What `step` ranks: places by name with scores, the others with reasons, and the cost.
type Ranked = (Vec<(String, f64)>, Vec<(String, String)>, u64);

fn name(candidate: &Value, provider: &str, model: &str) -> String {
    let part = |key: &str| candidate[key].as_str().unwrap();
    format!("{}|{}", part(provider), part(model))
}

fn at_once(router: &Value, ask: &str) -> Ranked {
    let mut event = router.clone();
    event["kind"] = json!("rank");
    for (key, value) in serde_json::from_str::<Map<String, Value>>(ask).unwrap() {
        event[key] = value;
    }
    let turn = SANDBOX.step(None, &event.to_string()).unwrap().value;
    let Effect::Done(done) = turn.effect else { panic!("{:?}", turn.effect) };
    let done: Value = serde_json::from_str(&done).unwrap();
    let entries = |key: &str| done[key].as_array().unwrap().clone().into_iter();
    let ordered = entries("ordered").map(|entry| {
        (name(&entry, "provider_id", "model_family"), entry["score"].as_f64().unwrap())
    });
    let rejected = entries("rejected").map(|entry| {
        (name(&entry, "provider", "model"), entry["reason"].as_str().unwrap().to_owned())
    });
    (ordered.collect(), rejected.collect(), turn.cost)
}

fn named(contracts: &Ranker, choice: Choice) -> Ranked {
    let candidates: Vec<Value> = serde_json::from_str(&contracts.candidates()).unwrap();
    let name = |row: u32| name(&candidates[row as usize], "provider_id", "model_family");
    let Choice { ordered, scores, rejected, why, reasons, cost, .. } = choice;
    let ordered = ordered.into_iter().zip(scores);
    let rejected = rejected.into_iter().zip(why);
    (
        ordered.map(|(row, bits)| (name(row), f64::from_bits(bits))).collect(),
        rejected.map(|(row, why)| (name(row), reasons[why as usize].clone())).collect(),
        cost,
    )
}

#[test]
fn states_reach_every_instance() {
    let first = state(1000, 0);
    let contracts = SANDBOX.ranker(router(1000, Some(&first)).to_string()).unwrap();
    let rank = || named(&contracts, contracts.rank(ASK).unwrap().value);
    let expected = at_once(&router(1000, Some(&first)), ASK);
    assert!(expected.0.len() > 500 && expected.1.len() > 300);
    assert_eq!(rank(), expected);
    for round in 1..12 {
        let state = state(1000, round);
        contracts.restate(&state.to_string()).unwrap();
        let expected = at_once(&router(1000, Some(&state)), ASK);
        // several instances: each thread that finds none idle makes one
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..3).map(|_| scope.spawn(rank)).collect();
            for thread in threads {
                assert_eq!(thread.join().unwrap(), expected);
            }
        });
    }
}

/// Neither rankings, nor refusals, nor states leave anything behind that a later ranking has to
/// pay for.
#[test]
fn the_same_fuel_and_memory_whatever_came_before() {
    let (plain, other) = (state(1000, 0).to_string(), state(1000, 77).to_string());
    let contracts = SANDBOX.ranker(router(1000, Some(&state(1000, 0))).to_string()).unwrap();
    let first = contracts.rank(ASK).unwrap();
    let large = json!({ "contract": { "prompt": "x".repeat(20_000), "seed": 3 }, "now_ms": 1 });
    // states of other sizes, and one that is refused when half of it would have been taken over
    let crowd: Map<_, _> = (0..200).map(|at| (format!("x{at}"), json!("timeout"))).collect();
    let crowd = json!({ "disabled_providers": crowd }).to_string();
    let wrong =
        r#"{"disabled_providers":{"p1":"timeout"},"ema_metrics":{"p1|m0001":{"price_in":"x"}}}"#;
    for round in 0..1000 {
        match round % 10 {
            0 => drop(contracts.rank(&large.to_string()).unwrap()),
            1 => drop(contracts.rank("{").unwrap_err()),
            2 => assert_eq!(contracts.restate(wrong).unwrap_err().code(), "refused event"),
            3 => contracts.restate("{}").unwrap(),
            4 => contracts.restate(&crowd).unwrap(),
            5 => contracts.restate(&other).unwrap(),
            6 => drop(contracts.rank(r#"{"contract":{"profile":"x"},"now_ms":1}"#).unwrap_err()),
            _ => contracts.restate(&plain).unwrap(),
        }
    }
    let before = contracts.rank(ASK).unwrap();
    for _ in 0..1000 {
        contracts.restate(&plain).unwrap();
    }
    let last = contracts.rank(ASK).unwrap();
    assert_eq!(last.value, first.value);
    assert_eq!(before.spent.fuel, first.spent.fuel);
    assert_eq!(last.spent.fuel, first.spent.fuel);
    // states grow the memory to what the largest takes, once
    assert_eq!(last.spent.memory_bytes, before.spent.memory_bytes);
}

#[test]
fn words() {
    let mut market = router(2, None);
    market["config"]["providers"]["p0"]["discovery"] = json!("marketplace");
    market["config"]["providers"]["p0"]["discovery_id"] = json!("x");
    assert_eq!(
        SANDBOX.ranker(market.to_string()).unwrap_err().to_string(),
        "refused unsupported: router.config.providers.p0.discovery: expected static, the offers \
         of a marketplace come and go with the time"
    );
    let contracts = SANDBOX.ranker(router(2, None).to_string()).unwrap();
    for (ask, message) in [
        (
            r#"{"contract":{"promt":"hi"},"now_ms":1}"#,
            "refused event: contract: unknown key 'promt', the nearest known one is 'prompt'",
        ),
        (r#"{"contract":{}}"#, "refused event: ask.now_ms: expected a value"),
    ] {
        assert_eq!(contracts.rank(ask).unwrap_err().to_string(), message);
    }
    assert_eq!(
        contracts.restate("[1]").unwrap_err().to_string(),
        "refused event: state: expected an object"
    );
    let pin = json!({ "requirements": { "pin": { "provider": "p1", "model": "x" } } });
    let choice = contracts.rank(&json!({ "contract": pin, "now_ms": 1 }).to_string()).unwrap();
    assert!(choice.value.ordered.is_empty() && choice.value.rejected.is_empty());
    assert_eq!(choice.value.reasons, ["pin_not_found"]);
}

#[test]
fn a_router_is_replaced_while_others_rank() {
    let (old, new) = (router(300, None), router(200, Some(&state(200, 5))));
    let (before, after) = (at_once(&old, ASK), at_once(&new, ASK));
    let contracts = SANDBOX.ranker(old.to_string()).unwrap();
    let fixed = contracts.fixed();
    // gone when this test is over, or when it fails: the reader stops then
    let running = Arc::new(());
    let watched = Arc::downgrade(&running);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while watched.strong_count() > 0 {
                let now = contracts.fixed();
                let ranked = named(&now, now.rank(ASK).unwrap().value);
                assert!(ranked == before || ranked == after);
            }
        });
        contracts.replace(new.to_string()).unwrap();
        assert_eq!(named(&contracts, contracts.rank(ASK).unwrap().value), after);
        assert_eq!(contracts.replace("{").unwrap_err().code(), "refused json-syntax");
        assert_eq!(named(&contracts, contracts.rank(ASK).unwrap().value), after);
        assert_eq!(named(&fixed, fixed.rank(ASK).unwrap().value), before);
        drop(running);
        reader.join().unwrap();
    });
}

#[test]
fn what_stops_an_instance_ends_it_alone() {
    let text = router(500, None).to_string();
    let choice = SANDBOX.ranker(text.clone()).unwrap().rank(ASK).unwrap();
    let tight = Limits { fuel: choice.spent.fuel + 1, ..Limits::default() };
    // enough for a ranking, and not for reading the router
    let sandbox = SANDBOX.with_limits(tight).unwrap();
    assert_eq!(sandbox.ranker(text).unwrap_err().code(), "exhausted fuel");
}
