//! What each dialect sends, and what it reads: no sockets.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod dialects {
    mod anthropic;
    mod deltas;
    mod embeddings;
    mod endings;
    mod google;
    mod ollama;
    mod openai;
    mod original;
    mod parameters;
    mod tools;
}

use serde_json::{Value, json};
use sigmapol_provider::{Answer, CallError, Delta, testing};

/// A conversation with everything that a message can have.
fn rich() -> Value {
    json!({
        "provider_id": "p", "model_family": "f", "served_model_id": "m", "api_kind": "any",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": "Be kind."},
            {"role": "user", "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "text", "text": ""},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "c1", "type": "function",
                    "function": {"name": "look", "arguments": "{\"at\":\"it\"}"}},
                {"id": "c2", "type": "function", "function": {"name": "wait", "arguments": ""}}]},
            {"role": "tool", "tool_call_id": "c1", "content": "{\"seen\":\"a cat\"}"},
            {"role": "tool", "tool_call_id": "c2", "content": "done"},
            {"role": "user", "content": "And these?"}],
        "tools": [
            {"type": "function", "function": {"name": "look", "description": "Look at it",
                "parameters": {"type": "object", "properties": {"at": {"type": "string"}}}}},
            {"type": "function", "function": {"name": "wait"}}],
        "images": ["data:image/jpeg;base64,BBBB"],
        "temperature": 0.5, "top_p": 0.9, "top_k": 40, "max_tokens": 100,
        "timeout_ms": 1000, "first_token_timeout_ms": 500, "idle_timeout_ms": 100})
}

/// A short request.
fn short(members: Value) -> Value {
    let request = json!({"provider_id": "p", "served_model_id": "m",
        "messages": [{"role": "user", "content": "x"}]});
    with(request, members)
}

/// The same with other members.
fn with(mut request: Value, members: Value) -> Value {
    for (key, value) in members.as_object().unwrap() {
        request[key] = value.clone();
    }
    request
}

/// The body that a request becomes, as text.
fn text(dialect: &str, request: &str) -> Result<String, String> {
    testing::body(dialect, request, false).unwrap().map_err(|error| error.to_string())
}

fn body(dialect: &str, request: &Value, stream: bool) -> Result<Value, String> {
    let body = testing::body(dialect, &request.to_string(), stream).unwrap();
    body.map(|body| serde_json::from_str(&body).unwrap()).map_err(|error| error.to_string())
}

/// The answer of a response in one piece.
fn answer(dialect: &str, body: &Value) -> Result<Answer, CallError> {
    testing::read(dialect, false, body.to_string().as_bytes(), &[]).unwrap()
}

/// The answer of a stream, and the pieces of its text.
fn stream(dialect: &str, events: &[Value]) -> (Result<Answer, CallError>, Vec<String>) {
    let bytes: String = match dialect {
        "ollama" => events.iter().map(|event| format!("{event}\n")).collect(),
        _ => events.iter().map(|event| format!("data: {event}\n\n")).collect(),
    };
    let mut texts = Vec::new();
    let mut on_delta = |delta: Delta<'_>| {
        if let Delta::Text(text) = delta {
            texts.push(text.to_owned());
        }
    };
    let read = testing::read_with(dialect, true, bytes.as_bytes(), &[7], None, &mut on_delta);
    (read.unwrap(), texts)
}
