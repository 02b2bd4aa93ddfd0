//! The hops of a run, as a table.

use comfy_table::Cell;
use serde_json::Value;
use sigmapol_router::Outcome;

use crate::{
    Global,
    shared::{
        table::{number, render, right},
        text::safe,
    },
};

/// Characters shown of a provider's message.
const MESSAGE_CHARS: usize = 60;

/// One attempt, or one candidate that was passed over.
struct Hop<'o> {
    event: &'o Value,
    what: String,
    /// The wait that followed.
    wait_ms: Option<f64>,
}

/// A table of the hops, and how long the run took.
pub(crate) fn table(outcome: &Outcome, global: &Global) -> String {
    let mut table = global.table(["#", "provider", "model", "what happened", "took ms", "wait ms"]);
    let milliseconds = |ms: Option<f64>| right(ms.map_or_else(|| "-".to_owned(), number));
    for (index, hop) in hops(outcome).into_iter().enumerate() {
        let text = |key: &str| {
            Cell::new(safe(hop.event.get(key).and_then(Value::as_str).unwrap_or_default()))
        };
        table.add_row([
            right(index + 1),
            text("provider_id"),
            text("model_family"),
            Cell::new(safe(&hop.what)),
            milliseconds(hop.event.get("latency_ms").and_then(Value::as_f64)),
            milliseconds(hop.wait_ms),
        ]);
    }
    let total = outcome.trace.get("total_latency_ms").and_then(Value::as_f64);
    let total = total.map_or_else(|| "-".to_owned(), number);
    let end = outcome.error.as_deref().map_or_else(|| "answered".to_owned(), safe);
    format!("{}\n{end}, after {total} ms", render(table))
}

/// A retry and a disabled provider are what followed from the attempt before them.
fn hops(outcome: &Outcome) -> Vec<Hop<'_>> {
    let mut hops: Vec<Hop<'_>> = Vec::new();
    let events = outcome.trace.get("decision_path").and_then(Value::as_array);
    for event in events.into_iter().flatten() {
        match (event.get("event").and_then(Value::as_str), hops.last_mut()) {
            (Some("retry_scheduled"), Some(hop)) => {
                hop.wait_ms = event.get("backoff_ms").and_then(Value::as_f64);
            }
            // it would have waited, and another was ready
            (Some("skipped"), Some(hop)) if hop.wait_ms.is_some() && is_wait(event) => {
                hop.wait_ms = None;
                hop.what += "; not waited for";
            }
            (Some("provider_disabled"), Some(hop)) => hop.what += "; provider disabled",
            (name, _) => {
                let what = happened(name.unwrap_or_default(), event);
                hops.push(Hop { event, what, wait_ms: None });
            }
        }
    }
    hops
}

fn is_wait(skipped: &Value) -> bool {
    skipped.get("reason").and_then(Value::as_str) == Some("wait")
}

fn happened(name: &str, event: &Value) -> String {
    let text = |key: &str| event.get(key).and_then(Value::as_str);
    match (name, text("error_kind")) {
        ("attempted", None) => "answered".to_owned(),
        ("attempted", Some(kind)) => {
            let mut what = kind.to_owned();
            if let Some(status) = event.get("http_status").and_then(Value::as_f64) {
                what += &format!(" {status}");
            }
            if let Some(message) = text("error_message").filter(|message| !message.is_empty()) {
                what += ": ";
                what.extend(message.chars().take(MESSAGE_CHARS));
                if message.chars().nth(MESSAGE_CHARS).is_some() {
                    what.push('…');
                }
            }
            what
        }
        (name, _) => match text("reason") {
            Some(reason) => format!("{name}: {reason}"),
            None => name.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::shared::fixture::global;

    #[test]
    fn one_row_a_hop() {
        let at = |event: &str, provider: &str| json!({"event": event, "provider_id": provider, "model_family": "small"});
        let with = |mut event: Value, more: Value| {
            event.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
            event
        };
        let outcome = Outcome {
            ok: false,
            error: Some("exhausted: timeout".to_owned()),
            answer: None,
            chosen: None,
            retry_after_ms: None,
            trace: json!({"total_latency_ms": 2370.0, "decision_path": [
                with(at("attempted", "alpha"), json!({"attempt": 1, "latency_ms": 12,
                    "error_kind": "rate_limit", "http_status": 429, "error_message": "slow\ndown"})),
                with(at("retry_scheduled", "alpha"), json!({"attempt": 1, "backoff_ms": 250})),
                with(at("attempted", "alpha"), json!({"attempt": 2, "latency_ms": 8,
                    "error_kind": "auth_error", "http_status": 401,
                    "error_message": "x".repeat(300)})),
                {"event": "provider_disabled", "provider_id": "alpha", "reason": "auth_error"},
                with(at("skipped", "alpha"), json!({"reason": "disabled_provider"})),
                with(at("attempted", "beta"), json!({"attempt": 1, "latency_ms": 5,
                    "error_kind": "rate_limit", "http_status": 429, "error_message": ""})),
                with(at("retry_scheduled", "beta"), json!({"attempt": 1, "backoff_ms": 20_000})),
                with(at("skipped", "beta"), json!({"reason": "wait"})),
                with(at("attempted", "gamma"), json!({"attempt": 1, "latency_ms": 2100,
                    "error_kind": "timeout", "error_message": ""})),
            ]}),
        };
        insta::assert_snapshot!("trace", table(&outcome, &global()));
    }
}
