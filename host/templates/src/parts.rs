//! The parts that templates are put together from: terms.

use serde_json::{Value, json};

/// Whoever answers at all: what the request needs, and not switched off.
pub(crate) fn able() -> Vec<Value> {
    vec![json!(["meets_req"]), json!(["not", ["is", "disabled"]])]
}

pub(crate) fn cmp(field: &str, relation: &str, number: f64) -> Value {
    json!(["cmp", field, relation, short(number)])
}

/// One of several names.
pub(crate) fn any(op: &str, names: &[&str]) -> Value {
    match names {
        [name] => json!([op, name]),
        names => {
            let terms = names.iter().map(|name| json!([op, name]));
            Value::Array(std::iter::once(json!("or")).chain(terms).collect())
        }
    }
}

pub(crate) fn and(terms: Vec<Value>) -> Value {
    Value::Array(std::iter::once(json!("and")).chain(terms).collect())
}

/// The price of a call with so large a share of input, from 0 to 1.
pub(crate) fn price(input_share: f64) -> Value {
    let part = |share: f64, field: &str| match share {
        1.0 => json!(["field", field]),
        share => json!(["scale", share, ["field", field]]),
    };
    match input_share {
        0.0 => part(1.0, "price_out"),
        1.0 => part(1.0, "price_in"),
        share => json!(["add", part(share, "price_in"), part(rest(share), "price_out")]),
    }
}

/// What is left of 1, as a person writes it: `1 - 0.9` is 0.1 and not 0.09999999999999998.
pub(crate) fn rest(share: f64) -> f64 {
    let digits = format!("{:.12}", 1.0 - share);
    digits.parse().unwrap_or(1.0 - share)
}

/// Cheap is good: 0 for the cheapest of those that are left, −1 for the dearest.
pub(crate) fn cheap(input_share: f64) -> Value {
    json!(["neg", ["normalize", price(input_share)]])
}

/// The best first, open breakers last, and before that the providers in this order. The filter lets
/// nobody else through, so that the last of them needs no `prefer`.
pub(crate) fn best(providers: &[&str]) -> Value {
    let named = providers.split_last().map_or(providers, |(_, named)| named);
    let best = named
        .iter()
        .rev()
        .fold(json!(["argmax"]), |rest, name| json!(["prefer", ["provider_eq", name], rest]));
    json!(["prefer", ["not", ["is", "breaker_open"]], best])
}

/// What to do after a failure: who is overloaded rests, who stutters is asked again at once, a key
/// that is wrong switches its provider off, all else goes to the next.
pub(crate) fn fail_plan() -> Value {
    [
        ("auth_error", json!({"action": "disable_provider"})),
        ("rate_limit", json!({"action": "next_candidate", "open_breaker_ms": 30000})),
        (
            "server_error",
            json!({"action": "retry_same", "attempts": 1, "backoff_ms": 500,
                "then_action": "next_candidate"}),
        ),
        (
            "network_error",
            json!({"action": "retry_same", "attempts": 2, "backoff_ms": [200, 600],
                "then_action": "next_candidate"}),
        ),
        ("model_unavailable", json!({"action": "next_provider_same_model"})),
        ("stream_interrupted", json!({"action": "abort"})),
    ]
    .into_iter()
    .fold(json!(["always", {"action": "next_candidate"}]), |plan, (kind, action)| {
        json!(["override", plan, kind, action])
    })
}

/// A whole number without a point.
fn short(number: f64) -> Value {
    let whole = number as i64;
    if whole as f64 == number { json!(whole) } else { json!(number) }
}
