//! What each dialect sends, and what it reads.

mod anthropic;
mod google;
mod ollama;
mod openai;

use serde_json::{Value, json};

use super::{
    Answer, CallError,
    dialect::{Dialect, Partial},
    request::Request,
};

/// A conversation with everything that a message can have.
fn rich() -> Value {
    json!({
        "provider_id": "p", "model_family": "f", "served_model_id": "m", "api_kind": "any",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": "Be kind."},
            {"role": "user", "content": [
                {"type": "text", "text": "What is this?"},
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
        "timeout_ms": 1000, "first_token_timeout_ms": 500})
}

/// The same with other members.
fn with(mut request: Value, members: Value) -> Value {
    for (key, value) in members.as_object().unwrap() {
        request[key] = value.clone();
    }
    request
}

fn body(dialect: &dyn Dialect, request: &Value, stream: bool) -> Result<Value, String> {
    let request = Request::parse(&request.to_string());
    request.and_then(|request| dialect.body(&request, stream)).map_err(|error| error.to_string())
}

/// The answer of a stream, and the text after each of its events.
fn stream(
    dialect: &dyn Dialect,
    events: &[Value],
) -> Result<(Answer, bool, Vec<String>), CallError> {
    let mut partial = Partial::default();
    let mut texts = Vec::new();
    for event in events {
        dialect.event(event, &mut partial)?;
        texts.push(partial.answer.text.clone());
    }
    let finished = partial.finished;
    Ok((partial.finish()?, finished, texts))
}
