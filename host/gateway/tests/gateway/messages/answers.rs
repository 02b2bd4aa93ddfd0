//! Whole messages, and how many tokens a request has.

use serde_json::{Value, json};

use super::{PINS, everybody};
use crate::{
    client::{request, send},
    fixture::{Gateway, message},
};

#[tokio::test]
async fn a_message() {
    let gateway = Gateway::with(&Value::Null).await;
    let body = message(json!({})).to_string();
    // whatever the key is and wherever it stands: there are none
    for headers in
        ["x-api-key: sk-a\r\nanthropic-version: 2023-06-01\r\n", "authorization: Bearer sk-a\r\n"]
    {
        let reply = gateway.post_with("/v1/messages?beta=true", headers, &body).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
        let id = reply.header("x-request-id").unwrap().to_owned();
        assert_eq!(reply.header("request-id"), Some(id.as_str()));
        let mut told = reply.json();
        let report = told.as_object_mut().unwrap().remove("x_router").unwrap();
        assert_eq!(
            told,
            json!({"id": format!("msg_{id}"), "type": "message", "role": "assistant",
                "model": "small-2", "content": [{"type": "text", "text": "ok"}],
                "stop_reason": "end_turn", "stop_sequence": null,
                "usage": {"input_tokens": 10, "output_tokens": 1}})
        );
        assert_eq!(
            (&report["provider"], &report["model_family"]),
            (&json!("alpha"), &json!("small"))
        );
        assert_eq!(reply.header("x-sigmapol-provider"), Some("alpha"));
        assert_eq!(report["ignored"], Value::Null);
    }
    assert_eq!(gateway.calls()[0].body["max_tokens"], 64);
}

