//! `POST /v1/responses`: what reaches providers, and the response in one piece.

use serde_json::{Value, json};

use crate::fixture::Gateway;

fn tool(name: &str) -> Value {
    json!({"type": "function", "name": name, "parameters": {"type": "object"}, "strict": false})
}

/// G54
#[tokio::test]
async fn a_response_in_openais_shape() {
    let gateway = Gateway::with(&Value::Null).await;
    let reply = gateway.respond(json!({"input": "hi"})).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let id = reply.header("x-request-id").unwrap();
    let response = reply.json();
    for (name, value) in [
        ("id", json!(format!("resp_{id}"))),
        ("object", json!("response")),
        ("status", json!("completed")),
        ("model", json!("small-2")),
        (
            "output",
            json!([{"id": format!("msg_{id}_0"), "type": "message", "status": "completed",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "ok", "annotations": []}]}]),
        ),
        (
            "usage",
            json!({"input_tokens": 10, "input_tokens_details": {"cached_tokens": 0},
                "output_tokens": 1, "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": 11}),
        ),
        ("error", Value::Null),
        ("incomplete_details", Value::Null),
        ("store", json!(false)),
        ("previous_response_id", Value::Null),
        ("tool_choice", json!("auto")),
        ("parallel_tool_calls", json!(true)),
        ("metadata", json!({})),
    ] {
        assert_eq!(response[name], value, "{name}");
    }
    assert!(response["created_at"].as_u64().unwrap() > 1_700_000_000);
    assert_eq!(response["x_router"]["provider"], "alpha");
    assert_eq!(reply.header("x-sigmapol-provider"), Some("alpha"));
    // whatever goes to a provider is a chat
    let call = &gateway.calls()[0];
    assert_eq!(call.path, "/alpha/chat/completions");
    assert_eq!(call.body["messages"], json!([{"role": "user", "content": "hi"}]));
    assert_eq!(call.body["max_tokens"], 4096);
}

/// What a client asked is in the response, as far as it is short.
#[tokio::test]
async fn a_response_repeats_its_request() {
    let gateway = Gateway::with(&Value::Null).await;
    let body = json!({"input": "hi", "instructions": "be brief", "metadata": {"k": "v"},
        "temperature": 0.5, "max_output_tokens": 7, "reasoning": {"effort": "low"}});
    let response = gateway.respond(body).await.json();
    assert_eq!(response["metadata"], json!({"k": "v"}));
    assert_eq!(
        (&response["temperature"], &response["max_output_tokens"]),
        (&json!(0.5), &json!(7))
    );
    assert_eq!(
        (&response["reasoning"]["effort"], &response["instructions"]),
        (&json!("low"), &Value::Null)
    );
    let sent = gateway.calls()[0].body.clone();
    assert_eq!((&sent["max_tokens"], &sent["reasoning_effort"]), (&json!(7), &json!("low")));
    assert_eq!(sent["metadata"], Value::Null);
}

/// G55
#[tokio::test]
async fn items_become_messages() {
    let gateway = Gateway::with(&Value::Null).await;
    let call = |id: &str| json!({"type": "function_call", "id": "fc", "call_id": id, "name": "f", "arguments": "{}"});
    let output = |id: &str| json!({"type": "function_call_output", "call_id": id, "output": id});
    let input = json!([{"role": "developer", "content": "d"}, {"role": "user", "content": "u"},
        {"type": "reasoning", "id": "rs", "summary": []}, call("a"), call("b"), output("a"),
        output("b")]);
    let reply = gateway.respond(json!({"instructions": "i", "input": input})).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let called = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    assert_eq!(
        gateway.calls()[0].body["messages"],
        json!([{"role": "system", "content": "i"}, {"role": "system", "content": "d"},
            {"role": "user", "content": "u"},
            {"role": "assistant", "content": null, "tool_calls": [called("a"), called("b")]},
            {"role": "tool", "tool_call_id": "a", "content": "a"},
            {"role": "tool", "tool_call_id": "b", "content": "b"}])
    );
}

