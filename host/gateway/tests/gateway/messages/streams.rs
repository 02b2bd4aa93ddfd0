//! Messages as streams: events, their order, and streams that break.

use serde_json::{Value, json};

use super::{PINS, collected, events, everybody};
use crate::fixture::Gateway;

#[tokio::test]
async fn text_comes_in_the_pieces_of_the_provider() {
    let script = json!({"alpha": [{"text": "one two three four", "chunks": 4}]});
    let gateway = Gateway::with(&script).await;
    let reply = gateway.message(json!({"stream": true})).await;
    let events = events(&reply);
    assert_eq!(reply.header("cache-control"), Some("no-cache"));
    assert_eq!(reply.header("request-id"), reply.header("x-request-id"));
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let delta = "content_block_delta";
    assert_eq!(
        kinds,
        [
            "message_start",
            "content_block_start",
            delta,
            delta,
            delta,
            delta,
            "content_block_stop",
            "message_delta",
            "message_stop"
        ]
    );
    let start = &events[0]["message"];
    assert_eq!((&start["content"], &start["role"]), (&json!([]), &json!("assistant")));
    assert!(start["usage"]["input_tokens"].as_u64().unwrap() > 0);
    assert_eq!(events[1]["content_block"], json!({"type": "text", "text": ""}));
    let mut told = collected(&events);
    let report = told.as_object_mut().unwrap().remove("x_router").unwrap();
    let id = format!("msg_{}", reply.header("x-request-id").unwrap());
    assert_eq!(
        told,
        json!({"id": id, "type": "message", "role": "assistant", "model": "small-2",
            "content": [{"type": "text", "text": "one two three four"}],
            "stop_reason": "end_turn", "stop_sequence": null,
            "usage": {"input_tokens": 10, "output_tokens": 4}})
    );
    assert_eq!(report["provider"], "alpha");
    assert!(!reply.body.contains("[DONE]"));
}

/// What comes in pieces is what comes whole.
#[tokio::test]
async fn a_stream_and_a_whole_message_say_the_same() {
    let calls = json!([{"name": "f", "id": "a", "arguments": {"x": [1, 2]}},
        {"name": "g", "id": "b"}]);
    for (text, calls) in [("", calls.clone()), ("Let me see.", calls), ("Well.", json!([]))] {
        let step = json!({"text": text, "chunks": 2, "tool_calls": calls, "reasoning": "Hm, so."});
        let gateway = Gateway::with_config(&json!({"*": [step]}), everybody).await;
        for pin in PINS {
            let more = |stream: bool| {
                json!({"model": pin, "stream": stream, "thinking": {"type": "adaptive"},
                    "tools": [{"name": "f"}, {"name": "g"}]})
            };
            let tidy = |mut message: Value| {
                let members = message.as_object_mut().unwrap();
                members.retain(|name, _| !["id", "model", "x_router"].contains(&name.as_str()));
                message
            };
            let whole = gateway.message(more(false)).await;
            assert_eq!(whole.status, 200, "{pin} {}", whole.body);
            let streamed = gateway.message(more(true)).await;
            assert_eq!(tidy(collected(&events(&streamed))), tidy(whole.json()), "{pin} {text}");
        }
    }
}

#[tokio::test]
async fn a_failure_before_a_word_is_an_error_of_its_own() {
    let gateway = Gateway::with(&json!({"*": [{"status": 500}]})).await;
    let reply = gateway.message(json!({"stream": true})).await;
    assert_eq!((reply.status, &reply.json()["error"]["type"]), (500, &json!("api_error")));
    let script = json!({"alpha": [{"status": 500}], "gamma": [{"text": "from gamma"}]});
    let gateway = Gateway::with(&script).await;
    let reply = gateway.message(json!({"model": "family:small", "stream": true})).await;
    assert_eq!(collected(&events(&reply))["content"][0]["text"], "from gamma");
}

/// Agents ask again for the whole when a stream breaks.
#[tokio::test]
async fn a_stream_that_breaks_says_so() {
    let script = json!({"alpha": [{"text": "one two three four", "chunks": 4, "drop": "middle"},
        {"text": "whole"}]});
    let gateway = Gateway::with(&script).await;
    let reply = gateway.message(json!({"stream": true})).await;
    let events = events(&reply);
    let error = events.last().unwrap();
    assert_eq!((&error["type"], &error["error"]["type"]), (&json!("error"), &json!("api_error")));
    assert_eq!(error["request_id"].as_str(), reply.header("request-id"));
    assert!(error["error"]["message"].as_str().unwrap().contains("stream_interrupted"));
    assert!(!reply.body.contains("message_stop") && !reply.body.contains("message_delta"));
    let path = &error["x_router"]["decision_trace"]["decision_path"];
    assert_eq!(path[0]["error_kind"], "stream_interrupted");
    let again = gateway.message(json!({"stream": false})).await;
    assert_eq!(again.json()["content"], json!([{"type": "text", "text": "whole"}]));
}
