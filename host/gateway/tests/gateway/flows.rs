//! `flow_ir` in the body of a chat or a response.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{client::Reply, fixture::Gateway};

/// A policy that asks this provider, whatever else fails.
fn policy(provider: &str) -> Value {
    json!(["policy", ["and", ["meets_req"], ["provider_eq", provider]], ["zero"], ["argmax"], ["id"],
        ["always", {"action": "next_candidate"}]])
}

fn node(provider: &str, inputs: Value) -> Value {
    json!({"kind": "llm", "system": "", "inputs": inputs, "policy": policy(provider)})
}

/// Two drafts, and who makes one text of them.
fn flow() -> Value {
    json!(["flow", {
        "in": {"kind": "input"},
        "one": node("alpha", json!(["in"])),
        "two": node("beta", json!(["in"])),
        "both": node("gamma", json!(["one", "two"])),
        "out": {"kind": "output", "inputs": ["both"]}
    }])
}

fn drafts() -> Value {
    json!({"alpha": [{"text": "a draft", "delay_ms": 300}],
        "beta": [{"text": "b draft", "delay_ms": 300}], "gamma": [{"text": "one text of both"}]})
}

async fn run(gateway: &Gateway, more: Value) -> Reply {
    let mut body = json!({"flow_ir": flow()});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    gateway.chat(body).await
}

/// G48
#[tokio::test]
async fn nodes_run_side_by_side_and_the_last_one_answers() {
    let gateway = Gateway::with(&drafts()).await;
    let began = Instant::now();
    let reply = run(&gateway, json!({})).await;
    let took = began.elapsed();
    assert_eq!(reply.status, 200, "{}", reply.body);
    let completion = reply.json();
    assert_eq!(completion["choices"][0]["message"]["content"], "one text of both");
    assert_eq!(completion["choices"][0]["finish_reason"], "stop");
    // 2, 2 and 4 words, and 10 tokens of input each
    let usage = json!({"prompt_tokens": 30, "completion_tokens": 8, "total_tokens": 38});
    assert_eq!(completion["usage"], usage);
    let report = &completion["x_router"];
    assert_eq!(
        (&report["provider"], reply.header("x-sigmapol-provider")),
        (&json!("flow"), Some("flow"))
    );
    let nodes = report["decision_trace"]["flow_nodes"].as_array().unwrap();
    let names: Vec<_> = nodes.iter().map(|node| node["node"].as_str().unwrap()).collect();
    assert_eq!(names, ["one", "two", "both"]);
    let both = &nodes[2];
    for (name, value) in [
        ("kind", json!("llm")),
        ("inputs", json!(["one", "two"])),
        ("provider", json!("gamma")),
        ("served_model_id", json!("small:8b")),
        ("tokens_in", json!(10)),
        ("tokens_out", json!(4)),
        ("error", Value::Null),
    ] {
        assert_eq!(both[name], value, "{name}");
    }
    assert_eq!(both["decision_path"][0]["event"], "attempted");
    assert!(both["latency_ms"].is_number() && both["policy_id"].as_str().unwrap().len() == 64);
    // alpha: 10 at 2 and 2 at 10; beta: 10 at 3 and 2 at 15, per million; gamma costs nothing
    let costs: Vec<_> = nodes.iter().map(|node| node["cost_usd"].as_f64().unwrap()).collect();
    assert_eq!((costs[1], costs[2]), (6e-5, 0.0));
    assert!((report["cost_usd"].as_f64().unwrap() - costs.iter().sum::<f64>()).abs() < 1e-9);
    assert_eq!(report["cost_basis"], "computed");
    // one after the other they would have taken 600
    assert!(took >= Duration::from_millis(300) && took < Duration::from_millis(590), "{took:?}");
    // the name of the flow is that of the verb
    let named = gateway.post("/x/flow/normalize", &json!({"flow_ir": flow()}).to_string()).await;
    assert_eq!(report["policy_id"], named.json()["flow_id"]);
    assert_eq!(gateway.calls().len(), 3);
}

