//! How a run ended.

use serde::Serialize;
use serde_json::Value;

use super::RouterError;

/// The end of a run: an answer or an error, and the whole trace.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// Whether there is an answer.
    pub ok: bool,
    /// Why there is none, such as `exhausted: timeout` or `no_candidates`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The [`Answer`](sigmapol_provider::Answer) of the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Value>,
    /// Who answered: `{provider_id, model_family, served_model_id, price_in?, price_out?,
    /// served_by, …}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Value>,
    /// The least that a provider asked to wait before the next call, in milliseconds, however long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// `{ranked, rejected, decision_path, started_at_ms, total_latency_ms, policy_identity,
    /// policy_fingerprint}`.
    pub trace: Value,
}

impl Outcome {
    pub(super) fn read(done: &str, answer: Option<Value>) -> Result<Self, RouterError> {
        let mut done = object(done)?;
        let ok = done.remove("ok") == Some(Value::Bool(true));
        Ok(Self {
            ok,
            error: done.remove("error").and_then(|error| error.as_str().map(str::to_owned)),
            answer: answer.filter(|_| ok),
            chosen: done.remove("chosen"),
            retry_after_ms: None,
            trace: done.remove("trace").unwrap_or_default(),
        })
    }

    /// The text of the answer; empty when there is none.
    pub fn text(&self) -> &str {
        let text = self.answer.as_ref().and_then(|answer| answer.get("text"));
        text.and_then(Value::as_str).unwrap_or_default()
    }
}

/// The result of an event that starts no run; what says `error` is one.
pub(super) fn result(done: &str) -> Result<Value, RouterError> {
    let done = object(done)?;
    match done.get("error") {
        Some(Value::String(error)) => Err(RouterError::Failed(error.clone())),
        _ => Ok(Value::Object(done)),
    }
}

fn object(done: &str) -> Result<serde_json::Map<String, Value>, RouterError> {
    serde_json::from_str(done)
        .map_err(|error| RouterError::Failed(format!("the engine's result: {error}")))
}
