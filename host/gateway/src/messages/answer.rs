//! An answer in the shape of Anthropic's messages.

use serde_json::{Value, json};
use sigmapol_core::json::{Object, quote};
use sigmapol_provider::{Ending, UNSIGNED};
use sigmapol_router::Outcome;

use crate::report::model;

use super::{
    estimate,
    text::{list, object},
};

/// What an answer has to know of its request.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    /// The id of the request.
    pub(super) id: String,
    /// The tokens of the request, about.
    pub(super) tokens: u64,
    /// Thinking was asked for. Other clients take the first block for the text.
    pub(super) thinks: bool,
    /// The texts that were to end the answer.
    pub(super) stops: Vec<String>,
}

impl Envelope {
    /// The id of the message.
    pub(super) fn message_id(&self) -> String {
        format!("msg_{}", self.id)
    }

    /// The id of a call of a tool: clients answer by it, and not every provider has one.
    pub(super) fn call_id(&self, own: &str, index: usize) -> String {
        if own.is_empty() { format!("toolu_{index}_{}", self.id) } else { own.to_owned() }
    }

    /// The whole message.
    pub(super) fn message(&self, outcome: &Outcome, report: &Value) -> String {
        let answer = outcome.answer.as_ref().unwrap_or(&Value::Null);
        let (reason, sequence) = self.stop(answer);
        Object::new()
            .with("id", &quote(&self.message_id()))
            .with("type", "\"message\"")
            .with("role", "\"assistant\"")
            .with("model", &quote(&model(outcome).unwrap_or_default()))
            .with("content", &list(&self.content(answer, outcome.text())))
            .with("stop_reason", &quote(&reason))
            .with("stop_sequence", &sequence.to_string())
            .with("usage", &self.usage(answer, outcome.text()).to_string())
            .with("x_router", &report.to_string())
            .finish()
    }

    /// Thinking, text and calls of tools.
    fn content(&self, answer: &Value, text: &str) -> Vec<String> {
        let array = |key: &str| answer.get(key).and_then(Value::as_array).into_iter().flatten();
        let mut blocks: Vec<_> = array("thinking_blocks").map(Value::to_string).collect();
        let reasoning = answer.get("reasoning").and_then(Value::as_str).unwrap_or_default();
        if blocks.is_empty() && self.thinks && !reasoning.is_empty() {
            let block = json!({"type": "thinking", "thinking": reasoning, "signature": UNSIGNED});
            blocks.push(block.to_string());
        }
        let calls = array("tool_calls").enumerate().map(|(index, call)| {
            let own = |key: &str| call.get(key).and_then(Value::as_str).unwrap_or_default();
            Object::new()
                .with("type", "\"tool_use\"")
                .with("id", &quote(&self.call_id(own("id"), index)))
                .with("name", &quote(own("name")))
                .with("input", &input(own("arguments")))
                .finish()
        });
        let calls: Vec<_> = calls.collect();
        if !text.is_empty() || calls.is_empty() {
            blocks.push(json!({"type": "text", "text": text}).to_string());
        }
        blocks.extend(calls);
        blocks
    }

    /// Why the model stopped, in one of Anthropic's words, and at which text.
    pub(super) fn stop(&self, answer: &Value) -> (String, Value) {
        let word = answer.get("finish_reason").and_then(Value::as_str).unwrap_or_default();
        let called = answer.get("tool_calls").is_some();
        let reason = match Ending::of(word) {
            _ if WORDS.contains(&word) => word,
            Ending::Length => "max_tokens",
            Ending::Filtered => "refusal",
            _ if called => "tool_use",
            _ => "end_turn",
        };
        // which of several it was, no provider's answer says here
        let sequence = match self.stops.as_slice() {
            [one] if reason == "stop_sequence" => json!(one),
            _ => Value::Null,
        };
        (reason.to_owned(), sequence)
    }

    /// Tokens as Anthropic tells of them, those of its cache beside the input. Where the provider counts
    /// none they are estimates.
    pub(super) fn usage(&self, answer: &Value, text: &str) -> Value {
        let usage = answer.get("usage");
        let count = |key: &str| usage.and_then(|usage| usage.get(key)?.as_u64());
        let (read, write) = (count("cache_read_tokens"), count("cache_write_tokens"));
        let cached = read.unwrap_or_default().saturating_add(write.unwrap_or_default());
        let input = count("input_tokens").map(|input| input.saturating_sub(cached));
        let output = count("output_tokens").unwrap_or_else(|| estimate::of_text(text));
        let mut told =
            json!({"input_tokens": input.unwrap_or(self.tokens), "output_tokens": output});
        for (name, count) in
            [("cache_creation_input_tokens", write), ("cache_read_input_tokens", read)]
        {
            if let (Some(members), Some(count)) = (told.as_object_mut(), count) {
                members.insert(name.to_owned(), json!(count));
            }
        }
        told
    }
}