#[tokio::test]
async fn names_of_models_have_a_meaning() {
    let gateway = Gateway::with_config(&Value::Null, |config| {
        config["gateway"]["model_names"] = json!({"claude-*": "profile:private",
            "claude-opus-4-8": "family:large", "claude-haiku-*": "pin:gamma/small"});
    })
    .await;
    for (model, family, providers) in [
        ("claude-opus-4-8", "large", &["alpha", "beta"][..]),
        ("claude-haiku-4-5-20251001", "small", &["gamma"]),
        ("claude-sonnet-4-5", "small", &["gamma"]),
        ("gpt-5.5", "small", &["alpha"]),
        ("family:large", "large", &["alpha", "beta"]),
    ] {
        for reply in [
            gateway.message(json!({"model": model})).await,
            gateway.chat(json!({"model": model})).await,
        ] {
            assert_eq!(reply.status, 200, "{model} {}", reply.body);
            let report = &reply.json()["x_router"];
            assert_eq!(report["model_family"], family, "{model}");
            let provider = report["provider"].as_str().unwrap();
            assert!(providers.contains(&provider), "{model} {provider}");
        }
    }
    // the path goes before the name
    let body = message(json!({"model": "claude-opus-4-8"})).to_string();
    let reply = gateway.post("/private/v1/messages", &body).await;
    assert_eq!((reply.status, &reply.json()["x_router"]["provider"]), (200, &json!("gamma")));
    let ids: Vec<_> = gateway.get("/v1/models").await.json()["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(ids.contains(&"claude-opus-4-8".to_owned()) && !ids.iter().any(|id| id.contains('*')));
}

#[tokio::test]
async fn calls_of_tools_of_every_dialect() {
    let arguments = r#"{"b":9007199254740993,"a":1.10}"#;
    let calls =
        json!([{"name": "f", "id": "call:1", "arguments": arguments}, {"name": "g", "id": "b"}]);
    let script = json!({"*": [{"text": "Let me see.", "tool_calls": calls, "reasoning": "Hm."}]});
    let gateway = Gateway::with_config(&script, everybody).await;
    let tools = json!([{"name": "f", "input_schema": {"type": "object"}}, {"name": "g"}]);
    for (pin, thinking) in PINS.into_iter().flat_map(|pin| [(pin, false), (pin, true)]) {
        let asked = if thinking { json!({"type": "adaptive"}) } else { Value::Null };
        let reply = gateway.message(json!({"model": pin, "tools": tools, "thinking": asked})).await;
        assert_eq!(reply.status, 200, "{pin} {}", reply.body);
        let told = reply.json();
        assert_eq!(told["stop_reason"], "tool_use");
        let mut content = told["content"].as_array().unwrap().clone();
        let signed = pin.contains("beta");
        if thinking || signed {
            let signature = if signed { "mock" } else { "sigmapol" };
            let block = json!({"type": "thinking", "thinking": "Hm.", "signature": signature});
            assert_eq!(content.remove(0), block, "{pin}");
        }
        assert_eq!(content[0], json!({"type": "text", "text": "Let me see."}));
        let names: Vec<_> = content[1..].iter().map(|block| block["name"].clone()).collect();
        assert_eq!((names, content.len()), (vec![json!("f"), json!("g")], 3));
        assert_eq!(content[2]["input"], json!({}));
        if pin.contains("alpha") {
            // where the provider gives a text, it is that
            assert!(reply.body.contains(&format!("\"input\":{arguments}")), "{}", reply.body);
        }
    }
}

#[tokio::test]
async fn reasons_to_stop() {
    for (reason, told) in
        [("stop", "end_turn"), ("length", "max_tokens"), ("content_filter", "refusal")]
    {
        let script = json!({"alpha": [{"text": "a", "finish_reason": reason}]});
        let gateway = Gateway::with(&script).await;
        assert_eq!(gateway.message(json!({})).await.json()["stop_reason"], told, "{reason}");
    }
    let script = json!({"beta": [{"text": "a", "finish_reason": "stop_sequence"}]});
    let gateway = Gateway::with_config(&script, everybody).await;
    let more = json!({"model": "pin:beta/large", "stop_sequences": ["END"]});
    let told = gateway.message(more).await.json();
    assert_eq!(
        (&told["stop_reason"], &told["stop_sequence"]),
        (&json!("stop_sequence"), &json!("END"))
    );
}

#[tokio::test]
async fn tokens_are_estimated_and_nobody_is_asked() {
    let gateway = Gateway::with(&Value::Null).await;
    let mut last = 0;
    for more in [
        json!({}),
        json!({"system": "Be brief."}),
        json!({"system": "Be brief.", "tools": [{"name": "f", "input_schema": {"type": "object"}}]}),
    ] {
        // it is asked without a cap, too
        let body = message(with(more, json!({"max_tokens": null}))).to_string();
        for path in ["/v1/messages/count_tokens?beta=true", "/private/v1/messages/count_tokens"] {
            let reply = gateway.post(path, &body).await;
            let told = reply.json();
            assert_eq!((reply.status, told.as_object().unwrap().len()), (200, 1), "{}", reply.body);
            let tokens = told["input_tokens"].as_u64().unwrap();
            assert!(tokens > last || path.contains("private"), "{tokens} {last}");
            last = tokens;
        }
    }
    assert_eq!(gateway.calls().len(), 0);
}

fn with(mut one: Value, other: Value) -> Value {
    one.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    one
}

/// Agents ask for the address itself before anything else.
#[tokio::test]
async fn the_address_is_there() {
    let gateway = Gateway::with(&Value::Null).await;
    for (method, path, status) in [
        ("HEAD", "/", 200),
        ("HEAD", "/private", 200),
        ("HEAD", "/nope", 404),
        ("GET", "/", 404),
        ("GET", "/private", 404),
    ] {
        let mut reply = request(method, path, "", "");
        reply = reply.replace("content-length: 0\r\n", "");
        assert_eq!(send(gateway.address, reply.as_bytes()).await.status, status, "{method} {path}");
    }
}

/// Both APIs have the path, and each client gets its own shape.
#[tokio::test]
async fn models_in_the_shape_of_the_client() {
    let gateway = Gateway::with(&Value::Null).await;
    let ask = |path: &str| {
        let text = request("GET", path, "anthropic-version: 2023-06-01\r\n", "");
        let address = gateway.address;
        async move { send(address, text.as_bytes()).await }
    };
    let model = |id: &str| {
        json!({"type": "model", "id": id, "display_name": id,
            "created_at": "1970-01-01T00:00:00Z"})
    };
    let ids = ["profile:default", "profile:private", "family:large", "family:small"];
    assert_eq!(
        ask("/v1/models").await.json(),
        json!({"data": ids.map(model), "has_more": false, "first_id": "profile:default",
            "last_id": "family:small"})
    );
    assert_eq!(ask("/v1/models/family:small").await.json(), model("family:small"));
    let none = ask("/v1/models/family:none").await;
    assert_eq!((none.status, &none.json()["error"]["type"]), (404, &json!("not_found_error")));
}
