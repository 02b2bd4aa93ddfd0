use serde_json::{Value, json};
use sigmapol_provider::{Answer, Usage};

use crate::*;

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
    assert_eq!(body("openai_compatible", &request, false), Ok(expected.clone()));
    let streamed = json!({"stream": true, "stream_options": {"include_usage": true}});
    assert_eq!(body("openai_compatible", &request, true), Ok(with(expected, streamed)));
}

#[test]
fn openai_has_its_own_word_for_the_limit() {
    let request = |members| short(with(json!({"base_url": "https://api.openai.com/v1"}), members));
    let limits = |members| {
        let body = body("openai_compatible", &request(members), false).unwrap();
        (body["max_tokens"].clone(), body["max_completion_tokens"].clone())
    };
    assert_eq!(limits(json!({"max_tokens": 5})), (json!(null), json!(5)));
    assert_eq!(limits(json!({"max_completion_tokens": 6})), (json!(null), json!(6)));
    let both = json!({"max_completion_tokens": 6, "max_tokens": 5});
    assert_eq!(limits(both), (json!(null), json!(5)));
}

#[test]
fn images_need_a_message() {
    let request = with(rich(), json!({"messages": [{"role": "system", "content": "x"}]}));
    let error = "bad_request: request.images: expected a message of the user to put them in";
    assert_eq!(body("openai_compatible", &request, false), Err(error.to_owned()));
}

/// Whatever a client sends to this dialect comes out as it went in.
#[test]
fn nothing_is_written_anew() {
    let message = r#"[ {"role":"assistant" ,"content":null,"refusal":null,
        "tool_calls":[{"id":"c","type":"function","function":{"arguments":"{\"a\":","name":"f"}}], "x":1.10},
        {"content":"\u0041\ud800","role":"user","role":"user"}]"#;
    let tools = r#"[{"type":"custom","x":{"enum":["C",null],"default":null,"a":1,"a":9223372036854775807}}]"#;
    let format = r#"{ "type":"json_schema","json_schema":{"schema":{"b":1.0,"a":1e2}}}"#;
    let request = format!(
        r#"{{"provider_id":"p","served_model_id":"m","temperature":0.70,"messages":{message},"tools":{tools},
            "stop":null,"logit_bias":{{"5":-1.50}},"response_format":{format},"min_p":0.050,"a.b":{{"c":1}}}}"#
    );
    let expected = format!(
        r#"{{"model":"m","temperature":0.70,"messages":{message},"tools":{tools},"stop":null,"logit_bias":{{"5":-1.50}},"response_format":{format},"min_p":0.050,"a.b":{{"c":1}}}}"#
    );
    assert_eq!(text("openai_compatible", &request), Ok(expected));
}