/// The same conversation reaches the other dialects in their own shapes.
#[tokio::test]
async fn items_reach_other_dialects() {
    let gateway = Gateway::with_config(&Value::Null, |config| {
        config["profiles"]["default"]["policy_ir"][1] = json!(["meets_req"]);
    })
    .await;
    let input = json!([{"role": "user", "content": [{"type": "input_text", "text": "u"}]},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{\"x\":1}"},
        {"type": "function_call_output", "call_id": "a", "output": "r"}]);
    let body = |model: &str| json!({"model": model, "input": input, "tools": [tool("f")]});
    for model in ["pin:beta/large", "pin:gamma/small"] {
        assert_eq!(gateway.respond(body(model)).await.status, 200);
    }
    let calls = gateway.calls();
    assert_eq!(
        calls[0].body["messages"][2]["content"][0],
        json!({"type": "tool_result", "tool_use_id": "a",
            "content": [{"type": "text", "text": "r"}]})
    );
    assert_eq!(
        calls[1].body["messages"][2],
        json!({"role": "tool", "content": "r", "tool_name": "f"})
    );
}

/// G56
#[tokio::test]
async fn functions_are_nested_and_other_tools_are_listed() {
    let arguments = "{\"at\":9007199254740993,\"x\":1.10}";
    let calls =
        json!([{"name": "f", "id": "c", "arguments": arguments}, {"name": "agents__close"}]);
    let script = json!({"alpha": [{"text": "", "tool_calls": calls}]});
    let gateway = Gateway::with(&script).await;
    let tools = json!([tool("f"), {"type": "web_search", "external_web_access": true},
        {"type": "namespace", "name": "agents", "tools": [tool("close")]}]);
    let body = json!({"input": "hi", "tools": tools, "tool_choice": "required"});
    let reply = gateway.respond(body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let nested = |name: &str| {
        json!({"type": "function",
            "function": {"name": name, "parameters": {"type": "object"}, "strict": false}})
    };
    let sent = gateway.calls()[0].body.clone();
    assert_eq!(sent["tools"], json!([nested("f"), nested("agents__close")]));
    assert_eq!(sent["tool_choice"], "required");
    let response = reply.json();
    assert_eq!(response["x_router"]["ignored"], json!(["tools[1]:web_search"]));
    let id = reply.header("x-request-id").unwrap();
    assert_eq!(
        response["output"],
        json!([{"id": format!("fc_{id}_0"), "type": "function_call", "status": "completed",
                "call_id": "c", "name": "f", "arguments": arguments},
            {"id": format!("fc_{id}_1"), "type": "function_call", "status": "completed",
                "call_id": format!("call_1_{id}"), "namespace": "agents", "name": "close",
                "arguments": "{}"}])
    );
}

/// A model without tools is no candidate, as in a chat; one without any is not asked for them.
#[tokio::test]
async fn needs_of_a_request() {
    let gateway = Gateway::with_config(&Value::Null, |config| {
        config["models"]["small"]["capabilities"] = json!({});
    })
    .await;
    let small = |more: Value| {
        let mut body = json!({"model": "family:small", "input": "hi"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let reply = gateway.respond(small(json!({"tools": [tool("f")]}))).await;
    assert_eq!((reply.status, reply.error_of_run().3.as_str()), (503, "no_candidates"));
    let searches = json!({"tools": [{"type": "web_search"}], "tool_choice": "auto"});
    assert_eq!(gateway.respond(small(searches)).await.status, 200);
    let image = json!({"input": [{"role": "user", "content": [
        {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]}]});
    let schema = json!({"text": {"format": {"type": "json_schema", "name": "n", "schema": {}}}});
    for (more, need) in [(image, "vision"), (schema, "json_mode")] {
        let reply = gateway.respond(small(more)).await;
        let rejected = reply.json()["x_router"]["decision_trace"]["rejected"].clone();
        let reason = format!("missing_capability:{need}");
        let reasons = rejected.as_array().unwrap().iter().map(|one| &one["reason"]);
        assert!(reasons.into_iter().any(|one| *one == json!(reason)), "{need}: {rejected}");
    }
}

/// Who decides is said as in a chat.
#[tokio::test]
async fn routes() {
    let gateway = Gateway::with(&Value::Null).await;
    let body = json!({"model": "pin:alpha/small", "input": "hi"}).to_string();
    let response = gateway.post("/private/v1/responses", &body).await.json();
    assert_ne!(response["x_router"]["provider"], "alpha");
    let pinned = gateway.respond(json!({"model": "pin:gamma/small", "input": "hi"})).await.json();
    assert_eq!(pinned["x_router"]["provider"], "gamma");
    let reply = gateway.respond(json!({"model": "profile:nope", "input": "hi"})).await;
    assert_eq!((reply.status, reply.error().3.as_str()), (400, "unknown_profile"));
    assert_eq!(gateway.calls().len(), 2);
}

/// G58: an answer that was cut.
#[tokio::test]
async fn an_answer_that_was_cut() {
    for (word, reason) in [("length", "max_output_tokens"), ("content_filter", "content_filter")] {
        let script = json!({"alpha": [{"text": "one two", "finish_reason": word}]});
        let gateway = Gateway::with(&script).await;
        let response = gateway.respond(json!({"input": "hi", "max_output_tokens": 2})).await.json();
        assert_eq!(response["status"], "incomplete");
        assert_eq!(response["incomplete_details"], json!({"reason": reason}));
        assert_eq!(response["output"][0]["status"], "incomplete");
    }
}

#[tokio::test]
async fn reasoning_is_an_item_before_the_text() {
    let script = json!({"alpha": [{"text": "so", "reasoning": "because"}]});
    let gateway = Gateway::with(&script).await;
    let response = gateway.respond(json!({"input": "hi"})).await.json();
    let output = &response["output"];
    assert_eq!(output[0]["summary"], json!([{"type": "summary_text", "text": "because"}]));
    assert_eq!((&output[0]["type"], &output[1]["type"]), (&json!("reasoning"), &json!("message")));
    // and goes back without harm
    let mut input = vec![json!({"role": "user", "content": "hi"})];
    input.extend(output.as_array().unwrap().clone());
    input.push(json!({"role": "user", "content": "and?"}));
    assert_eq!(gateway.respond(json!({"input": input})).await.status, 200);
    assert_eq!(
        gateway.calls()[1].body["messages"][1],
        json!({"role": "assistant", "content": "so"})
    );
}

#[tokio::test]
async fn what_is_no_request_is_said_with_its_place() {
    let gateway = Gateway::with(&Value::Null).await;
    for (body, code, param, message) in [
        (
            json!({}),
            "missing_parameter",
            "input",
            "input: expected a string, or an array of at least one item",
        ),
        (
            json!({"input": "hi", "previous_response_id": "resp_1"}),
            "previous_response_not_found",
            "previous_response_id",
            "previous_response_id: nothing is stored here: expected the whole conversation in input",
        ),
        (
            json!({"input": "hi", "background": true}),
            "unsupported_parameter",
            "background",
            "background: nothing is stored here: expected false, and the response as the answer",
        ),
        (
            json!({"input": [{"type": "item_reference", "id": "msg_1"}]}),
            "unsupported_parameter",
            "input[0]",
            "input[0]: nothing is stored here: expected the item itself",
        ),
        (
            json!({"input": [{"type": "computer_call"}]}),
            "unsupported_parameter",
            "input[0].type",
            "input[0].type: expected message, function_call, function_call_output or reasoning, got \
             computer_call",
        ),
        (
            json!({"input": "hi", "max_output_tokens": "7"}),
            "invalid_type",
            "max_output_tokens",
            "max_output_tokens: expected a number",
        ),
        (
            json!({"input": "hi", "temperature": "hot"}),
            "invalid_type",
            "temperature",
            "temperature: expected a number",
        ),
        (
            json!({"input": "hi", "stream": "yes"}),
            "invalid_type",
            "stream",
            "stream: expected true or false",
        ),
    ] {
        let error = gateway.respond(body).await.error();
        let kind = "invalid_request_error".to_owned();
        let param = Some(param.to_owned());
        assert_eq!(error, (400, kind, param, code.to_owned(), message.to_owned()));
    }
    let twice = gateway.post("/v1/responses", r#"{"input":"a","input":"b"}"#).await;
    assert_eq!(twice.error().4, "input: expected once");
    assert!(gateway.calls().is_empty());
}

/// G58: a failure is OpenAI's error with the status of the run.
#[tokio::test]
async fn a_run_that_fails() {
    let gateway = Gateway::with(&json!({"*": [{"status": 500}]})).await;
    for stream in [false, true] {
        let reply = gateway.respond(json!({"input": "hi", "stream": stream})).await;
        let error = reply.error_of_run();
        assert_eq!((error.0, error.3.as_str()), (502, "exhausted: server_error"));
    }
}
