use serde_json::{Value, json};
use sigmapol_provider::{Answer, Usage};

use crate::*;

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
    assert_eq!(body("anthropic", &request, false), Ok(expected.clone()));
    assert_eq!(body("anthropic", &request, true), Ok(with(expected, json!({"stream": true}))));
}

#[test]
fn has_a_limit_in_any_case() {
    let request = json!({"provider_id": "p", "served_model_id": "m",
        "messages": [{"role": "user", "content": "x"}], "response_format": {"type": "text"}});
    let expected = json!({"model": "m", "max_tokens": 4096,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]});
    assert_eq!(body("anthropic", &request, false), Ok(expected));
}

#[test]
fn says_in_its_words() {
    let schema = json!({"type": "object"});
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema}});
    let tools = json!([{"type": "function", "function": {"name": "f", "strict": true},
        "cache_control": {"type": "ephemeral"}}]);
    for (members, expected) in [
        (json!({"seed": 7}), json!({})),
        (
            json!({"response_format": format}),
            json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}}),
        ),
        (json!({"reasoning_effort": "minimal"}), json!({"output_config": {"effort": "low"}})),
        (json!({"reasoning_effort": "xhigh"}), json!({"output_config": {"effort": "xhigh"}})),
        (json!({"reasoning_effort": "none"}), json!({"thinking": {"type": "disabled"}})),
        (json!({"stop": "x"}), json!({"stop_sequences": ["x"]})),
        (json!({"stop": ["x", "y"]}), json!({"stop_sequences": ["x", "y"]})),
        (json!({"user": "u"}), json!({"metadata": {"user_id": "u"}})),
        (json!({"user": "u", "safety_identifier": "s"}), json!({"metadata": {"user_id": "s"}})),
        (json!({"service_tier": "default"}), json!({"service_tier": "standard_only"})),
        (json!({"service_tier": "flex"}), json!({})),
        (json!({"max_completion_tokens": 9.0}), json!({"max_tokens": 9})),
        (json!({"max_tokens": 8, "max_completion_tokens": 9}), json!({"max_tokens": 8})),
        (
            json!({"presence_penalty": 0, "n": 1, "logit_bias": {}, "logprobs": false,
            "parallel_tool_calls": true, "modalities": ["text"], "stop": null}),
            json!({}),
        ),
        (
            json!({"tools": tools}),
            json!({"tools": [{"name": "f", "input_schema": {"type": "object"},
            "strict": true, "cache_control": {"type": "ephemeral"}}]}),
        ),
        (json!({"tool_choice": "required", "tools": []}), json!({})),
    ] {
        let plain = body("anthropic", &short(json!({})), false).unwrap();
        let body = body("anthropic", &short(members.clone()), false);
        assert_eq!(body, Ok(with(plain, expected)), "{members}");
    }
}

#[test]
fn which_tools_to_call() {
    let tools = json!([{"type": "function", "function": {"name": "f"}}]);
    let one = json!({"type": "function", "function": {"name": "f"}});
    for (members, expected) in [
        (json!({}), json!(null)),
        (json!({"tool_choice": "auto"}), json!({"type": "auto"})),
        (json!({"tool_choice": "none"}), json!({"type": "none"})),
        (json!({"tool_choice": "required"}), json!({"type": "any"})),
        (json!({"tool_choice": one}), json!({"type": "tool", "name": "f"})),
        (
            json!({"parallel_tool_calls": false}),
            json!({"type": "auto", "disable_parallel_tool_use": true}),
        ),
        (
            json!({"tool_choice": "required", "parallel_tool_calls": false}),
            json!({"type": "any", "disable_parallel_tool_use": true}),
        ),
    ] {
        let request = with(short(members), json!({ "tools": tools }));
        assert_eq!(body("anthropic", &request, false).unwrap()["tool_choice"], expected);
    }
}

