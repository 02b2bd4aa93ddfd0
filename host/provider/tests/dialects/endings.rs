//! How answers end that are none, in every dialect.

use serde_json::{Value, json};
use sigmapol_provider::{Delta, testing};

use crate::{answer, stream};

/// The body and the only event of an answer that says a text and ends for a reason.
fn says(dialect: &str, text: &str, reason: &str) -> (Value, Value) {
    let both = |value: Value| (value.clone(), value);
    match dialect {
        "anthropic" => (
            json!({"content": [{"type": "text", "text": text}], "stop_reason": reason}),
            json!([
                {"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}},
                {"type": "message_delta", "delta": {"stop_reason": reason}}]),
        ),
        "google" => both(
            json!({"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": reason}]}),
        ),
        "ollama" => {
            both(json!({"message": {"content": text}, "done": true, "done_reason": reason}))
        }
        _ => (
            json!({"choices": [{"message": {"content": text}, "finish_reason": reason}]}),
            json!({"choices": [{"delta": {"content": text}, "finish_reason": reason}]}),
        ),
    }
}

const DIALECTS: [&str; 4] = ["anthropic", "google", "ollama", "openai_compatible"];

fn events(event: Value) -> Vec<Value> {
    match event {
        Value::Array(events) => events,
        event => vec![event],
    }
}

#[test]
fn an_error_for_a_reason() {
    for dialect in DIALECTS {
        for reason in ["error", "ERROR", "Error"] {
            let (body, event) = says(dialect, "half", reason);
            let message = format!("server_error: finish reason {reason}");
            assert_eq!(answer(dialect, &body).unwrap_err().to_string(), message, "{dialect}");
            let (read, _) = stream(dialect, &events(event));
            assert_eq!(read.unwrap_err().to_string(), message, "{dialect}");
        }
    }
}

/// White space alone is no answer, and is not passed on: another model may still be asked.
#[test]
fn white_space_for_an_answer() {
    for dialect in DIALECTS {
        for text in ["", " ", "\n\n", "\t\u{a0}\u{2003}"] {
            let (body, event) = says(dialect, text, "stop");
            let message = "bad_response: the answer is empty: finish reason stop";
            assert_eq!(answer(dialect, &body).unwrap_err().to_string(), message, "{dialect}");
            let (read, texts) = stream(dialect, &events(event));
            assert_eq!(read.unwrap_err().to_string(), message, "{dialect}");
            assert_eq!(texts, [""; 0]);
        }
        let (body, _) = says(dialect, " x ", "stop");
        assert_eq!(answer(dialect, &body).unwrap().text, " x ");
    }
}

/// White space before an answer is part of it, in its place.
#[test]
fn white_space_before_an_answer() {
    let chunk = |delta: Value| json!({"choices": [{"delta": delta}]});
    let space = chunk(json!({"content": "\n"}));
    let text = chunk(json!({"content": "x"}));
    let call = chunk(json!({"tool_calls": [{"index": 0, "id": "a",
        "function": {"name": "f", "arguments": "{}"}}]}));
    let end = json!({"choices": [{"delta": {}, "finish_reason": "stop"}]});
    for (given, expected) in [
        (vec![&space, &space, &text, &space], &["Text(\"\\n\\nx\")", "Text(\"\\n\")"][..]),
        (
            vec![&space, &call, &space],
            &[
                "Text(\"\\n\")",
                "Call { index: 0, id: \"a\", name: \"f\" }",
                "Arguments { index: 0, text: \"{}\" }",
                "Text(\"\\n\")",
            ],
        ),
    ] {
        let events = given.into_iter().chain([&end]).map(|event| format!("data: {event}\n\n"));
        let bytes: String = events.collect();
        let mut told = Vec::new();
        let mut on_delta = |delta: Delta<'_>| told.push(format!("{delta:?}"));
        let dialect = "openai_compatible";
        let sizes = [1];
        let read = testing::read_with(dialect, true, bytes.as_bytes(), &sizes, None, &mut on_delta);
        assert!(read.unwrap().is_ok());
        assert_eq!(told, expected);
    }
}

/// A page or a line of text with a status of 200, with and without a line end, and what is cut off.
#[test]
fn something_else_for_a_stream_of_lines() {
    let html = "bad_response: expected JSON, got: <html>gone</html>";
    let cut = "network_error: the stream ended before the answer did";
    for (text, message) in [
        ("<html>gone</html>", html),
        ("<html>gone</html>\n", html),
        ("  <html>gone</html> ", html),
        ("upstream failed", "bad_response: expected JSON, got: upstream failed"),
        ("null", "bad_response: expected JSON, got: null"),
        ("{\"message\":{\"content\":\"x", cut),
        (" ", cut),
        ("", cut),
    ] {
        for size in [1, 5, 100] {
            let read = testing::read("ollama", true, text.as_bytes(), &[size]).unwrap();
            assert_eq!(read.unwrap_err().to_string(), message, "{text:?}");
        }
    }
    // after the answer nothing matters
    let done = "{\"message\":{\"content\":\"x\"},\"done\":true}\n<html>";
    assert_eq!(testing::read("ollama", true, done.as_bytes(), &[]).unwrap().unwrap().text, "x");
    let done = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\ndata: <html>";
    let read = testing::read("openai_compatible", true, done.as_bytes(), &[]).unwrap();
    assert_eq!(read.unwrap().text, "x");
}
