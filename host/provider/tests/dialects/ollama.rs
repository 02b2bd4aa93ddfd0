use serde_json::json;
use sigmapol_provider::{Answer, Usage};

use crate::*;

#[test]
fn sends_everything() {
    let request = with(
        rich(),
        json!({"seed": 7, "presence_penalty": 1, "frequency_penalty": -1,
            "reasoning_effort": "low", "response_format": {"type": "json_object"}}),
    );
    let expected = json!({
        "model": "m", "stream": false, "format": "json", "think": "low",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "What is this?", "images": ["AAAA"]},
            {"role": "assistant", "content": "", "tool_calls": [
                {"function": {"name": "look", "arguments": {"at": "it"}}},
                {"function": {"name": "wait", "arguments": {}}}]},
            {"role": "tool", "content": "{\"seen\":\"a cat\"}", "tool_name": "look"},
            {"role": "tool", "content": "done", "tool_name": "wait"},
            {"role": "user", "content": "And these?", "images": ["BBBB"]}],
        "tools": rich()["tools"],
        "options": {"temperature": 0.5, "top_p": 0.9, "top_k": 40, "num_predict": 100, "seed": 7,
            "presence_penalty": 1, "frequency_penalty": -1}});
    assert_eq!(body("ollama", &request, false), Ok(expected.clone()));
    assert_eq!(body("ollama", &request, true), Ok(with(expected.clone(), json!({"stream": true}))));
    let schema = json!({"response_format":
        {"type": "json_schema", "json_schema": {"schema": {"type": "object"}}}});
    assert_eq!(
        body("ollama", &with(request, schema), false),
        Ok(with(expected, json!({"format": {"type": "object"}})))
    );
}

#[test]
fn has_no_images_by_address() {
    let request = with(rich(), json!({"images": ["https://a/b.png"]}));
    let error = "unsupported: request.messages[6].content: ollama has no images by address";
    assert_eq!(body("ollama", &request, false), Err(error.to_owned()));
}

#[test]
fn says_in_its_words() {
    let tools = json!([{"type": "function", "function": {"name": "f"}}]);
    let plain = body("ollama", &short(json!({})), false).unwrap();
    for (members, expected) in [
        (json!({"reasoning_effort": "none"}), json!({"think": false})),
        (json!({"reasoning_effort": "minimal"}), json!({"think": "low"})),
        (json!({"reasoning_effort": "max"}), json!({"think": "max"})),
        (json!({"stop": "x"}), json!({"options": {"stop": ["x"]}})),
        (
            json!({"logprobs": true, "top_logprobs": 2}),
            json!({"logprobs": true, "top_logprobs": 2}),
        ),
        (json!({"tools": tools, "tool_choice": "auto"}), json!({"tools": tools})),
        (json!({"tools": tools, "tool_choice": "none"}), json!({})),
    ] {
        let body = body("ollama", &short(members.clone()), false);
        assert_eq!(body, Ok(with(plain.clone(), expected)), "{members}");
    }
    let error = body("ollama", &short(json!({"tool_choice": "required"})), false);
    let message = "unsupported: request.tool_choice: ollama has auto and none alone";
    assert_eq!(error, Err(message.to_owned()));
}

#[test]
fn reads_answers() {
    let given = json!({"model": "m-1", "done": true, "done_reason": "stop",
        "message": {"content": "ab", "thinking": "hm", "tool_calls": [
            {"function": {"name": "look", "arguments": {"at": 1}}},
            {"id": "c", "function": {"name": "wait"}}]},
        "prompt_eval_count": 3, "prompt_eval_cached_count": 1, "eval_count": 2});
    let expected = Answer {
        text: "ab".to_owned(),
        reasoning: "hm".to_owned(),
        tool_calls: vec![
            json!({"name": "look", "arguments": "{\"at\":1}"}),
            json!({"id": "c", "name": "wait", "arguments": "{}"}),
        ],
        finish_reason: Some("stop".to_owned()),
        model: Some("m-1".to_owned()),
        usage: Some(Usage {
            input_tokens: 3,
            output_tokens: 2,
            cache_read_tokens: Some(1),
            ..Usage::default()
        }),
        ..Answer::default()
    };
    assert_eq!(answer("ollama", &given), Ok(expected));
    let error = |given| answer("ollama", &given).unwrap_err().to_string();
    assert_eq!(error(json!({"response": "x"})), "bad_response: expected message, an object");
    let loaded = json!({"message": {"content": ""}, "done": true, "done_reason": "load"});
    assert_eq!(error(loaded), "bad_response: the answer is empty: finish reason load");
}

#[test]
fn reads_streams() {
    let event = |text: &str| json!({"model": "m-1", "message": {"content": text}, "done": false});
    let last = json!({"model": "m-1", "message": {"content": ""}, "done": true,
        "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 2});
    let (read, texts) = stream("ollama", &[event("a"), event("b"), last]);
    assert_eq!(texts, ["a", "b"]);
    let expected = Answer {
        text: "ab".to_owned(),
        finish_reason: Some("stop".to_owned()),
        model: Some("m-1".to_owned()),
        usage: Some(Usage { input_tokens: 3, output_tokens: 2, ..Usage::default() }),
        ..Answer::default()
    };
    assert_eq!(read, Ok(expected));
    let (read, _) = stream("ollama", &[event("a"), json!({"error": "llama runner died"})]);
    assert_eq!(read.unwrap_err().to_string(), "server_error: llama runner died");
}