#[test]
fn refuses_what_it_has_no_word_for() {
    for (member, message) in [
        (json!({"presence_penalty": 1}), "presence_penalty: anthropic has no presence_penalty"),
        (json!({"frequency_penalty": 1}), "frequency_penalty: anthropic has no frequency_penalty"),
        (json!({"n": 2}), "n: anthropic has no n"),
        (json!({"colour": "red"}), "colour: anthropic has no colour"),
        (json!({"temperature": 1.5}), "temperature: anthropic has none above 1, got 1.5"),
        (
            json!({"response_format": {"type": "json_object"}}),
            "response_format: anthropic has no JSON without a schema",
        ),
    ] {
        let error = body("anthropic", &with(rich(), member), false);
        assert_eq!(error, Err(format!("unsupported: request.{message}")));
    }
}

#[test]
fn hints_for_the_cache() {
    let hint = json!({"type": "ephemeral"});
    let part = |text: &str| json!({"type": "text", "text": text, "cache_control": hint});
    let request = short(json!({"messages": [
        {"role": "system", "content": "a"},
        {"role": "system", "content": [part("b")]},
        {"role": "user", "content": "c", "cache_control": hint}]}));
    let body = body("anthropic", &request, false).unwrap();
    assert_eq!(body["system"], json!([{"type": "text", "text": "a"}, part("b")]));
    assert_eq!(body["messages"][0]["content"], json!([part("c")]));
}

/// With thinking, the dialect wants it back before the calls that came of it.
#[test]
fn thinking_goes_round() {
    let block = json!({"type": "thinking", "thinking": "hm", "signature": "s"});
    let call = json!({"id": "c", "function": {"name": "f", "arguments": "{}"}});
    let request = short(json!({"messages": [
        {"role": "assistant", "content": "x", "thinking_blocks": [block], "tool_calls": [call]}]}));
    let tool = json!({"type": "tool_use", "id": "c", "name": "f", "input": {}});
    let expected = json!([block, {"type": "text", "text": "x"}, tool]);
    assert_eq!(body("anthropic", &request, false).unwrap()["messages"][0]["content"], expected);
    for other in ["google", "ollama"] {
        let body = body(other, &request, false).unwrap().to_string();
        assert!(!body.contains("hm"), "{body}");
    }
}

#[test]
fn images_are_sent_or_refused() {
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}});
    let system = short(json!({"messages": [{"role": "system", "content": [image]}]}));
    let message = "unsupported: request.messages[0].content: \
                   anthropic has no images in system messages";
    assert_eq!(body("anthropic", &system, false), Err(message.to_owned()));

    let call = json!({"id": "functions.f:0", "function": {"name": "f", "arguments": "{}"}});
    let tool = short(json!({"messages": [
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "functions.f:0", "content": [
            {"type": "text", "text": "shot:"}, image]}]}));
    let body = body("anthropic", &tool, false).unwrap();
    // ids of other providers have characters that this one refuses
    assert_eq!(body["messages"][0]["content"][0]["id"], "functions_x2ef_x3a0");
    let source = json!({"type": "base64", "media_type": "image/png", "data": "AAAA"});
    let expected = json!([{"type": "tool_result", "tool_use_id": "functions_x2ef_x3a0", "content": [
        {"type": "text", "text": "shot:"}, {"type": "image", "source": source}]}]);
    assert_eq!(body["messages"][1]["content"], expected);
}

#[test]
fn reads_answers() {
    let given = json!({"model": "m-1", "stop_reason": "tool_use", "content": [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "x"},
        {"type": "text", "text": "a"},
        {"type": "text", "text": "b"},
        {"type": "tool_use", "id": "c", "name": "look", "input": {"at": 1}}],
        "usage": {"input_tokens": 10, "cache_read_input_tokens": 9000,
            "cache_creation_input_tokens": 500, "output_tokens": 3}});
    let expected = Answer {
        text: "ab".to_owned(),
        reasoning: "hm".to_owned(),
        thinking_blocks: vec![
            json!({"type": "thinking", "thinking": "hm", "signature": "s"}),
            json!({"type": "redacted_thinking", "data": "x"}),
        ],
        tool_calls: vec![json!({"id": "c", "name": "look", "arguments": "{\"at\":1}"})],
        finish_reason: Some("tool_use".to_owned()),
        model: Some("m-1".to_owned()),
        usage: Some(Usage {
            input_tokens: 9510,
            output_tokens: 3,
            cache_read_tokens: Some(9000),
            cache_write_tokens: Some(500),
            ..Usage::default()
        }),
        ..Answer::default()
    };
    assert_eq!(answer("anthropic", &given), Ok(expected));

    let error = |given| answer("anthropic", &given).unwrap_err().to_string();
    assert_eq!(error(json!({})), "bad_response: expected content, an array");
    let refusal = json!({"content": [], "stop_reason": "refusal"});
    assert_eq!(error(refusal), "content_filter: finish reason refusal");
    let empty = json!({"content": [], "stop_reason": "end_turn"});
    assert_eq!(error(empty), "bad_response: the answer is empty: finish reason end_turn");
    let full = json!({"content": [], "stop_reason": "model_context_window_exceeded"});
    assert_eq!(error(full), "context_overflow: finish reason model_context_window_exceeded");
    let failure =
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}});
    assert_eq!(error(failure), "server_error: Busy");
}