/// Reasons to stop that are words of Anthropic's own and say more than others can.
const WORDS: [&str; 4] =
    ["model_context_window_exceeded", "pause_turn", "refusal", "stop_sequence"];

/// Arguments as an object, in the model's own text. What is none is put into one: whoever runs the tool
/// says what is wrong with it.
fn input(arguments: &str) -> String {
    let text = arguments.trim();
    match object(text) {
        Some(_) => text.to_owned(),
        None if text.is_empty() => "{}".to_owned(),
        None => Object::new().with("arguments", &quote(arguments)).finish(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(thinks: bool, stops: &[&str]) -> Envelope {
        let stops = stops.iter().map(|stop| (*stop).to_owned()).collect();
        Envelope { id: "r".to_owned(), tokens: 9, thinks, stops }
    }

    #[test]
    fn reasons_to_stop() {
        for (answer, reason) in [
            (json!({}), "end_turn"),
            (json!({"finish_reason": "stop"}), "end_turn"),
            (json!({"finish_reason": "STOP", "tool_calls": [{}]}), "tool_use"),
            (json!({"finish_reason": "tool_calls", "tool_calls": [{}]}), "tool_use"),
            (json!({"finish_reason": "length", "tool_calls": [{}]}), "max_tokens"),
            (json!({"finish_reason": "MAX_TOKENS"}), "max_tokens"),
            (json!({"finish_reason": "content_filter"}), "refusal"),
            (json!({"finish_reason": "pause_turn"}), "pause_turn"),
            (json!({"finish_reason": "stop_sequence"}), "stop_sequence"),
        ] {
            let (told, sequence) = envelope(false, &["x", "y"]).stop(&answer);
            assert_eq!((told.as_str(), sequence), (reason, Value::Null), "{answer}");
        }
        let (_, sequence) =
            envelope(false, &["x"]).stop(&json!({"finish_reason": "stop_sequence"}));
        assert_eq!(sequence, "x");
    }

    #[test]
    fn tokens_of_a_cache_are_beside() {
        let usage = |usage: Value| envelope(false, &[]).usage(&json!({"usage": usage}), "four");
        let all = json!({"input_tokens": 17, "output_tokens": 5, "cache_read_tokens": 4,
            "cache_write_tokens": 3});
        assert_eq!(
            usage(all),
            json!({"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 4,
                "cache_creation_input_tokens": 3})
        );
        let some = json!({"input_tokens": 17, "output_tokens": 5});
        assert_eq!(usage(some.clone()), some);
        assert_eq!(usage(Value::Null), json!({"input_tokens": 9, "output_tokens": 2}));
    }

    #[test]
    fn arguments_keep_their_text() {
        for (arguments, expected) in [
            (r#" {"b":9007199254740993,"a":1.10}"#, r#"{"b":9007199254740993,"a":1.10}"#),
            ("", "{}"),
            ("[1]", r#"{"arguments":"[1]"}"#),
            ("{\"a\":", r#"{"arguments":"{\"a\":"}"#),
            ("{} {}", r#"{"arguments":"{} {}"}"#),
        ] {
            assert_eq!(input(arguments), expected);
        }
    }

    #[test]
    fn blocks_of_content() {
        let answer = json!({"reasoning": "Hm.", "tool_calls": [{"name": "f", "arguments": "{}"},
            {"id": "c", "name": "g", "arguments": ""}]});
        let calls = [
            r#"{"type":"tool_use","id":"toolu_0_r","name":"f","input":{}}"#,
            r#"{"type":"tool_use","id":"c","name":"g","input":{}}"#,
        ];
        assert_eq!(envelope(false, &[]).content(&answer, ""), calls);
        let thinking = json!({"type": "thinking", "thinking": "Hm.", "signature": "sigmapol"});
        let text = json!({"type": "text", "text": "a"});
        let all = [&thinking.to_string(), &text.to_string(), calls[0], calls[1]];
        assert_eq!(envelope(true, &[]).content(&answer, "a"), all);
        let signed = json!({"type": "thinking", "thinking": "Hm.", "signature": "real"});
        let answer = json!({"reasoning": "Hm.", "thinking_blocks": [signed]});
        let all = [signed.to_string(), json!({"type": "text", "text": ""}).to_string()];
        assert_eq!(envelope(false, &[]).content(&answer, ""), all);
    }
}
