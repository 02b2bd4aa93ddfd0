//! Candidates, as far as findings look at them.

use serde_json::Value;

/// The fields that are +∞ where a candidate does not have them.
pub(crate) const UNBOUNDED: [&str; 3] = ["price_in", "price_out", "latency_ms"];

pub(crate) fn text<'v>(candidate: &'v Value, key: &str) -> &'v str {
    candidate.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// `provider/model`, for people.
pub(crate) fn name(candidate: &Value) -> String {
    format!("{}/{}", text(candidate, "provider_id"), text(candidate, "model_family"))
}

/// Who serves it: the peer of an offer, else the provider.
pub(crate) fn peer(candidate: &Value) -> &str {
    let offer = candidate.get("offer").and_then(|offer| offer.get("peer_id"));
    offer.and_then(Value::as_str).unwrap_or_else(|| text(candidate, "provider_id"))
}

/// Whether a candidate has one of [`UNBOUNDED`]: of its own, or a price that was observed.
pub(crate) fn knows(candidate: &Value, field: &str, ema: &Value) -> bool {
    if candidate.get(field).is_some() {
        return true;
    }
    if field == "latency_ms" {
        return false;
    }
    let pair = format!("{}|{}", text(candidate, "provider_id"), text(candidate, "model_family"));
    ema.get(pair).is_some_and(|observed| observed.get(field).is_some())
}

/// `candidate 3 (openai/gpt-x)`, and how many more.
pub(crate) fn listed(first: usize, candidate: &Value, more: usize) -> String {
    let who = format!("candidate {first} ({})", name(candidate));
    if more == 0 { who } else { format!("{who} and {more} more") }
}
