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
use sigmapol_core::{Choice, Effect, Engine as _, RouterText, Turn};

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

/// The event of a step over a router.
fn event(kind: &str, more: &Value) -> Value {
    let mut event = json!({ "kind": kind, "now_ms": 2000 });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

/// A run that fails once and is answered, and what is asked in between, each step by `step`.
fn conversation(mut step: impl FnMut(Option<&str>, &Value) -> Turn) -> Vec<Turn> {
    let contract = json!({ "requirements": { "needs": ["tools"] }, "prompt": "hi", "seed": 3 });
    let mut turns = vec![step(None, &event("start", &json!({ "contract": contract })))];
    for response in [json!({ "ok": false, "error_kind": "timeout" }), json!({ "ok": true })] {
        let last = turns.last().unwrap();
        let state: Value = serde_json::from_str(&last.state).unwrap();
        let more = json!({ "response": response, "state": state });
        turns.push(step(Some(&last.run), &event("respond", &more)));
    }
    let extra = json!({ "provider_id": "p7", "model_family": "extra", "price_in": 0 });
    let contract = json!({ "contract": { "extra_candidates": [extra] } });
    turns.push(step(None, &event("rank", &contract)));
    turns.push(step(None, &event("status", &json!({}))));
    turns.push(step(None, &event("init", &json!({}))));
    turns
}

#[test]
fn steps_are_those_of_the_stateless_verb() {
    let state = state(100, 3);
    let text = router(100, Some(&state)).to_string();
    let router = SANDBOX.ranker(text.as_str()).unwrap();
    let whole = RouterText::new(&text).unwrap();
    let turns = conversation(|run, event| {
        let turn = router.step(run, &event.to_string()).unwrap().value;
        let event = whole.put_into(&event.to_string(), None);
        assert_eq!(turn, SANDBOX.step(run, &event).unwrap().value);
        turn
    });
    assert!(matches!(turns[0].effect, Effect::Call(_)));
    assert!(matches!(&turns[2].effect, Effect::Done(done) if done.contains(r#""ok":true"#)));
    assert!(matches!(&turns[3].effect, Effect::Done(done) if done.contains("extra")));
}

/// The runtime state of the router is in the steps that bring none, whichever instance takes them.
#[test]
fn states_are_told_to_steps() {
    let text = router(100, None).to_string();
    let router = SANDBOX.ranker(text.as_str()).unwrap();
    let whole = RouterText::new(&text).unwrap();
    let status = event("status", &json!({})).to_string();
    let mut sizes = Vec::new();
    // states of very different sizes, one after the other
    for (round, count) in [10, 2000, 4, 300, 2000, 40].into_iter().enumerate() {
        let state = state(count, round).to_string();
        router.restate(&state).unwrap();
        let expected = SANDBOX.step(None, &whole.put_into(&status, Some(&state))).unwrap().value;
        std::thread::scope(|scope| {
            let step = || router.step(None, &status).unwrap().value;
            let threads: Vec<_> = (0..3).map(|_| scope.spawn(step)).collect();
            for thread in threads {
                assert_eq!(thread.join().unwrap(), expected);
            }
        });
        sizes.push(state.len());
    }
    assert!(sizes[1] > 100 * sizes[2]);
    let (version, turn) = router.step_at(None, &status);
    assert_eq!((version.text(), version.count()), (text.as_str(), 1));
    assert_eq!(version.changes().next().map(str::len), sizes.last().copied());
    drop(turn.unwrap());
}

/// Neither steps nor states leave anything behind that a later step has to pay for.
#[test]
fn the_same_fuel_for_a_step_whatever_came_before() {
    let (small, large) = (state(100, 0).to_string(), state(2000, 1).to_string());
    let router = SANDBOX.ranker(router(100, None).to_string()).unwrap();
    let status = event("status", &json!({})).to_string();
    let start = event("start", &json!({ "contract": { "prompt": "x".repeat(20_000) } }));
    let measured = |state: &str| {
        router.restate(state).unwrap();
        router.step(None, &status).unwrap()
    };
    // a state that is larger than those before takes room, twice its size, and memory grows
    drop(measured(&large));
    let first = measured(&small);
    for round in 0..1000 {
        match round % 5 {
            0 => drop(router.step(None, &start.to_string()).unwrap()),
            1 => drop(router.step(None, r#"{"kind":"start"}"#).unwrap_err()),
            2 => drop(router.restate("[1]").unwrap_err()),
            3 => router.restate(&large).unwrap(),
            _ => router.restate(&small).unwrap(),
        }
    }
    let last = measured(&small);
    assert_eq!((last.value, last.spent.fuel), (first.value, first.spent.fuel));
    assert_eq!(last.spent.memory_bytes, first.spent.memory_bytes);
}

#[test]
fn words_of_steps() {
    let bare = json!({ "config": config(2) });
    let full = json!({ "config": config(2), "admission": "reference", "multipliers": {} });
    let start = |more: Value| event("start", &more).to_string();
    for (router, event, message) in [
        (
            &bare,
            start(json!({ "config": {}, "contract": {} })),
            "refused json-duplicate-key: event: expected each key once, got 'config', which the \
             router has",
        ),
        (
            &full,
            start(json!({ "multipliers": {}, "contract": {} })),
            "refused json-duplicate-key: event: expected each key once, got 'multipliers', which \
             the router has",
        ),
        (
            &full,
            event("forget", &json!({ "discovery_id": "x", "admission": "strict" })).to_string(),
            "refused json-duplicate-key: event: expected each key once, got 'admission', which the \
             router has",
        ),
        (
            &bare,
            start(json!({ "admission": "reference", "contract": {} })),
            "refused unsupported: event.admission: expected that of the router",
        ),
        (&bare, start(json!({})), "refused event: event.contract: expected a value"),
        (&bare, "{}".to_owned(), "refused event: event.kind: expected a value"),
        (&bare, "[1]".to_owned(), "refused event: event: expected an object"),
        (
            &bare,
            event("resume", &json!({})).to_string(),
            "refused unsupported: event.kind: unknown kind 'resume'",
        ),
    ] {
        let text = router.to_string();
        let refused = SANDBOX.ranker(text.as_str()).unwrap().step(None, &event).unwrap_err();
        assert_eq!(refused.to_string(), message);
        // the stateless verb has the same code; it reads the configuration once more as it likes
        let whole = RouterText::new(&text).unwrap().put_into(&event, None);
        let stateless = SANDBOX.step(None, &whole).map_err(|error| error.code());
        if !message.contains("expected that of the router") {
            assert_eq!(stateless.unwrap_err(), refused.code());
        }
    }
}

/// An event and its router have together what the one text may have.
#[test]
fn the_size_of_an_event_with_its_router() {
    let text = router(100, None).to_string();
    let router = SANDBOX.ranker(text.as_str()).unwrap();
    let limit = sigmapol::limits::INPUT_BYTES;
    let of_size = |kind: &str, bytes: usize| {
        let event = event(kind, &json!({ "contract": {}, "discovery_id": "" })).to_string();
        let id = "x".repeat(bytes - event.len());
        event.replace(r#""discovery_id":"""#, &format!(r#""discovery_id":"{id}""#))
    };
    let rank = |bytes: usize| router.step(None, &of_size("rank", bytes)).map(|turn| turn.value);
    rank(limit - text.len()).unwrap();
    assert_eq!(
        rank(limit - text.len() + 1).unwrap_err().to_string(),
        format!(
            "refused input-size: event: expected at most {limit} bytes with its router, got {}",
            limit + 1
        )
    );
    // what takes no configuration has the room for itself
    router.step(None, &of_size("forget", limit)).unwrap();
}

/// What the router does not have, an event may bring.
#[test]
fn members_of_the_event_alone() {
    let bare = json!({ "config": config(40) }).to_string();
    let router = SANDBOX.ranker(bare.as_str()).unwrap();
    for (member, value) in [("admission", json!("strict")), ("multipliers", json!({ "p1": 3 }))] {
        let event = event("rank", &json!({ "contract": {}, (member): value })).to_string();
        let whole = RouterText::new(&bare).unwrap().put_into(&event, None);
        let expected = SANDBOX.step(None, &whole).unwrap().value;
        assert_eq!(router.step(None, &event).unwrap().value, expected);
    }
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

/// Instances that stay leave room for calls that bring everything, and are room when they go.
#[test]
fn routers_leave_room_for_other_calls() {
    let sandbox = Sandbox::new().unwrap();
    let text = router(2, None).to_string();
    let load = || sandbox.ranker(text.as_str());
    let mut rankers: Vec<_> = (0..128).map(|_| load().unwrap()).collect();
    assert_eq!(load().unwrap_err().code(), "exhausted instances");
    assert_eq!(sandbox.catalog("{}").unwrap_err().code(), "exhausted instances");
    let limits = Limits { fuel: 1_000_000, ..Limits::default() };
    let other = sandbox.with_limits(limits).unwrap().ranker(text.as_str());
    assert_eq!(other.unwrap_err().code(), "exhausted instances");
    sandbox.step(None, r#"{"kind":"forget","discovery_id":"x"}"#).unwrap();
    // a clone is the same router, and a refused text needs no place for longer
    let kept = rankers[0].clone();
    drop(rankers.drain(..2));
    assert_eq!(sandbox.ranker("{").unwrap_err().code(), "refused json-syntax");
    rankers.push(load().unwrap());
    assert_eq!(load().unwrap_err().code(), "exhausted instances");
    drop(kept);
    rankers.push(load().unwrap());
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
