//! The object `response`.

use serde_json::{Map, Value, json};
use sigmapol_provider::Ending;

use super::{echo::Echo, output::Output};

/// What is the same in a response and in every event of its stream.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    pub(super) id: String,
    /// Seconds since the Unix epoch.
    pub(super) created_at: u64,
    /// The provider's own name of the model.
    pub(super) model: String,
    pub(super) echo: Echo,
}

/// How a response ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ended {
    Completed,
    /// `incomplete_details.reason`.
    Incomplete(&'static str),
}

impl Ended {
    /// As an answer says, in the shape of [`Answer`](sigmapol_provider::Answer).
    pub(super) fn of(answer: &Value) -> Self {
        let word = answer.get("finish_reason").and_then(Value::as_str).unwrap_or_default();
        match Ending::of(word) {
            Ending::Length => Self::Incomplete("max_output_tokens"),
            Ending::Filtered => Self::Incomplete("content_filter"),
            _ => Self::Completed,
        }
    }

    pub(super) const fn status(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Incomplete(_) => "incomplete",
        }
    }
}

impl Envelope {
    /// A response without an output yet.
    pub(super) fn in_progress(&self) -> Value {
        Value::Object(self.with("in_progress", Vec::new()))
    }

    /// A response that has ended.
    pub(super) fn ended(&self, output: &Output, answer: &Value, report: Value) -> Value {
        let ended = Ended::of(answer);
        let cut = ended != Ended::Completed;
        let mut response = self.with(ended.status(), output.items(cut));
        if let Ended::Incomplete(reason) = ended {
            response.insert("incomplete_details".to_owned(), json!({"reason": reason}));
        }
        response.insert("usage".to_owned(), usage(answer).unwrap_or_default());
        response.insert("x_router".to_owned(), report);
        Value::Object(response)
    }

    /// A response that broke off.
    pub(super) fn failed(&self, output: &Output, error: Value, report: Option<Value>) -> Value {
        let mut response = self.with("failed", output.items(true));
        response.insert("error".to_owned(), error);
        if let Some(report) = report {
            response.insert("x_router".to_owned(), report);
        }
        Value::Object(response)
    }

    fn with(&self, status: &str, output: Vec<Value>) -> Map<String, Value> {
        let mut response = Map::new();
        for (name, value) in [
            ("id", json!(self.id)),
            ("object", json!("response")),
            ("created_at", json!(self.created_at)),
            ("status", json!(status)),
            ("model", json!(self.model)),
            ("output", Value::Array(output)),
            ("error", Value::Null),
            ("incomplete_details", Value::Null),
            ("usage", Value::Null),
        ] {
            response.insert(name.to_owned(), value);
        }
        self.echo.put(&mut response);
        response
    }
}

/// Tokens, where the provider counts them.
fn usage(answer: &Value) -> Option<Value> {
    let usage = answer.get("usage")?;
    let count = |key: &str| usage.get(key).and_then(Value::as_u64);
    let (input, output) = (count("input_tokens")?, count("output_tokens")?);
    // clients look into both, whether the provider counts them or not
    let cached = count("cache_read_tokens").unwrap_or_default();
    let reasoning = count("reasoning_tokens").unwrap_or_default();
    Some(json!({"input_tokens": input, "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": output, "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": input.saturating_add(output)}))
}
