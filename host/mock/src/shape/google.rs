use serde_json::{Value, json};

use super::{Call, INPUT_TOKENS, Said, Stream, sse, without_nulls};

pub(super) fn answer(said: &Said<'_>) -> Value {
    let mut parts = thoughts(said);
    parts.push(json!({"text": said.text}));
    parts.extend(said.calls.iter().map(function_call));
    event(said, parts, Some(said.reason("STOP", "STOP")))
}

pub(super) fn stream(said: &Said<'_>, texts: &[String]) -> Stream {
    let thoughts = thoughts(said);
    let before =
        if thoughts.is_empty() { String::new() } else { sse(&event(said, thoughts, None)) };
    let piece = |text: &String| sse(&event(said, vec![json!({"text": text})], None));
    let texts = texts.iter().map(piece).collect();
    let mut last: Vec<_> = said.calls.iter().map(function_call).collect();
    last.push(json!({"text": ""}));
    Stream { before, texts, after: sse(&event(said, last, Some(said.reason("STOP", "STOP")))) }
}

fn event(said: &Said<'_>, parts: Vec<Value>, reason: Option<&str>) -> Value {
    let candidate = without_nulls(
        json!({"content": {"role": "model", "parts": parts}, "finishReason": reason}),
    );
    let output = if reason.is_some() { said.output_tokens() } else { 0 };
    json!({"modelVersion": said.model, "candidates": [candidate],
        "usageMetadata": {"promptTokenCount": INPUT_TOKENS, "candidatesTokenCount": output}})
}

fn thoughts(said: &Said<'_>) -> Vec<Value> {
    let thought = json!({"text": said.reasoning, "thought": true});
    if said.reasoning.is_empty() { Vec::new() } else { vec![thought] }
}

fn function_call(call: &Call) -> Value {
    let function = without_nulls(json!({"id": call.id, "name": call.name, "args": call.value()}));
    without_nulls(json!({"functionCall": function, "thoughtSignature": call.thought_signature}))
}
