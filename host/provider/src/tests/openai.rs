use super::{super::openai::OpenAi, *};
use crate::Usage;

fn schema() -> Value {
    json!({"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}})
}

#[test]
fn sends_everything() {
    let request = with(
        rich(),
        json!({"seed": 7, "presence_penalty": 1, "frequency_penalty": -1,
            "reasoning_effort": "low", "response_format": schema()}),
    );
    let mut messages = rich()["messages"].clone();
    messages[6]["content"] = json!([
        {"type": "text", "text": "And these?"},
        {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,BBBB"}}]);
    let expected = json!({
        "model": "m", "messages": messages, "tools": rich()["tools"],
        "temperature": 0.5, "top_p": 0.9, "top_k": 40, "max_tokens": 100, "seed": 7,
        "presence_penalty": 1, "frequency_penalty": -1, "reasoning_effort": "low",
        "response_format": schema()});
    assert_eq!(body(&OpenAi, &request, false), Ok(expected.clone()));
    let streamed = json!({"stream": true, "stream_options": {"include_usage": true}});
    assert_eq!(body(&OpenAi, &request, true), Ok(with(expected, streamed)));
}

#[test]
fn openai_has_its_own_word_for_the_limit() {
    let request = json!({"provider_id": "p", "served_model_id": "m", "max_tokens": 5,
        "messages": [], "base_url": "https://api.openai.com/v1"});
    let expected = json!({"model": "m", "messages": [], "max_completion_tokens": 5});
    assert_eq!(body(&OpenAi, &request, false), Ok(expected));
}

#[test]
fn images_need_a_message() {
    let request = with(rich(), json!({"messages": [{"role": "system", "content": "x"}]}));
    let error = "bad_request: request.images: expected a message of the user to put them in";
    assert_eq!(body(&OpenAi, &request, false), Err(error.to_owned()));
}

#[test]
fn reads_answers() {
    let call = json!({"id": "c", "type": "function",
        "function": {"name": "look", "arguments": "{\"at\":1}"}});
    let answer = json!({"model": "m-1", "choices": [{"finish_reason": "tool_calls",
        "message": {"content": "Hm.", "tool_calls": [call]}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}});
    let expected = Answer {
        text: "Hm.".to_owned(),
        tool_calls: vec![json!({"id": "c", "name": "look", "arguments": {"at": 1}})],
        finish_reason: Some("tool_calls".to_owned()),
        model: Some("m-1".to_owned()),
        usage: Some(Usage { input_tokens: 3, output_tokens: 2 }),
    };
    assert_eq!(OpenAi.answer(&answer), Ok(expected));
}

#[test]
fn refuses_what_is_no_answer() {
    let choice = |choice: Value| {
        let error = OpenAi.answer(&json!({"choices": [choice]})).unwrap_err();
        error.to_string()
    };
    assert_eq!(choice(json!({})), "bad_response: expected choices[0].message");
    assert_eq!(
        choice(json!({"message": {"content": 1}})),
        "bad_response: content: expected a string"
    );
    let call = json!({"function": {"name": "f", "arguments": "{"}});
    assert_eq!(
        choice(json!({"message": {"tool_calls": [call]}})),
        "bad_response: the arguments of a call of f: expected JSON"
    );
    assert_eq!(
        choice(json!({"message": {"content": null}, "finish_reason": "content_filter"})),
        "content_filter: finish_reason content_filter"
    );
    assert_eq!(
        choice(json!({"message": {"content": null, "refusal": "No."}})),
        "content_filter: No."
    );
}

#[test]
fn refuses_streams() {
    let choice = |choice: Value| json!({"choices": [choice]});
    let error = |events: &[Value]| stream(&OpenAi, events).unwrap_err().to_string();
    let no = choice(json!({"delta": {"refusal": "No"}}));
    let more = choice(json!({"delta": {"refusal": "."}}));
    let stop = choice(json!({"delta": {}, "finish_reason": "stop"}));
    assert_eq!(error(&[no, more, stop]), "content_filter: No.");
    let filter = choice(json!({"delta": {}, "finish_reason": "content_filter"}));
    assert_eq!(error(&[filter]), "content_filter: finish_reason content_filter");
}

#[test]
fn reads_streams() {
    let delta = |delta: Value| json!({"model": "m-1", "choices": [{"delta": delta}]});
    let call = |call: Value| delta(json!({"tool_calls": [call]}));
    let (answer, finished, texts) = stream(
        &OpenAi,
        &[
            delta(json!({"role": "assistant", "content": ""})),
            delta(json!({"content": "a"})),
            delta(json!({"content": "b"})),
            call(json!({"index": 0, "id": "c", "function": {"name": "f", "arguments": "{\"x\""}})),
            call(json!({"index": 1, "id": "d", "function": {"name": "g"}})),
            call(json!({"index": 0, "function": {"arguments": ":1}"}})),
            json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}),
            json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}),
        ],
    )
    .unwrap();
    assert!(finished);
    assert_eq!(texts, ["", "a", "ab", "ab", "ab", "ab", "ab", "ab"]);
    let expected = Answer {
        text: "ab".to_owned(),
        tool_calls: vec![
            json!({"id": "c", "name": "f", "arguments": {"x": 1}}),
            json!({"id": "d", "name": "g", "arguments": {}}),
        ],
        finish_reason: Some("tool_calls".to_owned()),
        model: Some("m-1".to_owned()),
        usage: Some(Usage { input_tokens: 3, output_tokens: 2 }),
    };
    assert_eq!(answer, expected);
}