fn delta(index: u64, delta: Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn block(index: u64, block: Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

#[test]
fn reads_streams() {
    let (read, texts) = stream(
        "anthropic",
        &[
            json!({"type": "message_start", "message": {"model": "m-1",
                "usage": {"input_tokens": 3, "cache_read_input_tokens": 4, "output_tokens": 1}}}),
            block(0, json!({"type": "thinking", "thinking": ""})),
            delta(0, json!({"type": "thinking_delta", "thinking": "hm"})),
            delta(0, json!({"type": "signature_delta", "signature": "s"})),
            block(1, json!({"type": "text", "text": ""})),
            json!({"type": "ping"}),
            delta(1, json!({"type": "text_delta", "text": "a"})),
            delta(1, json!({"type": "text_delta", "text": "b"})),
            block(2, json!({"type": "tool_use", "id": "c", "name": "look", "input": {}})),
            delta(2, json!({"type": "input_json_delta", "partial_json": ""})),
            delta(2, json!({"type": "input_json_delta", "partial_json": "{\"at\""})),
            delta(2, json!({"type": "input_json_delta", "partial_json": ":1.10}"})),
            block(3, json!({"type": "tool_use", "id": "d", "name": "wait", "input": {}})),
            json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"},
                "usage": {"input_tokens": 3, "output_tokens": 9}}),
            json!({"type": "message_stop"}),
        ],
    );
    assert_eq!(texts, ["a", "b"]);
    let expected = Answer {
        text: "ab".to_owned(),
        reasoning: "hm".to_owned(),
        thinking_blocks: vec![json!({"type": "thinking", "thinking": "hm", "signature": "s"})],
        tool_calls: vec![
            json!({"id": "c", "name": "look", "arguments": "{\"at\":1.10}"}),
            json!({"id": "d", "name": "wait", "arguments": "{}"}),
        ],
        finish_reason: Some("tool_use".to_owned()),
        model: Some("m-1".to_owned()),
        usage: Some(Usage {
            input_tokens: 7,
            output_tokens: 9,
            cache_read_tokens: Some(4),
            ..Usage::default()
        }),
        ..Answer::default()
    };
    assert_eq!(read, Ok(expected));
}

#[test]
fn reads_streams_of_other_servers() {
    // the input is counted at the end; a call comes in one piece; nothing says message_stop
    let (read, _) = stream(
        "anthropic",
        &[
            json!({"type": "message_start", "message": {"usage": {"input_tokens": 0}}}),
            block(0, json!({"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}})),
            json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"},
                "usage": {"input_tokens": 123, "output_tokens": 45}}),
        ],
    );
    let read = read.unwrap();
    assert_eq!(read.tool_calls, [json!({"id": "c", "name": "f", "arguments": "{\"a\":1}"})]);
    let usage = read.usage.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (123, 45));

    let (read, texts) = stream(
        "anthropic",
        &[
            json!({"type": "message_start", "message": {}}),
            delta(0, json!({"type": "text_delta", "text": "half"})),
        ],
    );
    assert_eq!(texts, ["half"]);
    let error = "network_error: the stream ended before the answer did";
    assert_eq!(read.unwrap_err().to_string(), error);
}
