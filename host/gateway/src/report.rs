//! What the gateway tells of a run beside the answer: `x_router`, and headers.

use axum::http::HeaderMap;
use serde_json::{Map, Value, json};
use sigmapol_router::Outcome;

use crate::{limits::RANKED, reply::set_header};

/// The members of `chosen` that are told, by the names that they are told by.
const CHOSEN: [(&str, &str); 6] = [
    ("provider", "provider_id"),
    ("model_family", "model_family"),
    ("served_model_id", "served_model_id"),
    ("served_by", "served_by"),
    ("price_in", "price_in"),
    ("price_out", "price_out"),
];

/// `{provider, model_family, served_model_id, served_by, price_in, price_out, cost_usd, cost_basis,
/// tokens_cached, policy_fingerprint, policy_id, decision_trace, ignored?}`; what is not known is
/// `null`.
pub(crate) fn x_router(outcome: &Outcome, ignored: &[String]) -> Value {
    let mut report = Map::new();
    for (name, key) in CHOSEN {
        let value = outcome.chosen.as_ref().and_then(|chosen| chosen.get(key));
        report.insert(name.to_owned(), value.cloned().unwrap_or_default());
    }
    let (cost, basis) = cost(outcome);
    report.insert("cost_usd".to_owned(), json!(cost));
    report.insert("cost_basis".to_owned(), json!(basis));
    report.insert("tokens_cached".to_owned(), json!(count(outcome, "cache_read_tokens")));
    let mut trace = outcome.trace.clone();
    let mut of_trace =
        |key: &str| trace.as_object_mut().and_then(|trace| trace.remove(key)).unwrap_or_default();
    report.insert("policy_fingerprint".to_owned(), of_trace("policy_fingerprint"));
    report.insert("policy_id".to_owned(), of_trace("policy_identity"));
    if let Some(ranked) = trace.get_mut("ranked").and_then(Value::as_array_mut) {
        let total = ranked.len();
        ranked.truncate(RANKED);
        if let Some(trace) = trace.as_object_mut() {
            trace.insert("ranked_total".to_owned(), json!(total));
        }
    }
    report.insert("decision_trace".to_owned(), trace);
    if !ignored.is_empty() {
        report.insert("ignored".to_owned(), json!(ignored));
    }
    Value::Object(report)
}

/// What an answer cost in US dollars, and how that is known: `provider`, which said so, or `computed`
/// of tokens and prices. Tokens of a cache count as all others: the price of them is not known.
pub(crate) fn cost(outcome: &Outcome) -> (Option<f64>, Option<&'static str>) {
    let usage = outcome.answer.as_ref().and_then(|answer| answer.get("usage"));
    let tokens = |key| usage.and_then(|usage| usage.get(key)).and_then(Value::as_f64);
    if let Some(nano_usd) = tokens("cost_nano_usd") {
        // the calls of a flow are summed up, whoever said what each cost
        let is_sum = outcome.trace.get("flow_nodes").is_some();
        return (Some(nano_usd / 1e9), Some(if is_sum { "computed" } else { "provider" }));
    }
    let price = |key| outcome.chosen.as_ref().and_then(|chosen| chosen.get(key)?.as_f64());
    // what there is none of costs nothing, at whatever price
    let part = |count, per_million| match tokens(count)? {
        0.0 => Some(0.0),
        count => Some(count * price(per_million)?),
    };
    let parts = part("input_tokens", "price_in").zip(part("output_tokens", "price_out"));
    let cost = parts.map(|(input, output)| (input + output) / 1e6);
    match cost.filter(|cost| cost.is_finite()) {
        Some(cost) => (Some(cost), Some("computed")),
        None => (None, None),
    }
}

fn count(outcome: &Outcome, key: &str) -> u64 {
    let usage = outcome.answer.as_ref().and_then(|answer| answer.get("usage"));
    usage.and_then(|usage| usage.get(key)).and_then(Value::as_u64).unwrap_or_default()
}

/// The model that answered, by the provider's own name.
pub(crate) fn model(outcome: &Outcome) -> Option<String> {
    let of = |value: &Option<Value>, key: &str| {
        value.as_ref().and_then(|value| value.get(key)?.as_str().map(str::to_owned))
    };
    of(&outcome.answer, "model").or_else(|| of(&outcome.chosen, "served_model_id"))
}

/// Sets `x-sigmapol-provider`, `-model`, `-policy` and `-cost-usd`, as far as they are known.
pub(crate) fn set_headers(headers: &mut HeaderMap, report: &Value) {
    for (name, key) in [
        ("x-sigmapol-provider", "provider"),
        ("x-sigmapol-model", "served_model_id"),
        ("x-sigmapol-policy", "policy_id"),
        ("x-sigmapol-cost-usd", "cost_usd"),
    ] {
        match report.get(key) {
            Some(Value::String(text)) => set_header(headers, name, text),
            // without an exponent
            Some(number) if number.is_number() => {
                set_header(headers, name, &number.as_f64().unwrap_or_default().to_string());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(usage: Value, chosen: Value) -> Outcome {
        let answer = Some(json!({"text": "ok", "usage": usage}));
        Outcome {
            ok: true,
            error: None,
            answer,
            chosen: Some(chosen),
            retry_after_ms: None,
            trace: json!({}),
        }
    }

    #[test]
    fn costs() {
        let prices = json!({"price_in": 2, "price_out": 10});
        let tokens = json!({"input_tokens": 1_000_000, "output_tokens": 100_000});
        assert_eq!(cost(&outcome(tokens.clone(), prices.clone())), (Some(3.0), Some("computed")));
        let told = json!({"input_tokens": 1, "output_tokens": 1, "cost_nano_usd": 140_000});
        assert_eq!(cost(&outcome(told, prices)), (Some(0.00014), Some("provider")));
        // a price that is not known makes no cost of zero, and one that overflows none at all
        assert_eq!(cost(&outcome(tokens.clone(), json!({"price_in": 2}))), (None, None));
        let dear = json!({"price_in": 1e308, "price_out": 1e308});
        let many = json!({"input_tokens": u64::MAX, "output_tokens": u64::MAX});
        assert_eq!(cost(&outcome(many, dear)), (None, None));
        assert_eq!(cost(&outcome(Value::Null, json!({"price_in": 2}))), (None, None));
    }

    #[test]
    fn ten_of_a_ranking() {
        let ranked: Vec<_> = (0..12).collect();
        let trace = json!({"ranked": ranked, "policy_identity": "id", "policy_fingerprint": "f"});
        let outcome = Outcome {
            ok: false,
            error: None,
            answer: None,
            chosen: None,
            retry_after_ms: None,
            trace,
        };
        let report = x_router(&outcome, &["x".to_owned()]);
        let trace = json!({"ranked": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "ranked_total": 12});
        assert_eq!(
            report,
            json!({"provider": null, "model_family": null, "served_model_id": null,
                "served_by": null, "price_in": null, "price_out": null, "cost_usd": null,
                "cost_basis": null, "tokens_cached": 0, "policy_fingerprint": "f",
                "policy_id": "id", "decision_trace": trace, "ignored": ["x"]})
        );
    }
}
