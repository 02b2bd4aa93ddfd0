use serde_json::{Value, json};

use super::{Call, INPUT_TOKENS, Said, Stream};

pub(super) fn answer(said: &Said<'_>) -> Value {
    let mut content = Vec::new();
    if !said.reasoning.is_empty() {
        content.push(json!({"type": "thinking", "thinking": said.reasoning, "signature": "mock"}));
    }
    content.push(json!({"type": "text", "text": said.text}));
    content.extend(said.calls.iter().map(|call| tool_use(call, call.value())));
    json!({"id": "mock", "type": "message", "role": "assistant", "model": said.model,
        "content": content, "stop_reason": said.reason("end_turn", "tool_use"),
        "usage": {"input_tokens": INPUT_TOKENS, "output_tokens": said.output_tokens()}})
}

pub(super) fn stream(said: &Said<'_>, texts: &[String]) -> Stream {
    let mut index = 0;
    let mut before = event(&json!({"type": "message_start", "message": {"id": "mock",
        "type": "message", "role": "assistant", "model": said.model, "content": [],
        "usage": {"input_tokens": INPUT_TOKENS, "output_tokens": 1}}}));
    if !said.reasoning.is_empty() {
        before += &start(index, &json!({"type": "thinking", "thinking": ""}));
        let thinking = json!({"type": "thinking_delta", "thinking": said.reasoning});
        let signature = json!({"type": "signature_delta", "signature": "mock"});
        before += &(delta(index, &thinking) + &delta(index, &signature) + &stop(index));
        index += 1;
    }
    before += &start(index, &json!({"type": "text", "text": ""}));
    let piece = |text: &String| delta(index, &json!({"type": "text_delta", "text": text}));
    let texts = texts.iter().map(piece).collect();
    let mut after = stop(index);
    for call in said.calls {
        index += 1;
        let arguments = json!({"type": "input_json_delta", "partial_json": call.arguments});
        let block = start(index, &tool_use(call, json!({})));
        after += &(block + &delta(index, &arguments) + &stop(index));
    }
    after += &event(&json!({"type": "message_delta",
        "delta": {"stop_reason": said.reason("end_turn", "tool_use")},
        "usage": {"output_tokens": said.output_tokens()}}));
    after += &event(&json!({"type": "message_stop"}));
    Stream { before, texts, after }
}

/// An event says its type twice.
pub(super) fn event(event: &Value) -> String {
    let name = event.get("type").and_then(Value::as_str).unwrap_or("error");
    format!("event: {name}\ndata: {event}\n\n")
}

fn start(index: u64, block: &Value) -> String {
    event(&json!({"type": "content_block_start", "index": index, "content_block": block}))
}

fn delta(index: u64, delta: &Value) -> String {
    event(&json!({"type": "content_block_delta", "index": index, "delta": delta}))
}

fn stop(index: u64) -> String {
    event(&json!({"type": "content_block_stop", "index": index}))
}

fn tool_use(call: &Call, input: Value) -> Value {
    let id = call.id.as_deref().unwrap_or("mock");
    json!({"type": "tool_use", "id": id, "name": call.name, "input": input})
}