/// G49
#[tokio::test]
async fn what_is_no_flow_calls_nobody() {
    let gateway = Gateway::with(&drafts()).await;
    let with = |change: &dyn Fn(&mut Value)| {
        let mut flow = flow();
        change(&mut flow[1]);
        flow
    };
    let mut deep = json!(["top"]);
    for _ in 0..62 {
        deep = json!(["not", deep]);
    }
    for (flow, message) in [
        (
            with(&|nodes| nodes["both"]["inputs"] = json!(["one", "three"])),
            "node 'both' references unknown input 'three'",
        ),
        (
            with(&|nodes| {
                nodes["one"]["inputs"] = json!(["two"]);
                nodes["two"]["inputs"] = json!(["one"]);
            }),
            "$: flow has a cycle",
        ),
        (
            with(&|nodes| nodes["one"]["policy"] = json!(["top"])),
            "llm node 'one' policy must be a Policy term, got Pred",
        ),
        (json!(["flow", {}]), "$: flow has no nodes"),
    ] {
        let error = gateway.chat(json!({"flow_ir": flow})).await.error();
        let message = format!("flow_ir rejected at admission: {message}");
        let expected = ("invalid_flow".to_owned(), message);
        assert_eq!((error.0, (error.3, error.4)), (400, expected));
        assert_eq!(error.2.as_deref(), Some("flow_ir"));
    }
    // a policy that is too deep under the envelope, in the last node
    let flow = with(&|nodes| nodes["both"]["policy"][1] = deep.clone());
    let error = gateway.chat(json!({"flow_ir": flow})).await.error();
    let start = "flow_ir rejected at admission: node 'both' policy under the envelope: $";
    assert!(error.4.starts_with(start), "{}", error.4);
    for (more, code, param) in [
        (json!({"flow_ir": flow, "policy_ir": []}), "invalid_body", "policy_ir"),
        (json!({"flow_ir": "x"}), "invalid_type", "flow_ir"),
    ] {
        let error = gateway.chat(more).await.error();
        assert_eq!((error.0, error.3.as_str(), error.2.as_deref()), (400, code, Some(param)));
    }
    let body = crate::fixture::chat(json!({"flow_ir": flow})).to_string();
    let error = gateway.post("/private/v1/chat/completions", &body).await.error();
    assert_eq!((error.3.as_str(), error.2.as_deref()), ("policy_in_profile_path", Some("flow_ir")));
    assert!(gateway.calls().is_empty());
}

/// The envelope holds for each node.
#[tokio::test]
async fn a_node_stays_under_the_envelope() {
    let gateway = Gateway::with_config(&drafts(), |config| {
        config["policy_envelope"] = json!(["not", ["provider_eq", "gamma"]]);
    })
    .await;
    let reply = run(&gateway, json!({})).await;
    assert_eq!((reply.status, reply.error_of_run().3.as_str()), (503, "no_candidates"));
    assert!(gateway.calls().iter().all(|call| call.route != "gamma"));
}

/// G50
#[tokio::test]
async fn a_node_that_fails() {
    let slow = json!([{"delay_ms": 5000}]);
    let refused = json!([{"status": 400, "message": "no such thing"}]);
    for (script, flow, status, code, last) in [
        (
            json!({"*": [{}]}),
            {
                let mut flow = flow();
                flow[1]["both"]["policy"] = policy("nobody");
                flow
            },
            503,
            "no_candidates",
            "both",
        ),
        (
            json!({"alpha": slow, "*": [{}]}),
            {
                let mut flow = flow();
                flow[1]["one"]["timeout_ms"] = json!(200);
                flow
            },
            504,
            "exhausted: timeout",
            "one",
        ),
        (json!({"beta": refused, "*": [{}]}), flow(), 502, "exhausted: bad_request", "two"),
        (
            json!({"*": [{"text": "no JSON"}]}),
            {
                let mut flow = flow();
                flow[1]["both"]["output_format"] = json!("json");
                flow
            },
            502,
            "flow_failed",
            "both",
        ),
    ] {
        let gateway = Gateway::with_config(&script, |config| {
            config["models"]["small"]["capabilities"] = json!({"supports_json_mode": true});
        })
        .await;
        let reply = gateway.chat(json!({"flow_ir": flow})).await;
        let error = reply.error_of_run();
        assert_eq!((error.0, error.3.as_str()), (status, code), "{}", reply.body);
        let failed = format!("the flow failed: node '{last}': ");
        assert!(error.4.starts_with(&failed), "{}", error.4);
        let report = &reply.json()["x_router"];
        assert_eq!(report["provider"], "flow");
        let nodes = report["decision_trace"]["flow_nodes"].as_array().unwrap();
        assert_eq!(nodes.last().unwrap()["node"], last);
    }
}

