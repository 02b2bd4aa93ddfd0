use serde_json::{Value, json};
use sigmapol_provider::{Answer, Usage};

use crate::*;

#[test]
fn sends_everything() {
    let request = with(
        rich(),
        json!({"seed": 7, "presence_penalty": 1, "frequency_penalty": -1,
            "response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "object"}}},
            "images": ["data:image/jpeg;base64,BBBB", "https://a/b.png"]}),
    );
    let expected = json!({
        "systemInstruction": {"parts": [{"text": "Be brief."}, {"text": "Be kind."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "What is this?"},
                {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]},
            {"role": "model", "parts": [
                {"functionCall": {"id": "c1", "name": "look", "args": {"at": "it"}}},
                {"functionCall": {"id": "c2", "name": "wait", "args": {}}}]},
            {"role": "user", "parts": [
                {"functionResponse": {"id": "c1", "name": "look", "response": {"seen": "a cat"}}},
                {"functionResponse": {"id": "c2", "name": "wait", "response": {"result": "done"}}},
                {"text": "And these?"},
                {"inlineData": {"mimeType": "image/jpeg", "data": "BBBB"}},
                {"fileData": {"fileUri": "https://a/b.png"}}]}],
        "generationConfig": {"temperature": 0.5, "topP": 0.9, "topK": 40, "maxOutputTokens": 100,
            "seed": 7, "presencePenalty": 1, "frequencyPenalty": -1,
            "responseMimeType": "application/json", "responseJsonSchema": {"type": "object"}},
        "tools": [{"functionDeclarations": [
            {"name": "look", "description": "Look at it",
                "parametersJsonSchema":
                    {"type": "object", "properties": {"at": {"type": "string"}}}},
            {"name": "wait"}]}]});
    assert_eq!(body("google", &request, false), Ok(expected.clone()));
    assert_eq!(body("google", &request, true), Ok(expected), "the path says that it is a stream");
}

#[test]
fn any_json() {
    let request = json!({"provider_id": "p", "served_model_id": "m",
        "messages": [{"role": "user", "content": "x"}], "response_format": {"type": "json_object"}});
    let expected = json!({"contents": [{"role": "user", "parts": [{"text": "x"}]}],
        "generationConfig": {"responseMimeType": "application/json"}});
    assert_eq!(body("google", &request, false), Ok(expected));
}

