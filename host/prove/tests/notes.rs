//! The note `normalize-unknown`: the rule of the page, case by case.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use serde_json::{Value, json};
use sigmapol_prove::normalize_unknown;

const PRICE: &str = r#"["neg", ["normalize", ["field", "price_in"]]]"#;

fn notes(scorer: &str, candidates: Value, ema: Value, rejected: &[usize]) -> Vec<String> {
    let policy = format!(r#"["policy", ["top"], {scorer}, ["argmax"], ["id"], ["always", {{}}]]"#);
    let candidates = candidates.as_array().unwrap();
    let notes = normalize_unknown(&policy, candidates, &ema, rejected.iter().copied());
    notes
        .into_iter()
        .map(|note| format!("{} {} {}", note.field, note.candidate, note.message))
        .collect()
}

fn candidate(provider: &str, prices: Value) -> Value {
    let mut candidate = json!({"provider_id": provider, "model_family": "m"});
    candidate.as_object_mut().unwrap().extend(prices.as_object().unwrap().clone());
    candidate
}

#[test]
fn one_without_a_price() {
    let priced = |provider, price: u32| candidate(provider, json!({"price_in": price}));
    let some = json!([priced("a", 60), priced("b", 1), candidate("u", json!({}))]);
    let message = "price_in 2 candidate 2 (u/m) has no price_in, so normalize gives every other candidate the same score";
    assert_eq!(notes(PRICE, some.clone(), Value::Null, &[]), [message]);
    // rejected, or observed, or nothing to tell apart
    assert_eq!(notes(PRICE, some.clone(), Value::Null, &[2]), [""; 0]);
    assert_eq!(notes(PRICE, some.clone(), json!({"u|m": {"price_in": 3}}), &[]), [""; 0]);
    assert_eq!(notes(PRICE, some.clone(), json!({"u|m": {"price_out": 3}}), &[]), [message]);
    assert_eq!(notes(PRICE, some.clone(), Value::Null, &[0]), [""; 0]);
    for silent in [
        r#"["field", "price_in"]"#,
        r#"["normalize", ["field", "tok_s"]]"#,
        r#"["normalize", ["clamp", 0, 99, ["field", "price_in"]]]"#,
        r#"["normalize", ["scale", 0, ["field", "price_in"]]]"#,
        r#"["normalize", ["neg", ["field", "price_in"]]]"#,
        r#"["normalize", ["add", ["field", "price_in"], ["scale", -1, ["field", "price_in"]]]]"#,
    ] {
        assert_eq!(notes(silent, some.clone(), Value::Null, &[]), [""; 0], "{silent}");
    }
    for loud in [
        r#"["normalize", ["neg", ["scale", -2, ["field", "price_in"]]]]"#,
        r#"["normalize", ["gate", ["top"], ["field", "price_in"]]]"#,
        r#"["gate", ["top"], ["scale", 0, ["normalize", ["field", "price_in"]]]]"#,
    ] {
        assert_eq!(notes(loud, some.clone(), Value::Null, &[]), [message], "{loud}");
    }
}

#[test]
fn several_without() {
    let some = json!([
        candidate("a", json!({"price_in": 1, "price_out": 1})),
        candidate("b", json!({"price_in": 2})),
        candidate("c", json!({"price_in": 2, "price_out": 1})),
        candidate("d", json!({})),
    ]);
    let scorer = r#"["normalize", ["add", ["field", "price_out"], ["field", "price_in"]]]"#;
    assert_eq!(
        notes(scorer, some, Value::Null, &[]),
        [
            "price_out 1 candidate 1 (b/m) and 1 more have no price_out, so normalize gives every other candidate the same score",
            "price_in 3 candidate 3 (d/m) has no price_in, so normalize gives every other candidate the same score",
        ]
    );
}

#[test]
fn latency_is_never_observed() {
    let some = json!([
        candidate("a", json!({"latency_ms": 1})),
        candidate("b", json!({"latency_ms": 2})),
        candidate("c", json!({})),
    ]);
    let scorer = r#"["normalize", ["field", "latency_ms"]]"#;
    let notes = notes(scorer, some, json!({"c|m": {"latency_ms": 1}}), &[]);
    assert_eq!(notes.len(), 1);
}

#[test]
fn json() {
    let policy = format!(r#"["policy", ["top"], {PRICE}]"#);
    let some = [json!({"price_in": 1}), json!({"price_in": 2}), candidate("u", json!({}))];
    let notes = normalize_unknown(&policy, &some, &Value::Null, []);
    let text = serde_json::to_value(&notes).unwrap();
    assert_eq!(
        text,
        json!([{"code": "normalize-unknown", "field": "price_in", "candidate": 2,
        "message": "candidate 2 (u/m) has no price_in, so normalize gives every other candidate the same score"}])
    );
}
