use super::{super::google::Google, *};
use crate::Usage;

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
                {"functionCall": {"name": "look", "args": {"at": "it"}}},
                {"functionCall": {"name": "wait", "args": {}}}]},
            {"role": "user", "parts": [
                {"functionResponse": {"name": "look", "response": {"seen": "a cat"}}},
                {"functionResponse": {"name": "wait", "response": {"result": "done"}}},
                {"text": "And these?"},
                {"inlineData": {"mimeType": "image/jpeg", "data": "BBBB"}},
                {"fileData": {"fileUri": "https://a/b.png"}}]}],
        "generationConfig": {"temperature": 0.5, "topP": 0.9, "topK": 40, "maxOutputTokens": 100,
            "seed": 7, "presencePenalty": 1, "frequencyPenalty": -1,
            "responseMimeType": "application/json", "responseSchema": {"type": "object"}},
        "tools": [{"functionDeclarations": [
            {"name": "look", "description": "Look at it",
                "parameters": {"type": "object", "properties": {"at": {"type": "string"}}}},
            {"name": "wait"}]}]});
    assert_eq!(body(&Google, &request, false), Ok(expected.clone()));
    assert_eq!(body(&Google, &request, true), Ok(expected), "the path says that it is a stream");
}

#[test]
fn any_json() {
    let request = json!({"provider_id": "p", "served_model_id": "m",
        "messages": [{"role": "user", "content": "x"}], "response_format": {"type": "json_object"}});
    let expected = json!({"contents": [{"role": "user", "parts": [{"text": "x"}]}],
        "generationConfig": {"responseMimeType": "application/json"}});
    assert_eq!(body(&Google, &request, false), Ok(expected));
}

#[test]
fn refuses_what_it_has_no_word_for() {
    let request = with(rich(), json!({"reasoning_effort": "low"}));
    let error = "bad_request: request.reasoning_effort: google has no reasoning_effort";
    assert_eq!(body(&Google, &request, false), Err(error.to_owned()));
}

#[test]
fn a_model_is_one_segment_of_the_path() {
    assert_eq!(Google.path("gemini-2.5-pro", false), "/models/gemini-2.5-pro:generateContent");
    assert_eq!(Google.path("../a?b", true), "/models/..%2Fa%3Fb:streamGenerateContent?alt=sse");
}

#[test]
fn reads_answers() {
    let answer = json!({"modelVersion": "m-1", "candidates": [{"finishReason": "STOP", "content":
        {"parts": [{"text": "hm", "thought": true}, {"text": "a"}, {"text": "b"},
            {"functionCall": {"name": "look", "args": {"at": 1}}}]}}],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "thoughtsTokenCount": 4}});
    let expected = Answer {
        text: "ab".to_owned(),
        tool_calls: vec![json!({"name": "look", "arguments": {"at": 1}})],
        finish_reason: Some("STOP".to_owned()),
        model: Some("m-1".to_owned()),
        usage: Some(Usage { input_tokens: 3, output_tokens: 6 }),
    };
    assert_eq!(Google.answer(&answer), Ok(expected));

    let error = |answer| Google.answer(&answer).unwrap_err().to_string();
    assert_eq!(error(json!({})), "bad_response: expected candidates[0]");
    assert_eq!(
        error(json!({"promptFeedback": {"blockReason": "OTHER"}})),
        "content_filter: blockReason OTHER"
    );
    assert_eq!(
        error(json!({"candidates": [{"finishReason": "SAFETY"}]})),
        "content_filter: finishReason SAFETY"
    );
}

#[test]
fn reads_streams() {
    let event = |text: &str| json!({"candidates": [{"content": {"parts": [{"text": text}]}}]});
    let last = json!({"modelVersion": "m-1",
        "candidates": [{"content": {"parts": [{"text": "c"}]}, "finishReason": "MAX_TOKENS"}],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2}});
    let (answer, finished, texts) = stream(&Google, &[event("a"), event("b"), last]).unwrap();
    assert!(finished);
    assert_eq!(texts, ["a", "ab", "abc"]);
    let expected = Answer {
        text: "abc".to_owned(),
        tool_calls: Vec::new(),
        finish_reason: Some("MAX_TOKENS".to_owned()),
        model: Some("m-1".to_owned()),
        usage: Some(Usage { input_tokens: 3, output_tokens: 2 }),
    };
    assert_eq!(answer, expected);
}