#[test]
fn says_in_its_words() {
    let one = json!({"type": "function", "function": {"name": "f"}});
    let config = |config: Value| json!({ "generationConfig": config });
    let calling = |config: Value| json!({"toolConfig": {"functionCallingConfig": config}});
    for (members, expected) in [
        (
            json!({"reasoning_effort": "none"}),
            config(json!({"thinkingConfig": {"thinkingBudget": 0}})),
        ),
        (
            json!({"reasoning_effort": "low"}),
            config(json!({"thinkingConfig": {"thinkingLevel": "low"}})),
        ),
        (
            json!({"reasoning_effort": "xhigh"}),
            config(json!({"thinkingConfig": {"thinkingLevel": "high"}})),
        ),
        (json!({"stop": "x"}), config(json!({"stopSequences": ["x"]}))),
        (json!({"max_completion_tokens": 9}), config(json!({"maxOutputTokens": 9}))),
        (
            json!({"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}}),
            config(json!({"responseMimeType": "application/json"})),
        ),
        (json!({"tool_choice": "auto"}), calling(json!({"mode": "AUTO"}))),
        (json!({"tool_choice": "none"}), calling(json!({"mode": "NONE"}))),
        (json!({"tool_choice": "required"}), calling(json!({"mode": "ANY"}))),
        (
            json!({"tool_choice": one}),
            calling(json!({"mode": "ANY", "allowedFunctionNames": ["f"]})),
        ),
        (json!({"user": "u", "store": true, "verbosity": "low"}), json!({})),
    ] {
        let plain = body("google", &short(json!({})), false).unwrap();
        let body = body("google", &short(members.clone()), false);
        assert_eq!(body, Ok(with(plain, expected)), "{members}");
    }
    let older = json!({"served_model_id": "gemini-2.5-flash", "reasoning_effort": "medium"});
    let body = body("google", &short(older), false).unwrap();
    assert_eq!(body["generationConfig"]["thinkingConfig"], json!({"thinkingBudget": 8192}));
}

#[test]
fn refuses_what_it_has_no_word_for() {
    let image = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let messages = |role: &str, url: &str| {
        let call = json!({"id": "c", "function": {"name": "f"}});
        json!({"messages": [{"role": "assistant", "tool_calls": [call]},
            {"role": role, "tool_call_id": "c", "content": [image(url)]}]})
    };
    for (members, message) in [
        (
            json!({"parallel_tool_calls": false}),
            "parallel_tool_calls: google has no parallel_tool_calls",
        ),
        (json!({"logprobs": true}), "logprobs: google has no logprobs"),
        (
            messages("system", "data:a;base64,A"),
            "messages[1].content: google has no images in system messages",
        ),
        (
            messages("tool", "https://a"),
            "messages[1].content: google has no images by address in results of tools",
        ),
    ] {
        let error = body("google", &short(members), false);
        assert_eq!(error, Err(format!("unsupported: request.{message}")));
    }
    let orphan = json!({"messages": [{"role": "tool", "tool_call_id": "c", "content": "1"}]});
    let message =
        "bad_request: request.messages[0].tool_call_id: expected the id of an earlier call";
    assert_eq!(body("google", &short(orphan), false), Err(message.to_owned()));
}

#[test]
fn images_in_results_go_beside_them() {
    let call = json!({"id": "c", "function": {"name": "f", "arguments": "{}"}});
    let request = short(json!({"messages": [{"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "shot:"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}]}));
    let expected = json!([{"functionResponse": {"id": "c", "name": "f", "response": {"result": "shot:"},
        "parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]}}]);
    assert_eq!(body("google", &request, false).unwrap()["contents"][1]["parts"], expected);
}

#[test]
fn signatures_of_thoughts_go_round() {
    let part = |name: &str, more: Value| {
        with(json!({"functionCall": {"name": name, "args": {"a": 1}}}), more)
    };
    let given = json!({"candidates": [{"finishReason": "STOP", "content": {"parts": [
        part("f", json!({"thoughtSignature": "SIG=="})), part("g", json!({}))]}}]});
    let calls = answer("google", &given).unwrap().tool_calls;
    let signed = json!({"google": {"thought_signature": "SIG=="}});
    let arguments = "{\"a\":1}";
    assert_eq!(
        calls,
        [
            json!({"name": "f", "arguments": arguments, "extra_content": signed}),
            json!({"name": "g", "arguments": arguments})
        ]
    );
    assert_eq!(stream("google", &[given]).0.unwrap().tool_calls, calls);

    let back = |model: &str, first: Value| {
        let call =
            |name: &str| json!({"id": name, "function": {"name": name, "arguments": arguments}});
        let calls = json!([with(call("f"), first), call("g")]);
        let request = json!({"served_model_id": model,
            "messages": [{"role": "assistant", "content": "", "tool_calls": calls}]});
        let body = body("google", &short(request), false).unwrap();
        let parts = body["contents"][0]["parts"].clone();
        (parts[0]["thoughtSignature"].clone(), parts[1]["thoughtSignature"].clone())
    };
    let sig = (json!("SIG=="), json!(null));
    assert_eq!(back("gemini-3-pro", json!({"extra_content": signed})), sig);
    assert_eq!(back("m", json!({"thought_signature": "SIG=="})), sig);
    // another model made the call
    let none = (json!("skip_thought_signature_validator"), json!(null));
    assert_eq!(back("gemini-3-pro", json!({})), none);
    assert_eq!(back("gemini-2.5-pro", json!({})), (json!(null), json!(null)));
}

#[test]
fn reads_answers() {
    let given = json!({"modelVersion": "m-1", "candidates": [{"finishReason": "STOP", "content":
        {"parts": [{"text": "hm", "thought": true}, {"text": "a"}, {"text": "b"},
            {"functionCall": {"id": "c", "name": "look", "args": {"at": 1}}}]}}],
        "usageMetadata": {"promptTokenCount": 3, "toolUsePromptTokenCount": 1,
            "cachedContentTokenCount": 2, "candidatesTokenCount": 2, "thoughtsTokenCount": 4}});
    let expected = Answer {
        text: "ab".to_owned(),
        reasoning: "hm".to_owned(),
        tool_calls: vec![json!({"id": "c", "name": "look", "arguments": "{\"at\":1}"})],
        finish_reason: Some("STOP".to_owned()),
        model: Some("m-1".to_owned()),
        usage: Some(Usage {
            input_tokens: 4,
            output_tokens: 6,
            cache_read_tokens: Some(2),
            reasoning_tokens: Some(4),
            ..Usage::default()
        }),
        ..Answer::default()
    };
    assert_eq!(answer("google", &given), Ok(expected));
}

#[test]
fn refuses_what_is_no_answer() {
    let candidate = |candidate: Value| json!({"candidates": [candidate]});
    let text = json!({"parts": [{"text": "x"}]});
    for (given, message) in [
        (json!({}), "bad_response: expected candidates[0]"),
        (json!({"promptFeedback": {"blockReason": "OTHER"}}), "content_filter: blockReason OTHER"),
        (candidate(json!({"finishReason": "SAFETY"})), "content_filter: finish reason SAFETY"),
        (
            candidate(json!({"finishReason": "RECITATION"})),
            "content_filter: finish reason RECITATION",
        ),
        (
            candidate(json!({"finishReason": "MALFORMED_FUNCTION_CALL", "content": {}})),
            "bad_response: finish reason MALFORMED_FUNCTION_CALL",
        ),
        (
            candidate(
                json!({"finishReason": "UNEXPECTED_TOOL_CALL", "finishMessage": "No.", "content": text}),
            ),
            "bad_response: finish reason UNEXPECTED_TOOL_CALL: No.",
        ),
        (
            candidate(json!({"finishReason": "STOP", "content": {"role": "model"}})),
            "bad_response: the answer is empty: finish reason STOP",
        ),
        (
            json!([{"error": {"code": 503, "message": "Busy", "status": "UNAVAILABLE"}}]),
            "server_error: Busy",
        ),
    ] {
        assert_eq!(answer("google", &given).unwrap_err().to_string(), message);
        if given.is_object() && given != json!({}) {
            let read = stream("google", &[given]).0;
            assert_eq!(read.unwrap_err().to_string(), message);
        }
    }
}

#[test]
fn reads_streams() {
    let event = |text: &str| json!({"candidates": [{"content": {"parts": [{"text": text}]}}]});
    let last = json!({"modelVersion": "m-1",
        "candidates": [{"content": {"parts": [{"text": "c"}]}, "finishReason": "MAX_TOKENS"}],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2}});
    let events = [event("a"), event("b"), last];
    let expected = Answer {
        text: "abc".to_owned(),
        finish_reason: Some("MAX_TOKENS".to_owned()),
        model: Some("m-1".to_owned()),
        usage: Some(Usage { input_tokens: 3, output_tokens: 2, ..Usage::default() }),
        ..Answer::default()
    };
    let (read, texts) = stream("google", &events);
    assert_eq!(texts, ["a", "b", "c"]);
    assert_eq!(read, Ok(expected.clone()));
    // without alt=sse the same events are one array
    let array = json!(events).to_string();
    assert_eq!(testing::read("google", true, array.as_bytes(), &[5]).unwrap(), Ok(expected));
}
