use serde_json::{Value, json};

use super::{Call, INPUT_TOKENS, Said, Stream, sse, without_nulls};

pub(super) fn answer(said: &Said<'_>) -> Value {
    let calls: Vec<_> = said.calls.iter().map(|call| tool_call(call, None)).collect();
    let message = without_nulls(json!({"role": "assistant",
        "content": said.text,
        "reasoning_content": (!said.reasoning.is_empty()).then_some(said.reasoning),
        "tool_calls": (!calls.is_empty()).then_some(calls)}));
    json!({"id": "mock", "object": "chat.completion", "created": 0, "model": said.model,
        "choices": [{"index": 0, "finish_reason": said.reason("stop", "tool_calls"),
            "message": message}],
        "usage": usage(said)})
}

pub(super) fn stream(said: &Said<'_>, texts: &[String]) -> Stream {
    let chunk = |choices: Value, usage: Value| {
        sse(&without_nulls(json!({"id": "mock", "object": "chat.completion.chunk", "created": 0,
            "model": said.model, "choices": choices, "usage": usage})))
    };
    let delta = |delta: Value, reason: Option<&str>| {
        chunk(json!([{"index": 0, "delta": delta, "finish_reason": reason}]), Value::Null)
    };
    let mut before = delta(json!({"role": "assistant", "content": ""}), None);
    if !said.reasoning.is_empty() {
        before += &delta(json!({"reasoning_content": said.reasoning}), None);
    }
    let calls = said.calls.iter().enumerate();
    let calls = calls
        .map(|(index, call)| delta(json!({"tool_calls": [tool_call(call, Some(index))]}), None));
    let after = calls.collect::<String>()
        + &delta(json!({}), Some(said.reason("stop", "tool_calls")))
        + &chunk(json!([]), usage(said))
        + "data: [DONE]\n\n";
    let texts = texts.iter().map(|text| delta(json!({"content": text}), None)).collect();
    Stream { before, texts, after }
}

fn tool_call(call: &Call, index: Option<usize>) -> Value {
    let signature = call.thought_signature.as_deref();
    without_nulls(json!({"index": index, "id": call.id, "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
        "extra_content": signature.map(|text| json!({"google": {"thought_signature": text}}))}))
}

fn usage(said: &Said<'_>) -> Value {
    let output = said.output_tokens();
    json!({"prompt_tokens": INPUT_TOKENS, "completion_tokens": output,
        "total_tokens": INPUT_TOKENS + output})
}
