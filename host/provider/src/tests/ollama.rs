use super::{super::ollama::Ollama, *};
use crate::Usage;

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
    assert_eq!(body(&Ollama, &request, false), Ok(expected.clone()));
    assert_eq!(body(&Ollama, &request, true), Ok(with(expected.clone(), json!({"stream": true}))));
    let schema = json!({"response_format":
        {"type": "json_schema", "json_schema": {"schema": {"type": "object"}}}});
    assert_eq!(
        body(&Ollama, &with(request, schema), false),
        Ok(with(expected, json!({"format": {"type": "object"}})))
    );
}

#[test]
fn has_no_images_by_address() {
    let request = with(rich(), json!({"images": ["https://a/b.png"]}));
    let error = "bad_request: request: ollama has no images by address, only data: URLs";
    assert_eq!(body(&Ollama, &request, false), Err(error.to_owned()));
}

#[test]
fn reads_answers() {
    let answer = json!({"model": "m-1", "done": true, "done_reason": "stop",
        "message": {"content": "ab", "thinking": "hm", "tool_calls": [
            {"function": {"name": "look", "arguments": {"at": 1}}}]},
        "prompt_eval_count": 3, "eval_count": 2});
    let expected = Answer {
        text: "ab".to_owned(),
        tool_calls: vec![json!({"name": "look", "arguments": {"at": 1}})],
        finish_reason: Some("stop".to_owned()),
        model: Some("m-1".to_owned()),
        usage: Some(Usage { input_tokens: 3, output_tokens: 2 }),
    };
    assert_eq!(Ollama.answer(&answer), Ok(expected));
    let error = Ollama.answer(&json!({"response": "x"})).unwrap_err();
    assert_eq!(error.to_string(), "bad_response: expected message, an object");
}

#[test]
fn reads_streams() {
    let event = |text: &str| json!({"model": "m-1", "message": {"content": text}, "done": false});
    let last = json!({"model": "m-1", "message": {"content": ""}, "done": true,
        "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 2});
    let (answer, finished, texts) = stream(&Ollama, &[event("a"), event("b"), last]).unwrap();
    assert!(finished);
    assert_eq!(texts, ["a", "ab", "ab"]);
    let expected = Answer {
        text: "ab".to_owned(),
        tool_calls: Vec::new(),
        finish_reason: Some("stop".to_owned()),
        model: Some("m-1".to_owned()),
        usage: Some(Usage { input_tokens: 3, output_tokens: 2 }),
    };
    assert_eq!(answer, expected);
}
