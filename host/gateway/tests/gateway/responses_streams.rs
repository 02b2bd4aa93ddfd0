//! Responses as streams: events, their order, and streams that break.

use serde_json::{Value, json};

use crate::{client::Reply, fixture::Gateway};

fn named<'e>(events: &'e [Value], name: &str) -> Vec<&'e Value> {
    events.iter().filter(|event| event["type"] == name).collect()
}

fn joined(events: &[Value], name: &str) -> String {
    named(events, name).iter().map(|event| event["delta"].as_str().unwrap()).collect()
}

async fn stream(gateway: &Gateway, body: Value) -> Reply {
    let mut body = body;
    body["stream"] = json!(true);
    gateway.respond(body).await
}

/// G57
#[tokio::test]
async fn events_of_a_text() {
    let script = json!({"alpha": [{"text": "one two three four", "chunks": 4}]});
    let gateway = Gateway::with(&script).await;
    let reply = stream(&gateway, json!({"input": "hi"})).await;
    assert_eq!((reply.status, reply.whole), (200, true));
    assert_eq!(reply.header("content-type"), Some("text/event-stream"));
    assert_eq!(reply.header("cache-control"), Some("no-cache"));
    assert_eq!(reply.header("x-sigmapol-provider"), Some("alpha"));
    assert!(!reply.body.contains("[DONE]"));
    let events = reply.named_events();
    let names: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.delta",
            "response.output_text.delta",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    for (number, event) in (0..).zip(&events) {
        assert_eq!(event["sequence_number"], json!(number));
    }
    let id = reply.header("x-request-id").unwrap();
    let created = &events[0]["response"];
    assert_eq!(created["id"], format!("resp_{id}"));
    assert_eq!((&created["status"], &created["output"]), (&json!("in_progress"), &json!([])));
    assert_eq!(created["model"], "small-2");
    assert_eq!(joined(&events, "response.output_text.delta"), "one two three four");
    let item = format!("msg_{id}_0");
    for event in &events[3..10] {
        assert_eq!((&event["item_id"], &event["output_index"]), (&json!(item), &json!(0)));
        assert_eq!(event["content_index"], 0);
    }
    // the end has all of it
    let response = &events.last().unwrap()["response"];
    assert_eq!(response["status"], "completed");
    assert_eq!(response["output"][0]["content"][0]["text"], "one two three four");
    assert_eq!(response["output"][0], events[10]["item"]);
    assert_eq!(response["usage"]["total_tokens"], 14);
    assert_eq!(response["x_router"]["provider"], "alpha");
}

/// What comes in one piece and what comes as a stream are the same response.
#[tokio::test]
async fn a_stream_ends_in_the_whole_response() {
    let calls = json!([{"name": "f", "id": "c", "arguments": "{\"x\":1}"}, {"name": "g"}]);
    let step = json!({"text": "let me see", "reasoning": "hm", "tool_calls": calls});
    let gateway = Gateway::with_config(&json!({"*": [step]}), |config| {
        config["profiles"]["default"]["policy_ir"][1] = json!(["meets_req"]);
    })
    .await;
    for model in ["pin:alpha/small", "pin:beta/large", "pin:gamma/small"] {
        let body = json!({"model": model, "input": "hi"});
        let whole = gateway.respond(body.clone()).await;
        let reply = stream(&gateway, body).await;
        let events = reply.named_events();
        let streamed = events.last().unwrap()["response"].clone();
        let bare = |reply: &Reply, response: &Value| {
            let text = response["output"].to_string();
            text.replace(reply.header("x-request-id").unwrap(), "ID")
        };
        assert_eq!(bare(&whole, &whole.json()), bare(&reply, &streamed), "{model}");
        // each item was told of when it ended, as it is in the end
        let mut done: Vec<_> = named(&events, "response.output_item.done").into_iter().collect();
        done.sort_by_key(|event| event["output_index"].as_u64());
        let items: Vec<_> = done.iter().map(|event| &event["item"]).collect();
        assert_eq!(json!(items), streamed["output"], "{model}");
        let arguments = named(&events, "response.function_call_arguments.done");
        let arguments: Vec<_> = arguments.iter().map(|event| &event["arguments"]).collect();
        assert_eq!(arguments[1], "{}");
        assert_eq!(joined(&events, "response.reasoning_summary_text.delta"), "hm");
        assert_eq!(joined(&events, "response.output_text.delta"), "let me see");
    }
}

/// G58
#[tokio::test]
async fn an_answer_that_was_cut() {
    let script = json!({"alpha": [{"text": "one two", "finish_reason": "length"}]});
    let gateway = Gateway::with(&script).await;
    let events = stream(&gateway, json!({"input": "hi"})).await.named_events();
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.incomplete");
    assert_eq!(last["response"]["status"], "incomplete");
    assert_eq!(last["response"]["incomplete_details"]["reason"], "max_output_tokens");
}

/// G58: after text a failure is the last event, and no other model goes on.
#[tokio::test]
async fn a_provider_that_breaks_after_text() {
    let script = json!({"alpha": [{"text": "one two three four", "chunks": 4, "drop": "middle"}],
        "gamma": [{"text": "from gamma"}]});
    let gateway = Gateway::with(&script).await;
    let reply = stream(&gateway, json!({"model": "family:small", "input": "hi"})).await;
    assert_eq!((reply.status, reply.whole), (200, true));
    let events = reply.named_events();
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.failed");
    let response = &last["response"];
    assert_eq!(
        (&response["status"], &response["error"]["code"]),
        (&json!("failed"), &json!("stream_interrupted"))
    );
    assert!(response["error"]["message"].as_str().unwrap().contains("alpha/small"));
    let said = joined(&events, "response.output_text.delta");
    assert!("one two three four".starts_with(&said) && !said.is_empty(), "{said}");
    assert_eq!(response["output"][0]["content"][0]["text"], said);
    assert_eq!(response["output"][0]["status"], "incomplete");
    assert!(named(&events, "response.output_item.done").is_empty());
    let path = &response["x_router"]["decision_trace"]["decision_path"];
    assert_eq!(path.as_array().unwrap().len(), 1);
    assert_eq!(gateway.calls().len(), 1);
}

#[tokio::test]
async fn a_failure_before_text_is_followed_by_another_candidate() {
    let script = json!({"alpha": [{"status": 500}], "gamma": [{"text": "from gamma"}]});
    let gateway = Gateway::with(&script).await;
    let reply = stream(&gateway, json!({"model": "family:small", "input": "hi"})).await;
    let events = reply.named_events();
    assert_eq!(joined(&events, "response.output_text.delta"), "from gamma");
    assert_eq!(events[0]["response"]["model"], "small:8b");
    assert_eq!(named(&events, "response.created").len(), 1);
}
