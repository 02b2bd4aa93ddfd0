//! Catalogs: the same decisions as made at once, the same fuel whatever came before, from any
//! number of threads.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};
use sigmapol::{Limits, Policy, Sandbox};
use sigmapol_core::{Decision, Engine as _};

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new().unwrap());

const POLICY: &str = r#"["policy",
    ["and", ["meets_req"], ["not", ["is", "disabled"]], ["not", ["is", "breaker_open"]]],
    ["neg", ["normalize", ["field", "price_out"]]], ["argmax"], ["id"],
    ["always", {"action": "next_candidate"}]]"#;

fn catalog(count: usize, shift: f64) -> Value {
    let candidate = |index: usize| {
        json!({
            "provider_id": format!("p{}", index % 40), "model_family": format!("m{index}"),
            "capabilities": { "context": 8000, "supports_tools": !index.is_multiple_of(3) },
            "price_out": shift + (index * 7919 % 1000) as f64 / 8.0,
        })
    };
    json!({
        "candidates": (0..count).map(candidate).collect::<Vec<_>>(),
        "state": { "breakers": { "p3": true }, "disabled": { "p5": 1 } },
    })
}

const CTX: &str = r#"{"request":{"requirements":{"needs":["tools"],"min_context":4000}}}"#;

fn at_once(catalog: &Value, ctx: &str) -> Decision {
    let mut whole = catalog.clone();
    let ctx: Value = serde_json::from_str(ctx).unwrap();
    for (key, value) in ctx.as_object().unwrap() {
        whole[key] = value.clone();
    }
    SANDBOX.decide(POLICY, &whole.to_string()).unwrap().value
}

#[test]
fn changes_reach_every_instance() {
    let mut text = catalog(300, 0.0);
    let catalog = SANDBOX.catalog(text.to_string()).unwrap();
    assert_eq!(catalog.candidates(), 300);
    let policy = Policy::new(POLICY);
    let decide = || Decision::from(catalog.decide(&policy, CTX).unwrap().value);
    assert_eq!(decide(), at_once(&text, CTX));
    for round in 0..40_u32 {
        let index = (round * 37 % 300) as usize;
        let price = f64::from(round) / 16.0;
        let open = round.is_multiple_of(2);
        let changes = json!([
            { "candidate": index, "set": { "price_out": price } },
            { "provider": "p7", "breaker_open": open },
        ]);
        catalog.patch(&changes.to_string()).unwrap();
        text["candidates"][index]["price_out"] = json!(price);
        text["state"]["breakers"]["p7"] = json!(open);
        // several instances: each thread that finds none idle makes one
        let expected = at_once(&text, CTX);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..3).map(|_| scope.spawn(decide)).collect();
            for thread in threads {
                assert_eq!(thread.join().unwrap(), expected);
            }
        });
    }
}

/// Neither decisions, nor refusals, nor changes leave anything behind that a later decision has to
/// pay for.
#[test]
fn the_same_fuel_and_memory_whatever_came_before() {
    let catalog = SANDBOX.catalog(catalog(1000, 0.0).to_string()).unwrap();
    let policy = Policy::new(POLICY);
    let first = catalog.decide(&policy, CTX).unwrap();
    let large = json!({ "request": { "text": "x".repeat(20_000) }, "seed": 3 }).to_string();
    for round in 0..200 {
        match round % 4 {
            0 => drop(catalog.decide(&policy, &large).unwrap()),
            1 => drop(catalog.decide(&policy, "{").unwrap_err()),
            2 => drop(catalog.decide(&policy, r#"{"seed":0.5}"#).unwrap_err()),
            _ => catalog.patch(r#"[{"candidate":0,"set":{"price_out":0}}]"#).unwrap(),
        }
    }
    let last = catalog.decide(&policy, CTX).unwrap();
    assert_eq!(last.value, first.value); // the price was 0 before
    assert_eq!(last.spent.fuel, first.spent.fuel);
    assert_eq!(last.spent.memory_bytes, first.spent.memory_bytes);
}

#[test]
fn a_catalog_is_replaced_while_others_decide() {
    let (old, new) = (catalog(200, 0.0), catalog(200, 1.0));
    let (before, after) = (at_once(&old, CTX), at_once(&new, CTX));
    let catalog = SANDBOX.catalog(old.to_string()).unwrap();
    let policy = Policy::new(POLICY);
    // gone when this test is over, or when it fails: the reader stops then
    let running = Arc::new(());
    let watched = Arc::downgrade(&running);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = 0;
            while watched.strong_count() > 0 {
                let decision = Decision::from(catalog.decide(&policy, CTX).unwrap().value);
                assert!(decision == before || decision == after);
                seen += 1;
            }
            seen
        });
        catalog.replace(new.to_string()).unwrap();
        assert_eq!(Decision::from(catalog.decide(&policy, CTX).unwrap().value), after);
        assert!(catalog.replace("{").is_err());
        assert_eq!(Decision::from(catalog.decide(&policy, CTX).unwrap().value), after);
        drop(running);
        reader.join().unwrap();
    });
}

#[test]
fn what_stops_an_instance_ends_it_alone() {
    let text = catalog(500, 0.0).to_string();
    let loaded = SANDBOX.catalog(text.clone()).unwrap();
    let policy = Policy::new(POLICY);
    let choice = loaded.decide(&policy, CTX).unwrap();
    let tight = Limits { fuel: choice.spent.fuel + 1, ..Limits::default() };
    // enough for a decision, and not for reading the catalog
    let sandbox = SANDBOX.with_limits(tight).unwrap();
    assert_eq!(sandbox.catalog(text).unwrap_err().code(), "exhausted fuel");
    let wrong = Policy::new(r#"["policy"]"#);
    assert_eq!(loaded.decide(&wrong, CTX).unwrap_err().code(), "refused arity");
    assert_eq!(loaded.decide(&policy, CTX).unwrap().value, choice.value);
}
