//! A prepared decision is the decision made at once, whatever was changed before.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use serde_json::{Value, json};
use sigmapol_engine::{Decision, Prepared, decide};

const POLICY: &str = r#"["policy",
    ["and", ["meets_req"], ["not", ["is", "disabled"]], ["cmp", "price_out", "le", 20], ["is", "fast"]],
    ["add", ["scale", 0.7, ["neg", ["normalize", ["field", "price_out"]]]],
            ["scale", 0.3, ["normalize", ["add", ["field", "bench"], ["field", "credits"]]]]],
    ["prefer", ["not", ["is", "breaker_open"]], ["argmax"]],
    ["set_param", "temperature", 0.5],
    ["always", {"action": "next_candidate"}]]"#;

fn catalog() -> Value {
    let candidate = |index: usize| {
        let mut candidate = json!({
            "provider_id": format!("p{}", index % 4), "model_family": format!("m{}", index % 7),
            "capabilities": { "context": 1000 * index, "supports_tools": !index.is_multiple_of(3) },
            "fast": !index.is_multiple_of(5),
        });
        if index % 4 != 1 {
            candidate["price_out"] = json!(index as f64 * 1.5);
        }
        if index.is_multiple_of(2) {
            candidate["bench"] = json!(index as f64 / 40.0);
        }
        candidate
    };
    json!({
        "candidates": (0..24).map(candidate).collect::<Vec<_>>(),
        "vocabulary": { "fields": {
            "bench": { "sort": "Num", "default": 0.1 }, "fast": { "sort": "Bool", "default": false },
        } },
        "state": {
            "ema": { "p1|m1": { "price_out": 3 }, "p1|m2": { "price_in": 1 } },
            "breakers": { "p2": true, "elsewhere": false },
            "credits": { "p3": 2 },
        },
    })
}

/// The ctx of a decision made at once.
fn whole(catalog: &Value, options: &Value, ctx: &Value) -> String {
    let mut whole = catalog.clone();
    for part in [options, ctx] {
        for (key, value) in part.as_object().unwrap() {
            whole[key] = value.clone();
        }
    }
    whole.to_string()
}

#[test]
fn the_same_decision() {
    let options = json!({
        "envelope": ["not", ["provider_eq", "p0"]],
        "customs": { "unused": ["id"] },
    });
    let mut catalog = catalog();
    let mut prepared = Prepared::load(&catalog.to_string()).unwrap();
    assert_eq!(prepared.candidates(), 24);
    let plain = prepared.policy(POLICY, "{}").unwrap();
    let narrowed = prepared.policy(POLICY, &options.to_string()).unwrap();
    let request = json!({ "requirements": { "needs": ["tools"], "min_context": 4000 } });
    let contexts = [
        json!({}),
        json!({ "request": request, "seed": 7, "now_ms": 1 }),
        json!({ "request": {}, "failures": [{ "kind": "timeout" }], "body": { "a": 1 } }),
        json!({ "state": { "disabled": { "p3": 1 }, "ema": { "p1|m5": { "price_out": 1 } } } }),
    ];
    let same = |prepared: &Prepared, catalog: &Value| {
        for (policy, options) in [(plain, &json!({})), (narrowed, &options)] {
            for ctx in &contexts {
                let fast = prepared.decide(policy, &ctx.to_string()).unwrap();
                let slow = decide(POLICY, &whole(catalog, options, ctx)).unwrap();
                assert_eq!(Decision::from(fast), slow, "{ctx}");
            }
        }
    };
    same(&prepared, &catalog);
    let changes = json!([
        { "candidate": 5, "set": { "price_out": 0.5, "fast": true, "latency_ms": 3 } },
        { "candidate": 2, "set": { "bench": 9, "no_log": true } },
        { "provider": "p2", "breaker_open": false },
        { "provider": "p1", "breaker_open": true, "disabled": true, "credits": 4 },
        { "provider": "p3", "disabled": false },
    ]);
    prepared.patch(&changes.to_string()).unwrap();
    for (place, value) in [
        ("/candidates/5/price_out", json!(0.5)),
        ("/candidates/5/fast", json!(true)),
        ("/candidates/5/latency_ms", json!(3)),
        ("/candidates/2/bench", json!(9)),
        ("/candidates/2/no_log", json!(true)),
        ("/state/breakers/p2", json!(false)),
        ("/state/breakers/p1", json!(true)),
        ("/state/credits/p1", json!(4)),
        ("/state/disabled", json!({ "p1": true })),
    ] {
        let (parent, key) = place.rsplit_once('/').unwrap();
        catalog.pointer_mut(parent).unwrap()[key] = value;
    }
    same(&prepared, &catalog);
    prepared.patch(r#"[{"provider":"p1","disabled":false}]"#).unwrap();
    catalog["state"]["disabled"] = json!({});
    same(&prepared, &catalog);
}

#[test]
fn what_is_refused() {
    let mut prepared = Prepared::load(&catalog().to_string()).unwrap();
    let before = {
        prepared.policy(POLICY, "{}").unwrap();
        prepared.decide(0, "{}").unwrap()
    };
    for (changes, message) in [
        ("1", "changes: expected an array"),
        ("[{}]", "changes[0].candidate: expected the index of one"),
        (r#"[{"candidate":24}]"#, "changes[0].candidate: expected the index of one"),
        (r#"[{"candidate":1.5}]"#, "changes[0].candidate: expected the index of one"),
        (r#"[{"candidate":-1}]"#, "changes[0].candidate: expected the index of one"),
        (
            r#"[{"candidate":1,"set":{"fast":true}},{"candidate":1,"set":{"tier":"x"}}]"#,
            "changes[1].set.tier: expected a field that a candidate has itself",
        ),
        (
            r#"[{"candidate":1,"set":{"bench":true}}]"#,
            "changes[0].set.bench: expected a finite number",
        ),
        (r#"[{"provider":"p9","credits":1}]"#, "changes[0].provider: expected one of the catalog"),
        (r#"[{"provider":"p1","disabled":1}]"#, "changes[0].disabled: expected a boolean"),
        (
            r#"[{"provider":"p1","credit":1}]"#,
            "changes[0]: unknown key 'credit', expected one of breaker_open, credits, disabled, provider",
        ),
    ] {
        assert_eq!(prepared.patch(changes).unwrap_err().message, message);
    }
    assert_eq!(prepared.decide(0, "{}").unwrap(), before);
    assert_eq!(
        prepared.decide(1, "{}").unwrap_err().message,
        "policy: expected the number of one, got 1"
    );
    assert_eq!(
        prepared.decide(0, r#"{"candidates":[]}"#).unwrap_err().message,
        "ctx: unknown key 'candidates', expected one of body, failures, now_ms, request, seed, state"
    );
    assert_eq!(
        Prepared::load(r#"{"candidates":[{}]}"#).unwrap_err().message,
        "catalog.candidates[0].provider_id: expected a string"
    );
}
