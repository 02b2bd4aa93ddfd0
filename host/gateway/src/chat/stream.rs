//! A chat completion as a stream of server-sent events.

use serde_json::{Value, json};
use sigmapol_provider::Delta;
use sigmapol_router::Outcome;

use super::response::{Envelope, beside, call_id, finish_reason, put, usage};
use crate::{
    error::ApiError,
    ingress::{Answering, Frames},
};

const CHUNK: &str = "chat.completion.chunk";

/// After the last frame.
const DONE: &str = "data: [DONE]\n\n";

/// A comment, which clients pass over: that the connection lives.
const IDLE: &str = ": keep-alive\n\n";

/// The frames of a completion.
#[derive(Debug)]
pub(super) struct Chunks {
    pub(super) envelope: Envelope,
    /// A frame with the usage is asked for.
    pub(super) include_usage: bool,
}

impl Frames for Chunks {
    fn start(&mut self, by: &Answering) -> String {
        by.served_model_id.clone_into(&mut self.envelope.model);
        self.delta_of(json!({"role": "assistant", "content": ""}))
    }

    fn delta(&mut self, delta: Delta<'_>) -> String {
        let delta = match delta {
            Delta::Text(text) => json!({"content": text}),
            Delta::Reasoning(text) => json!({"reasoning_content": text}),
            Delta::Call { index, id, name } => {
                let id = call_id(Some(id), index, &self.envelope.id);
                json!({"tool_calls": [{"index": index, "id": id, "type": "function",
                    "function": {"name": name, "arguments": ""}}]})
            }
            Delta::Arguments { index, text } => {
                json!({"tool_calls": [{"index": index, "function": {"arguments": text}}]})
            }
            Delta::Extra { index, content } => {
                json!({"tool_calls": [{"index": index, "extra_content": content}]})
            }
            // blocks of thinking come whole, with the finish reason
            _ => return String::new(),
        };
        self.delta_of(delta)
    }

    fn end(&mut self, outcome: &Outcome, report: Value) -> String {
        let answer = outcome.answer.as_ref().unwrap_or(&Value::Null);
        let mut beside = beside(answer);
        beside.remove("reasoning_content"); // which has been told
        let mut choice =
            json!({"index": 0, "delta": beside, "finish_reason": finish_reason(answer)});
        put(&mut choice, "logprobs", answer.get("logprobs").cloned());
        let mut finish = self.envelope.with(CHUNK, json!([choice]));
        put(&mut finish, "x_router", Some(report));
        let mut frames = frame(&finish);
        if self.include_usage {
            let mut counted = self.envelope.with(CHUNK, json!([]));
            put(&mut counted, "usage", Some(usage(answer).unwrap_or_default()));
            frames += &frame(&counted);
        }
        frames + DONE
    }

    fn idle(&self) -> Option<String> {
        Some(IDLE.to_owned())
    }

    /// A client that looks at finish reasons learns of it, and so does one that looks at errors.
    fn broken(&mut self, error: ApiError) -> String {
        let choice = json!({"index": 0, "delta": {}, "finish_reason": "error"});
        let mut finish = self.envelope.with(CHUNK, json!([choice]));
        let body = json!({"error": error.error()});
        put(&mut finish, "x_router", error.report.map(|report| *report));
        frame(&finish) + &frame(&body) + DONE
    }
}

impl Chunks {
    fn delta_of(&self, delta: Value) -> String {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": null});
        frame(&self.envelope.with(CHUNK, json!([choice])))
    }
}

/// One event; JSON has no line ends of its own.
fn frame(body: &Value) -> String {
    format!("data: {body}\n\n")
}
