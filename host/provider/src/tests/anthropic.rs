use super::{super::anthropic::Anthropic, *};
use crate::Usage;

#[test]
fn sends_everything() {
    let base64 = |mime, data| {
        json!({"type": "image",
            "source": {"type": "base64", "media_type": mime, "data": data}})
    };
    let text = |text| json!({"type": "text", "text": text});
    let expected = json!({
        "model": "m", "max_tokens": 100, "system": "Be brief.\n\nBe kind.",
        "messages": [
            {"role": "user", "content": [text("What is this?"), base64("image/png", "AAAA")]},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "c1", "name": "look", "input": {"at": "it"}},
                {"type": "tool_use", "id": "c2", "name": "wait", "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c1",
                    "content": [text("{\"seen\":\"a cat\"}")]},
                {"type": "tool_result", "tool_use_id": "c2", "content": [text("done")]},
                text("And these?"), base64("image/jpeg", "BBBB"),
                {"type": "image", "source": {"type": "url", "url": "https://a/b.png"}}]}],
        "tools": [
            {"name": "look", "description": "Look at it",
                "input_schema": {"type": "object", "properties": {"at": {"type": "string"}}}},
            {"name": "wait", "input_schema": {"type": "object"}}],
        "temperature": 0.5, "top_p": 0.9, "top_k": 40});
    let images = json!({"images": ["data:image/jpeg;base64,BBBB", "https://a/b.png"]});
    let request = with(rich(), images);
    assert_eq!(body(&Anthropic, &request, false), Ok(expected.clone()));
    assert_eq!(body(&Anthropic, &request, true), Ok(with(expected, json!({"stream": true}))));
}

#[test]
fn has_a_limit_in_any_case() {
    let request = json!({"provider_id": "p", "served_model_id": "m",
        "messages": [{"role": "user", "content": "x"}], "response_format": {"type": "text"}});
    let expected = json!({"model": "m", "max_tokens": 4096,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]});
    assert_eq!(body(&Anthropic, &request, false), Ok(expected));
}

#[test]
fn refuses_what_it_has_no_word_for() {
    for (member, message) in [
        (json!({"seed": 1}), "request.seed: anthropic has no seed"),
        (
            json!({"presence_penalty": 1}),
            "request.presence_penalty: anthropic has no presence_penalty",
        ),
        (
            json!({"frequency_penalty": 1}),
            "request.frequency_penalty: anthropic has no frequency_penalty",
        ),
        (
            json!({"reasoning_effort": "low"}),
            "request.reasoning_effort: anthropic has no reasoning_effort",
        ),
        (
            json!({"response_format": {"type": "json_object"}}),
            "request.response_format: anthropic has no response_format",
        ),
    ] {
        let error = body(&Anthropic, &with(rich(), member), false);
        assert_eq!(error, Err(format!("bad_request: {message}")));
    }
}

#[test]
fn reads_answers() {
    let answer = json!({"model": "m-1", "stop_reason": "tool_use", "content": [
        {"type": "thinking", "thinking": "…"},
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b"},
        {"type": "tool_use", "id": "c", "name": "look", "input": {"at": 1}}],
        "usage": {"input_tokens": 3, "output_tokens": 2}});
    let expected = Answer {
        text: "ab".to_owned(),
        tool_calls: vec![json!({"id": "c", "name": "look", "arguments": {"at": 1}})],
        finish_reason: Some("tool_use".to_owned()),
        model: Some("m-1".to_owned()),
        usage: Some(Usage { input_tokens: 3, output_tokens: 2 }),
    };
    assert_eq!(Anthropic.answer(&answer), Ok(expected));

    let error = |answer| Anthropic.answer(&answer).unwrap_err().to_string();
    assert_eq!(error(json!({})), "bad_response: expected content, an array");
    let refusal = json!({"content": [], "stop_reason": "refusal"});
    assert_eq!(error(refusal), "content_filter: stop_reason refusal");
}

#[test]
fn reads_streams() {
    let delta = |index: u64, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let (answer, finished, texts) = stream(
        &Anthropic,
        &[
            json!({"type": "message_start", "message": {"model": "m-1",
                "usage": {"input_tokens": 3, "output_tokens": 1}}}),
            json!({"type": "content_block_start", "index": 0,
                "content_block": {"type": "text", "text": ""}}),
            json!({"type": "ping"}),
            delta(0, json!({"type": "text_delta", "text": "a"})),
            delta(0, json!({"type": "text_delta", "text": "b"})),
            json!({"type": "content_block_start", "index": 1,
                "content_block": {"type": "tool_use", "id": "c", "name": "look", "input": {}}}),
            delta(1, json!({"type": "input_json_delta", "partial_json": "{\"at\""})),
            delta(1, json!({"type": "input_json_delta", "partial_json": ":1}"})),
            json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"},
                "usage": {"output_tokens": 9}}),
            json!({"type": "message_stop"}),
        ],
    )
    .unwrap();
    assert!(finished);
    assert_eq!(texts, ["", "", "", "a", "ab", "ab", "ab", "ab", "ab", "ab"]);
    let expected = Answer {
        text: "ab".to_owned(),
        tool_calls: vec![json!({"id": "c", "name": "look", "arguments": {"at": 1}})],
        finish_reason: Some("tool_use".to_owned()),
        model: Some("m-1".to_owned()),
        usage: Some(Usage { input_tokens: 3, output_tokens: 9 }),
    };
    assert_eq!(answer, expected);
}
