//! Answers as streams: frames, their order, and streams that break.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{client::Reply, fixture::Gateway};

/// What the deltas of a stream say.
fn text(reply: &Reply) -> String {
    let frames = reply.frames();
    let content =
        frames.iter().filter_map(|frame| frame["choices"][0]["delta"]["content"].as_str());
    content.collect()
}

#[tokio::test]
async fn text_comes_in_the_pieces_of_the_provider() {
    let script = json!({"alpha": [{"text": "one two three four", "chunks": 4}]});
    let gateway = Gateway::with(&script).await;
    let reply = gateway.chat(json!({"stream": true})).await;
    assert_eq!((reply.status, reply.whole), (200, true));
    assert_eq!(reply.header("content-type"), Some("text/event-stream"));
    assert_eq!(reply.header("cache-control"), Some("no-cache"));
    assert_eq!(reply.header("x-sigmapol-provider"), Some("alpha"));
    assert_eq!(reply.header("x-sigmapol-model"), Some("small-2"));
    let frames = reply.frames();
    let id = format!("chatcmpl-{}", reply.header("x-request-id").unwrap());
    for frame in &frames {
        assert_eq!(frame["object"], "chat.completion.chunk");
        assert_eq!((&frame["id"], &frame["model"]), (&json!(id), &json!("small-2")));
        assert_eq!((&frame["choices"][0]["index"], &frame["usage"]), (&json!(0), &Value::Null));
    }
    assert_eq!(frames[0]["choices"][0]["delta"], json!({"role": "assistant", "content": ""}));
    assert_eq!(frames.len(), 1 + 4 + 1);
    assert_eq!(text(&reply), "one two three four");
    let last = frames.last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert_eq!(last["x_router"]["provider"], "alpha");
    // 10 tokens at 0.25 and 4 at 1, per million
    assert_eq!(last["x_router"]["cost_usd"], json!(6.5e-6));
    assert!(frames[..5].iter().all(|frame| frame["choices"][0]["finish_reason"].is_null()));
    assert_eq!(reply.events().last().unwrap(), "[DONE]");
}

#[tokio::test]
async fn every_dialect_streams() {
    let script = json!({"*": [{"text": "one two", "chunks": 2}]});
    let gateway = Gateway::with_config(&script, |config| {
        config["profiles"]["default"]["policy_ir"][1] = json!(["meets_req"]);
    })
    .await;
    for pin in ["pin:alpha/small", "pin:beta/large", "pin:gamma/small"] {
        let reply = gateway.chat(json!({"model": pin, "stream": true})).await;
        let frames = reply.frames();
        let last = &frames.last().unwrap()["choices"][0];
        assert_eq!((text(&reply).as_str(), &last["finish_reason"]), ("one two", &json!("stop")));
        assert!(frames.len() >= 4, "{pin}");
    }
}

#[tokio::test]
async fn usage_is_a_frame_of_its_own_where_it_is_asked_for() {
    let gateway = Gateway::with(&Value::Null).await;
    let options = json!({"stream": true, "stream_options": {"include_usage": true}});
    let frames = gateway.chat(options).await.frames();
    let last = frames.last().unwrap();
    assert_eq!(last["choices"], json!([]));
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11});
    assert_eq!(last["usage"], usage);
    let others = &frames[..frames.len() - 1];
    assert!(others.iter().all(|frame| frame["usage"].is_null()));
    assert_eq!(others.last().unwrap()["choices"][0]["finish_reason"], "stop");
}

#[tokio::test]
async fn a_run_that_fails_before_a_byte_is_an_error_with_its_status() {
    let gateway = Gateway::with(&json!({"*": [{"status": 500}]})).await;
    let reply = gateway.chat(json!({"stream": true})).await;
    let error = reply.error_of_run();
    assert_eq!((error.0, error.3.as_str()), (502, "exhausted: server_error"));
    let reply = gateway.chat(json!({"stream": true, "model": "family:none"})).await;
    assert_eq!((reply.status, reply.error_of_run().3.as_str()), (503, "no_candidates"));
}

