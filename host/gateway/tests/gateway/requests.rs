//! What of a request reaches a provider, and how.

use serde_json::{Value, json};

use sigmapol_gateway::Settings;

use crate::fixture::{Gateway, chat};

/// The body of the only call.
fn sent(gateway: &Gateway) -> (Value, String) {
    let calls = gateway.calls();
    assert_eq!(calls.len(), 1);
    (calls[0].body.clone(), calls[0].text.clone())
}

#[tokio::test]
async fn tools_and_choice_reach_a_provider_byte_for_byte() {
    let gateway = Gateway::with(&Value::Null).await;
    let tools = r#"[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"b":{"default":null,"enum":[null,1.10]},"a":{"maximum":9223372036854775807}},"required":[ ]}}}]"#;
    let choice = r#"{"type":"function","function":{"name":"f"}}"#;
    let body = format!(
        r#"{{"messages":[{{"role":"user","content":"\u00e9 \/"}}],"tools":{tools},"tool_choice":{choice}}}"#
    );
    assert_eq!(gateway.post("/v1/chat/completions", &body).await.status, 200);
    let (_, text) = sent(&gateway);
    for part in [tools, choice, r#"[{"role":"user","content":"\u00e9 \/"}]"#] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[tokio::test]
async fn a_turn_after_a_call_of_a_tool_reaches_every_dialect() {
    let gateway = Gateway::with_config(&Value::Null, |config| {
        config["profiles"]["default"]["policy_ir"][1] = json!(["meets_req"]);
    })
    .await;
    let call = json!({"id": "call_1", "type": "function",
        "function": {"name": "f", "arguments": "{}"}});
    let result = json!({"role": "tool", "tool_call_id": "call_1", "content": "7"});
    // as the SDKs send a message back that they got
    for assistant in [
        json!({"role": "assistant", "content": null, "refusal": null, "annotations": [],
            "audio": null, "function_call": null, "parsed": null, "tool_calls": [call]}),
        json!({"role": "assistant", "content": "", "tool_calls": [call]}),
        json!({"role": "assistant", "tool_calls": [call]}),
    ] {
        let messages = json!([{"role": "user", "content": "hi"}, assistant, result]);
        for (pin, shape) in [
            ("pin:alpha/small", json!(result)),
            (
                "pin:beta/large",
                json!({"role": "user", "content": [{"type": "tool_result",
                    "tool_use_id": "call_1", "content": [{"type": "text", "text": "7"}]}]}),
            ),
            ("pin:gamma/small", json!({"role": "tool", "content": "7", "tool_name": "f"})),
        ] {
            let reply = gateway.chat(json!({"model": pin, "messages": messages})).await;
            assert_eq!(reply.status, 200, "{pin} {}", reply.body);
            let calls = gateway.calls();
            let last = calls.last().unwrap().body["messages"].as_array().unwrap().last().cloned();
            assert_eq!(last, Some(shape), "{pin}");
        }
    }
}

#[tokio::test]
async fn an_answer_has_a_cap() {
    for (cap, more, expected) in [
        (Some(4096), json!({}), json!({"max_tokens": 4096})),
        (Some(4096), json!({"max_tokens": 7}), json!({"max_tokens": 7})),
        (Some(4096), json!({"max_completion_tokens": 7}), json!({"max_completion_tokens": 7})),
        (Some(9), json!({}), json!({"max_tokens": 9})),
        (None, json!({}), json!({})),
    ] {
        let mut settings = Settings::default();
        settings.max_tokens = cap;
        let gateway = Gateway::with_settings(&Value::Null, |_| {}, settings).await;
        assert_eq!(gateway.chat(more.clone()).await.status, 200);
        let (body, _) = sent(&gateway);
        let caps = ["max_tokens", "max_completion_tokens"];
        let told: serde_json::Map<_, _> = body
            .as_object()
            .unwrap()
            .clone()
            .into_iter()
            .filter(|(name, _)| caps.contains(&name.as_str()))
            .collect();
        assert_eq!(Value::Object(told), expected, "{cap:?} {more}");
    }
    // a null asks for nothing
    let gateway = Gateway::with(&Value::Null).await;
    let body = r#"{"messages":[{"role":"user","content":"hi"}],"max_tokens":null}"#;
    assert_eq!(gateway.post("/v1/chat/completions", body).await.status, 200);
    assert_eq!(sent(&gateway).0["max_tokens"], 4096);
}

#[tokio::test]
async fn parameters_reach_a_provider_unchanged() {
    let parameters = json!({"stop": ["a", "b"], "top_p": 0.5, "frequency_penalty": 0.25,
        "presence_penalty": -0.5, "seed": 7, "user": "u", "parallel_tool_calls": false,
        "reasoning_effort": "low", "reasoning": {"enabled": false}, "logit_bias": {"50256": -100}});
    let gateway = Gateway::with(&Value::Null).await;
    assert_eq!(gateway.chat(parameters.clone()).await.status, 200);
    let (body, _) = sent(&gateway);
    for (name, value) in parameters.as_object().unwrap() {
        assert_eq!(&body[name], value, "{name}");
    }
    let gateway = Gateway::with(&Value::Null).await;
    assert_eq!(gateway.chat(json!({})).await.status, 200);
    let (body, _) = sent(&gateway);
    let names: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["max_tokens", "messages", "model"]);
}

#[tokio::test]
async fn members_that_nobody_knows_are_left_out_and_told() {
    let gateway = Gateway::with(&Value::Null).await;
    let more = json!({"x_foo": 1, "prompt": "no", "profile": "private", "store": true,
        "extra_candidates": []});
    let reply = gateway.chat(more).await;
    let report = reply.json()["x_router"].clone();
    assert_eq!((reply.status, &report["provider"]), (200, &json!("alpha")));
    assert_eq!(report["ignored"], json!(["extra_candidates", "profile", "prompt", "x_foo"]));
    let (body, _) = sent(&gateway);
    assert_eq!((&body["store"], &body["x_foo"]), (&json!(true), &Value::Null));
    // a provider whose dialect has no word for it is asked all the same
    let reply = gateway.chat(json!({"model": "pin:gamma/small", "store": true})).await;
    assert_eq!((reply.status, &gateway.calls()[1].body["store"]), (200, &Value::Null));
    // a stream tells of them, too; where there are none there is no list
    let frames =
        gateway.chat(json!({"stream": true, "x_foo": {"a": []}, "metadata": {}})).await.frames();
    assert_eq!(frames.last().unwrap()["x_router"]["ignored"], json!(["x_foo"]));
    let report = gateway.chat(json!({})).await.json()["x_router"].clone();
    assert!(report.as_object().unwrap().get("ignored").is_none(), "{report}");
    // and so does a run without an answer
    let reply = gateway.chat(json!({"model": "family:none", "x_foo": [1]})).await;
    assert_eq!(reply.json()["x_router"]["ignored"], json!(["x_foo"]), "{}", reply.body);
}

#[tokio::test]
async fn formats_and_images_need_models_that_can() {
    let gateway = Gateway::with_config(&Value::Null, |config| {
        config["models"]["large"]["capabilities"]["supports_json_mode"] = json!(true);
        config["models"]["large"]["capabilities"]["supports_vision"] = json!(true);
    })
    .await;
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}});
    let seen = json!([{"role": "user", "content": [{"type": "text", "text": "see"}, image]}]);
    let schema = json!({"type": "json_schema", "json_schema": {"name": "s", "schema": {}}});
    for (more, reason) in [
        (json!({"response_format": {"type": "json_object"}}), "missing_capability:json_mode"),
        (json!({"response_format": schema}), "missing_capability:json_mode"),
        (json!({"messages": seen}), "missing_capability:vision"),
    ] {
        let before = gateway.calls().len();
        let reply = gateway.chat(more.clone()).await;
        assert_eq!(reply.json()["x_router"]["model_family"], "large", "{}", reply.body);
        let calls = gateway.calls();
        assert_eq!(calls.len(), before + 1);
        for (name, value) in more.as_object().unwrap() {
            assert_eq!(&calls[before].body[name], value);
        }
        let mut small = more.clone();
        small["model"] = json!("family:small");
        let reply = gateway.chat(small).await;
        assert_eq!((reply.status, reply.error_of_run().3.as_str()), (503, "no_candidates"));
        let rejected = reply.json()["x_router"]["decision_trace"]["rejected"].clone();
        let gamma = json!({"provider": "gamma", "model": "small", "reason": reason});
        assert!(rejected.as_array().unwrap().contains(&gamma), "{rejected}");
    }
}

#[tokio::test]
async fn a_long_conversation_arrives_whole() {
    let gateway = Gateway::with(&Value::Null).await;
    let text = "x".repeat(4 << 20);
    let body = chat(json!({"messages": [{"role": "user", "content": text}]})).to_string();
    assert_eq!(gateway.post("/v1/chat/completions", &body).await.status, 200);
    assert_eq!(sent(&gateway).0["messages"][0]["content"].as_str().unwrap().len(), 4 << 20);
}
