use serde_json::{Value, json};

use super::{Call, INPUT_TOKENS, Said, Stream, without_nulls};

pub(super) fn answer(said: &Said<'_>) -> Value {
    let calls: Vec<_> = said.calls.iter().map(tool_call).collect();
    let message = without_nulls(json!({"role": "assistant", "content": said.text,
        "thinking": (!said.reasoning.is_empty()).then_some(said.reasoning),
        "tool_calls": (!calls.is_empty()).then_some(calls)}));
    last(said, &message)
}

pub(super) fn stream(said: &Said<'_>, texts: &[String]) -> Stream {
    let piece = |more: Value| {
        let mut message = json!({"role": "assistant", "content": ""});
        if let (Some(message), Value::Object(more)) = (message.as_object_mut(), more) {
            message.extend(more);
        }
        format!("{}\n", json!({"model": said.model, "message": message, "done": false}))
    };
    let before = if said.reasoning.is_empty() {
        String::new()
    } else {
        piece(json!({"thinking": said.reasoning}))
    };
    let calls = said.calls.iter().map(|call| piece(json!({"tool_calls": [tool_call(call)]})));
    let message = json!({"role": "assistant", "content": ""});
    let after = calls.collect::<String>() + &format!("{}\n", last(said, &message));
    let texts = texts.iter().map(|text| piece(json!({"content": text}))).collect();
    Stream { before, texts, after }
}

fn last(said: &Said<'_>, message: &Value) -> Value {
    json!({"model": said.model, "message": message, "done": true,
        "done_reason": said.reason("stop", "stop"),
        "prompt_eval_count": INPUT_TOKENS, "eval_count": said.output_tokens()})
}

fn tool_call(call: &Call) -> Value {
    without_nulls(json!({"id": call.id,
        "function": {"name": call.name, "arguments": call.value()}}))
}