#[tokio::test]
async fn a_failure_before_text_is_followed_by_another_candidate() {
    // the first one's stream breaks before its text
    let broken = json!({"raw": ["data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n"]});
    let script = json!({"alpha": [broken], "gamma": [{"text": "from gamma"}]});
    let gateway = Gateway::with(&script).await;
    let reply = gateway.chat(json!({"model": "family:small", "stream": true})).await;
    assert_eq!(text(&reply), "from gamma");
    assert_eq!(reply.header("x-sigmapol-provider"), Some("gamma"));
    let frames = reply.frames();
    let roles = frames.iter().filter(|frame| !frame["choices"][0]["delta"]["role"].is_null());
    assert_eq!(roles.count(), 1);
    assert!(frames.iter().all(|frame| frame["model"] == "small:8b"));
}

#[tokio::test]
async fn a_provider_that_breaks_after_text_ends_in_an_error() {
    let script = json!({"alpha": [{"text": "one two three four", "chunks": 4, "drop": "middle"}],
        "gamma": [{"text": "from gamma"}]});
    let gateway = Gateway::with(&script).await;
    let reply = gateway.chat(json!({"model": "family:small", "stream": true})).await;
    assert_eq!((reply.status, reply.whole), (200, true));
    let events = reply.events();
    let frames = reply.frames();
    let [.., finish, error] = frames.as_slice() else { panic!("{frames:?}") };
    assert_eq!(finish["choices"], json!([{"index": 0, "delta": {}, "finish_reason": "error"}]));
    assert_eq!(
        (&error["error"]["code"], &error["error"]["type"]),
        (&json!("stream_interrupted"), &json!("router_error"))
    );
    assert_eq!(events.last().unwrap(), "[DONE]");
    let said = text(&reply);
    assert!("one two three four".starts_with(&said) && !said.is_empty(), "{said}");
    // one failure of alpha, and nobody else was called
    let path = finish["x_router"]["decision_trace"]["decision_path"].clone();
    assert_eq!(path.as_array().unwrap().len(), 1);
    assert_eq!(path[0]["error_kind"], "stream_interrupted");
    let alpha = gateway.router.status().unwrap()["providers"]["alpha"].clone();
    assert_eq!(alpha["breaker"]["consecutive_failures"], 1);
    assert_eq!(gateway.calls().len(), 1);
}

#[tokio::test]
async fn calls_of_tools_begin_and_go_on() {
    let calls =
        json!([{"name": "f", "id": "a", "arguments": {"x": [1, 2]}}, {"name": "g", "id": "b"}]);
    for said in ["", "let me see"] {
        let script = json!({"alpha": [{"text": said, "tool_calls": calls}]});
        let gateway = Gateway::with(&script).await;
        let reply = gateway.chat(json!({"stream": true})).await;
        assert_eq!(text(&reply), said);
        let frames = reply.frames();
        assert_eq!(frames[0]["choices"][0]["delta"]["role"], "assistant");
        let calls: Vec<_> = frames
            .iter()
            .filter_map(|frame| frame["choices"][0]["delta"]["tool_calls"][0].as_object())
            .map(|call| Value::Object(call.clone()))
            .collect();
        let begin = |index: u64, id: &str, name: &str| {
            json!({"index": index, "id": id, "type": "function",
                "function": {"name": name, "arguments": ""}})
        };
        let go_on = |index: u64, arguments: &str| json!({"index": index, "function": {"arguments": arguments}});
        let expected = [begin(0, "a", "f"), go_on(0, "{\"x\":[1,2]}"), begin(1, "b", "g")];
        assert_eq!(calls[..3], expected);
        assert_eq!(calls[3..], [go_on(1, "{}")]);
        let finish = &frames.last().unwrap()["choices"][0];
        assert_eq!(finish["finish_reason"], "tool_calls");
        assert_eq!(reply.header("x-sigmapol-provider"), Some("alpha"));
    }
}

#[tokio::test]
async fn a_provider_that_is_silent_is_left_for_another() {
    let script = json!({"alpha": [{"delay_ms": 5000}], "gamma": [{"text": "from gamma"}]});
    let gateway = Gateway::with(&script).await;
    let began = Instant::now();
    let more = json!({"model": "family:small", "stream": true, "first_token_timeout_ms": 200});
    let reply = gateway.chat(more).await;
    assert_eq!(text(&reply), "from gamma");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}
