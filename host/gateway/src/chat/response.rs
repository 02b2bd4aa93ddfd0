//! An answer in the shape of OpenAI's chat completions.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use sigmapol_provider::Ending;
use sigmapol_router::Outcome;

use crate::ids::RequestId;

/// Members of an answer that go into the message under their own names.
const BESIDE: [(&str, &str); 3] = [
    ("reasoning", "reasoning_content"),
    ("annotations", "annotations"),
    ("thinking_blocks", "thinking_blocks"),
];

/// What is the same in a completion and in every frame of its stream.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    pub(crate) id: String,
    /// Seconds since the Unix epoch.
    pub(crate) created: u64,
    /// The provider's own name of the model.
    pub(crate) model: String,
}

impl Envelope {
    /// Of a request that came now; nobody has answered it yet.
    pub(crate) fn new(id: &RequestId) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let id = format!("chatcmpl-{}", id.as_str());
        Self { id, created: since.as_secs(), model: String::new() }
    }

    /// With these choices, as `object`.
    pub(crate) fn with(&self, object: &str, choices: Value) -> Value {
        json!({"id": self.id, "object": object, "created": self.created, "model": self.model,
            "choices": choices})
    }
}

/// `chat.completion`
pub(crate) fn completion(envelope: &Envelope, outcome: &Outcome, report: Value) -> Value {
    let answer = outcome.answer.as_ref().unwrap_or(&Value::Null);
    let calls = tool_calls(answer, &envelope.id);
    let text = outcome.text();
    let content = (!text.is_empty() || calls.is_empty()).then_some(text);
    let mut message = Map::new();
    message.insert("role".to_owned(), json!("assistant"));
    message.insert("content".to_owned(), json!(content));
    if !calls.is_empty() {
        message.insert("tool_calls".to_owned(), json!(calls));
    }
    message.extend(beside(answer));
    let mut choice = json!({"index": 0, "message": message,
        "finish_reason": finish_reason(answer)});
    put(&mut choice, "logprobs", answer.get("logprobs").cloned());
    let mut completion = envelope.with("chat.completion", json!([choice]));
    put(&mut completion, "usage", usage(answer));
    put(&mut completion, "x_router", Some(report));
    completion
}

/// The id of a call: clients answer by it, and not every provider has one.
pub(crate) fn call_id(own: Option<&str>, index: usize, completion: &str) -> String {
    let own = own.filter(|own| !own.is_empty());
    own.map_or_else(|| format!("call_{index}_{completion}"), str::to_owned)
}

/// Calls of tools, each with an id.
pub(crate) fn tool_calls(answer: &Value, id: &str) -> Vec<Value> {
    let calls = answer.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
    let call = |(index, call): (usize, &Value)| {
        let id = call_id(call.get("id").and_then(Value::as_str), index, id);
        let mut called = json!({"id": id, "type": "function", "function": {
            "name": call.get("name"), "arguments": call.get("arguments")}});
        put(&mut called, "extra_content", call.get("extra_content").cloned());
        called
    };
    calls.enumerate().map(call).collect()
}

/// Reasoning, sources and blocks of thinking, where there are some.
pub(crate) fn beside(answer: &Value) -> Map<String, Value> {
    let told = |(key, name): (&str, &str)| Some((name.to_owned(), answer.get(key)?.clone()));
    BESIDE.into_iter().filter_map(told).collect()
}

/// Why the model stopped, in one of OpenAI's words.
pub(crate) fn finish_reason(answer: &Value) -> &'static str {
    let word = answer.get("finish_reason").and_then(Value::as_str).unwrap_or_default();
    let called = answer.get("tool_calls").is_some();
    match Ending::of(word) {
        Ending::Length => "length",
        Ending::Filtered => "content_filter",
        _ if called => "tool_calls",
        _ => "stop",
    }
}

/// Tokens, where the provider counts them.
pub(crate) fn usage(answer: &Value) -> Option<Value> {
    let usage = answer.get("usage")?;
    let count = |key: &str| usage.get(key).and_then(Value::as_u64);
    let (input, output) = (count("input_tokens")?, count("output_tokens")?);
    let mut told = json!({"prompt_tokens": input, "completion_tokens": output,
        "total_tokens": input.saturating_add(output)});
    let cached = count("cache_read_tokens").map(|count| json!({"cached_tokens": count}));
    put(&mut told, "prompt_tokens_details", cached);
    let reasoning = count("reasoning_tokens").map(|count| json!({"reasoning_tokens": count}));
    put(&mut told, "completion_tokens_details", reasoning);
    Some(told)
}

/// Adds a member to an object, if there is a value.
pub(crate) fn put(object: &mut Value, key: &str, value: Option<Value>) {
    if let (Some(members), Some(value)) = (object.as_object_mut(), value) {
        members.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_an_end() {
        for (answer, reason) in [
            (json!({}), "stop"),
            (json!({"finish_reason": "end_turn"}), "stop"),
            (json!({"finish_reason": "STOP", "tool_calls": [{}]}), "tool_calls"),
            (json!({"finish_reason": "max_tokens", "tool_calls": [{}]}), "length"),
            (json!({"finish_reason": "MAX_TOKENS"}), "length"),
            (json!({"finish_reason": "SAFETY"}), "content_filter"),
            (json!({"finish_reason": "tool_use"}), "stop"),
        ] {
            assert_eq!(finish_reason(&answer), reason, "{answer}");
        }
    }

    #[test]
    fn counts_of_tokens() {
        let told = json!({"usage": {"input_tokens": 7, "output_tokens": 5, "cache_read_tokens": 3,
            "reasoning_tokens": 2}});
        assert_eq!(
            usage(&told),
            Some(json!({"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12,
                "prompt_tokens_details": {"cached_tokens": 3},
                "completion_tokens_details": {"reasoning_tokens": 2}}))
        );
        assert_eq!(usage(&json!({})), None);
    }

    #[test]
    fn a_call_without_an_id_gets_one() {
        let answer = json!({"tool_calls": [{"name": "f", "arguments": "{"},
            {"id": "b", "name": "g", "arguments": "{}", "extra_content": {"google": {}}}]});
        assert_eq!(
            tool_calls(&answer, "x"),
            [
                json!({"id": "call_0_x", "type": "function",
                    "function": {"name": "f", "arguments": "{"}}),
                json!({"id": "b", "type": "function", "extra_content": {"google": {}},
                    "function": {"name": "g", "arguments": "{}"}}),
            ]
        );
    }
}