/// What the adapter sets stands where the client had it, and else at the end; a model at the start.
#[test]
fn members_keep_their_places() {
    let ids = r#""provider_id":"p","served_model_id":"m""#;
    for (members, plain, streamed) in [
        (
            r#""top_p":1,"stream":false,"messages":[],"model":"x","stream_options":{},"n":1"#,
            r#"{"top_p":1,"messages":[],"model":"m","n":1}"#,
            r#"{"top_p":1,"stream":true,"messages":[],"model":"m","stream_options":{"include_usage":true},"n":1}"#,
        ),
        (
            r#""top_p":1"#,
            r#"{"model":"m","top_p":1,"messages":[]}"#,
            r#"{"model":"m","top_p":1,"messages":[],"stream":true,"stream_options":{"include_usage":true}}"#,
        ),
    ] {
        for (stream, expected) in [(false, plain), (true, streamed)] {
            let request = format!("{{{ids},{members}}}");
            let body = testing::body("openai_compatible", &request, stream).unwrap();
            assert_eq!(body.unwrap(), expected);
        }
    }
    // the limit under its other name, where the first of the two was
    let request = format!(
        r#"{{{ids},"base_url":"https://api.openai.com/v1","max_tokens":5,"n":1,"max_completion_tokens":6}}"#
    );
    let body = testing::body("openai_compatible", &request, false).unwrap();
    assert_eq!(body.unwrap(), r#"{"model":"m","max_completion_tokens":5,"n":1,"messages":[]}"#);
}

#[test]
fn images_leave_the_rest_as_it_is() {
    let image = r#"{"type":"image_url","image_url":{"url":"https://a/b.png"}}"#;
    for (content, expected) in [
        (
            r#""content": "\u0041""#,
            format!(r#""content": [{{"type":"text","text":"\u0041"}},{image}]"#),
        ),
        (r#""content": [{"b":1.10} ] "#, format!(r#""content": [{{"b":1.10}},{image}] "#)),
        (r#""content": [ ]"#, format!(r#""content": [{image}]"#)),
        (r#""content":null"#, format!(r#""content":[{image}]"#)),
        (r#""name": "n""#, format!(r#""content":[{image}],"name": "n""#)),
    ] {
        let before = r#"{"role":"user","content":"x"}, {"role":"system","a":null},"#;
        let messages =
            |content: &str| format!(r#"[{before}{{{content},"role":"user"}} ,{{"role":"tool"}}]"#);
        let request = format!(
            r#"{{"provider_id":"p","served_model_id":"m","messages":{},"images":["https://a/b.png"]}}"#,
            messages(content)
        );
        let expected = match content.contains("content") {
            true => messages(&expected),
            false => messages(r#""name": "n""#).replacen(
                r#"{"name""#,
                &format!(r#"{{"content":[{image}],"name""#),
                1,
            ),
        };
        let body = format!(r#"{{"model":"m","messages":{expected}}}"#);
        assert_eq!(text("openai_compatible", &request), Ok(body));
    }
}

#[test]
fn whole_numbers_are_whole() {
    let request = r#"{"provider_id":"p","served_model_id":"m","max_tokens":1000.0,"seed":9223372036854775807,
        "top_k":40.6,"temperature":1.0}"#;
    let body = r#"{"model":"m","max_tokens":1000,"seed":9223372036854775807,"top_k":41,"temperature":1.0,"messages":[]}"#;
    assert_eq!(text("openai_compatible", request), Ok(body.to_owned()));
}

#[test]
fn an_answer_is_one_text() {
    let error = |members| body("openai_compatible", &short(members), false).unwrap_err();
    let message = "unsupported: request.n: an answer of this host has one choice";
    assert_eq!(error(json!({"n": 2})), message);
    let message = "unsupported: request.modalities: an answer of this host is a text";
    assert_eq!(error(json!({"modalities": ["text", "audio"]})), message);
    let message = "unsupported: request.audio: openai_compatible has no audio";
    assert_eq!(error(json!({"audio": {"voice": "x"}})), message);
    let members = json!({"n": 1, "modalities": ["text"]});
    let sent = body("openai_compatible", &short(members.clone()), false).unwrap();
    assert_eq!((&sent["n"], &sent["modalities"]), (&members["n"], &members["modalities"]));
}

fn call(id: &str, name: &str, arguments: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}

#[test]
fn reads_answers() {
    let given = json!({"model": "m-1", "choices": [{"finish_reason": "tool_calls",
        "message": {"content": "Hm.", "reasoning_content": "so", "refusal": null,
            "tool_calls": [call("c", "look", "{\"at\":1.10,\"at\":null")],
            "annotations": [{"type": "url_citation"}]},
        "logprobs": {"content": [{"token": "Hm", "logprob": -0.5}]}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "cost": 0.00014,
            "prompt_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 2},
            "completion_tokens_details": {"reasoning_tokens": 1}}});
    let expected = Answer {
        text: "Hm.".to_owned(),
        reasoning: "so".to_owned(),
        // no JSON, and it is the model's
        tool_calls: vec![
            json!({"id": "c", "name": "look", "arguments": "{\"at\":1.10,\"at\":null"}),
        ],
        finish_reason: Some("tool_calls".to_owned()),
        model: Some("m-1".to_owned()),
        usage: Some(Usage {
            input_tokens: 3,
            output_tokens: 2,
            cache_read_tokens: Some(1),
            cache_write_tokens: Some(2),
            reasoning_tokens: Some(1),
            cost_nano_usd: Some(140_000),
        }),
        logprobs: Some(json!({"content": [{"token": "Hm", "logprob": -0.5}]})),
        annotations: vec![json!({"type": "url_citation"})],
        thinking_blocks: Vec::new(),
        embeddings: Vec::new(),
    };
    assert_eq!(answer("openai_compatible", &given), Ok(expected));
}

#[test]
fn refuses_what_is_no_answer() {
    for (choice, message) in [
        (json!({}), "bad_response: expected choices[0].message"),
        (json!({"message": {"content": 1}}), "bad_response: content: expected a string"),
        (
            json!({"message": {"content": null}, "finish_reason": "content_filter"}),
            "content_filter: finish reason content_filter",
        ),
        (json!({"message": {"content": null, "refusal": "No."}}), "content_filter: No."),
        (
            json!({"message": {"content": ""}, "finish_reason": "stop"}),
            "bad_response: the answer is empty: finish reason stop",
        ),
        (
            json!({"message": {"content": "", "reasoning": "hm"}, "finish_reason": "length"}),
            "bad_response: the answer is empty: finish reason length",
        ),
        (
            json!({"message": {"content": "par"}, "finish_reason": "error"}),
            "server_error: finish reason error",
        ),
        (
            json!({"message": {"content": "par"}, "finish_reason": "error", "error": {"code": 429, "message": "slow"}}),
            "rate_limit: slow",
        ),
        (
            json!({"message": {"tool_calls": [{"id": "c"}]}}),
            "bad_response: expected the name of a called function",
        ),
    ] {
        let error = answer("openai_compatible", &json!({"choices": [choice]})).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    let error = answer("openai_compatible", &json!({"choices": [], "usage": {}})).unwrap_err();
    assert_eq!(error.to_string(), "bad_response: expected choices[0].message");
}

fn choice(choice: Value) -> Value {
    json!({"choices": [choice]})
}

#[test]
fn refuses_streams() {
    let text = choice(json!({"delta": {"content": "par"}}));
    let no = choice(json!({"delta": {"refusal": "No"}}));
    let more = choice(json!({"delta": {"refusal": "."}}));
    let end = |reason: &str| choice(json!({"delta": {}, "finish_reason": reason}));
    let upstream = choice(json!({"delta": {"content": ""}, "finish_reason": "error",
        "error": {"code": 502, "message": "upstream died"}}));
    for (events, message) in [
        (vec![no, more, end("stop")], "content_filter: No."),
        (vec![end("content_filter")], "content_filter: finish reason content_filter"),
        (vec![end("stop")], "bad_response: the answer is empty: finish reason stop"),
        (vec![text.clone(), end("error")], "server_error: finish reason error"),
        (vec![text.clone(), upstream], "server_error: upstream died"),
        (vec![text], "network_error: the stream ended before the answer did"),
        (vec![json!({"error": {"message": "x", "code": "rate_limit_exceeded"}})], "rate_limit: x"),
    ] {
        let error = stream("openai_compatible", &events).0.unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn reads_streams() {
    let delta = |delta: Value| json!({"model": "m-1", "choices": [{"delta": delta}]});
    let call = |call: Value| delta(json!({"tool_calls": [call]}));
    let (read, texts) = stream(
        "openai_compatible",
        &[
            delta(json!({"role": "assistant", "content": ""})),
            delta(json!({"reasoning": "h"})),
            delta(json!({"reasoning": "m", "content": null})),
            delta(json!({"content": "a"})),
            json!({"choices": [{"index": 1, "delta": {"content": "other"}}]}),
            delta(json!({"content": "b"})),
            call(json!({"index": 0, "id": "c", "function": {"name": "f", "arguments": "{\"x\""}})),
            call(json!({"index": 1, "id": "d", "function": {"name": "g"},
                "extra_content": {"google": {"thought_signature": "s"}}})),
            call(json!({"index": 0, "function": {"arguments": ":1}"}})),
            json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}),
            json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}),
        ],
    );
    assert_eq!(texts, ["a", "b"]);
    let expected = Answer {
        text: "ab".to_owned(),
        reasoning: "hm".to_owned(),
        tool_calls: vec![
            json!({"id": "c", "name": "f", "arguments": "{\"x\":1}"}),
            json!({"id": "d", "name": "g", "arguments": "{}",
                "extra_content": {"google": {"thought_signature": "s"}}}),
        ],
        finish_reason: Some("tool_calls".to_owned()),
        model: Some("m-1".to_owned()),
        usage: Some(Usage { input_tokens: 3, output_tokens: 2, ..Usage::default() }),
        ..Answer::default()
    };
    assert_eq!(read, Ok(expected));
}

/// The forms that a stream of the same answer may have.
#[test]
fn forms_of_streams() {
    let text = "héllo 日本 \u{2028} ok";
    let first = choice(json!({"delta": {"content": text}}));
    let last = choice(json!({"delta": {}, "finish_reason": "stop"}));
    let whole = json!({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]});
    for form in [
        format!("data: {first}\n\ndata: {last}\n\ndata: [DONE]\n\n"),
        format!(": OPENROUTER PROCESSING\r\n\r\ndata: {first}\r\n\r\ndata: {last}\r\n\r\n"),
        format!("data:{first}\r\rdata:{last}\r\rdata:[DONE]\r\r"),
        format!("\u{FEFF}data: {first}\n\nevent: x\nid: 1\ndata: {last}"),
        format!("\n\n\n\u{FEFF}\n\ndata: {first}\n\ndata: {last}\n"),
        format!("data: {}\n\ndata: {last}\n\n", format!("{first:#}").replace('\n', "\ndata: ")),
        format!("data: {first}\n\ndata: [DONE]\n\n"),
        format!("data: {first}\n\ndata: {last}\n\ndata: {{\"cho"),
        whole.to_string(),
        format!(" \u{FEFF}\r\n{whole:#}").trim_start().to_owned(),
    ] {
        for size in 1..form.len() {
            let read = testing::read("openai_compatible", true, form.as_bytes(), &[size]).unwrap();
            assert_eq!(read.map(|answer| answer.text), Ok(text.to_owned()), "{form:?} by {size}");
        }
    }
}

#[test]
fn what_is_no_stream() {
    for (body, message) in [
        ("<html>login</html>", "bad_response: expected JSON, got: <html>login</html>"),
        ("upstream connect error", "bad_response: expected a stream of events"),
        ("\u{FEFF}", "network_error: the stream ended before the answer did"),
        ("", "network_error: the stream ended before the answer did"),
        (": ping\n\n", "network_error: the stream ended before the answer did"),
        ("data: {\n\n", "bad_response: expected JSON, got: {"),
        ("data: 1\n\n", "bad_response: expected JSON, got: 1"),
        ("event: error\ndata: {\"message\": \"no\"}\n\n", "server_error: no"),
        ("data: {\"object\":\"error\",\"message\":\"no\",\"code\":400}\n\n", "bad_request: no"),
        ("{\"error\":{\"message\":\"no\",\"code\":402}}", "payment_required: no"),
    ] {
        let error = testing::read("openai_compatible", true, body.as_bytes(), &[]).unwrap();
        assert_eq!(error.unwrap_err().to_string(), message);
    }
}