/// G51
#[tokio::test]
async fn the_conversation_and_its_tools() {
    let called = json!([{"name": "f", "id": "c", "arguments": "{\"x\":1}"}]);
    let script = json!({"gamma": [{"text": "", "tool_calls": called}], "*": [{"text": "a draft"}]});
    let gateway = Gateway::with(&script).await;
    let messages = json!([{"role": "system", "content": "s"}, {"role": "user", "content": "before"},
        {"role": "assistant", "content": "answered"}, {"role": "user", "content": "and now"}]);
    let tools = json!([{"type": "function", "function": {"name": "f"}}]);
    let reply = run(&gateway, json!({"messages": messages, "tools": tools})).await;
    let completion = reply.json();
    let choice = &completion["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls", "{}", reply.body);
    assert_eq!(choice["message"]["tool_calls"][0]["function"]["arguments"], "{\"x\":1}");
    let calls = gateway.calls();
    let alpha = calls.iter().find(|call| call.route == "alpha").unwrap();
    // what is asked now is the prompt of the node, once
    assert_eq!(alpha.body["messages"], messages);
    let gamma = calls.iter().find(|call| call.route == "gamma").unwrap();
    let said: Vec<_> = gamma.body["messages"].as_array().unwrap().iter().collect();
    assert_eq!(said.len(), 4);
    assert!(said[3]["content"].as_str().unwrap().contains("a draft"));
}

/// G52: a stream begins soon and says that it lives, however long the flow takes.
#[tokio::test]
async fn a_flow_as_a_stream() {
    let gateway =
        Gateway::with(&json!({"alpha": [{"delay_ms": 2500}], "*": [{"text": "both of it"}]})).await;
    for path in ["/v1/chat/completions", "/v1/responses"] {
        let body = match path {
            "/v1/responses" => json!({"input": "hi", "flow_ir": flow(), "stream": true}),
            _ => crate::fixture::chat(json!({"flow_ir": flow(), "stream": true})),
        };
        let (began, head) = gateway.head_of(path, &body.to_string()).await;
        assert!(began < Duration::from_millis(1500), "{began:?}");
        assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream"), "{head}");
    }
    let reply = run(&gateway, json!({"stream": true})).await;
    let frames = reply.frames();
    let content: String = frames
        .iter()
        .filter_map(|frame| frame["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(content, "both of it");
    let last = frames.last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    assert_eq!(last["x_router"]["provider"], "flow");
    assert_eq!(reply.events().last().unwrap(), "[DONE]");
    let body = json!({"input": "hi", "flow_ir": flow(), "stream": true});
    let events = gateway.respond(body).await.named_events();
    let response = &events.last().unwrap()["response"];
    assert_eq!(response["output"][0]["content"][0]["text"], "both of it");
    assert_eq!(response["x_router"]["decision_trace"]["flow_nodes"].as_array().unwrap().len(), 3);
}

/// G52: what fails soon has its status, what fails later is told in the stream, with the trace.
#[tokio::test]
async fn a_stream_of_a_flow_that_fails() {
    let refused = json!({"status": 400, "message": "no such thing"});
    let gateway = Gateway::with(&json!({"alpha": [refused], "*": [{}]})).await;
    let error = run(&gateway, json!({"stream": true})).await.error_of_run();
    assert_eq!((error.0, error.3.as_str()), (502, "exhausted: bad_request"));
    let late = json!({"status": 400, "message": "no such thing", "delay_ms": 1500});
    let gateway = Gateway::with(&json!({"alpha": [late], "*": [{}]})).await;
    let reply = run(&gateway, json!({"stream": true})).await;
    assert_eq!((reply.status, reply.whole), (200, true));
    let frames = reply.frames();
    let [.., finish, error] = frames.as_slice() else { panic!("{frames:?}") };
    assert_eq!(finish["choices"][0]["finish_reason"], "error");
    assert_eq!(error["error"]["code"], "exhausted: bad_request");
    assert_eq!(finish["x_router"]["decision_trace"]["flow_failed"], "one");
    let body = json!({"input": "hi", "flow_ir": flow(), "stream": true});
    let last = gateway.respond(body).await.named_events().pop().unwrap();
    assert_eq!(last["type"], "response.failed");
    assert_eq!(last["response"]["error"]["code"], "exhausted: bad_request");
}

/// `policy:auto` is a name for a client that brings a flow, too, and a response in one piece has it.
#[tokio::test]
async fn a_response_of_a_flow() {
    let gateway = Gateway::with(&drafts()).await;
    let body = json!({"model": "policy:auto", "input": "hi", "flow_ir": flow()});
    let response = gateway.respond(body).await.json();
    assert_eq!(response["output"][0]["content"][0]["text"], "one text of both");
    assert_eq!(response["usage"]["total_tokens"], 38);
    // operators see one call
    let calls = gateway.get("/x/calls").await.json();
    let call = &calls["calls"][0];
    assert_eq!((&call["provider"], &call["attempts"]), (&json!("flow"), &json!(3)));
}
