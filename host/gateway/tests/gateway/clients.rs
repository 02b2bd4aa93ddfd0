//! Requests as SDKs and agents send them: each is answered, and what it says arrives.

use serde_json::{Value, json};
use sigmapol_core::json::Members;

use crate::{
    captured::{Captured, captured},
    fixture::Gateway,
};

/// Requests to paths that end like this.
fn to(end: &str) -> Vec<Captured> {
    captured(env!("CARGO_MANIFEST_DIR"), |path| path.ends_with(end))
}

/// All that a chat may need.
fn able(config: &mut Value) {
    config["models"]["small"]["capabilities"] = json!({"supports_tools": true,
        "supports_vision": true, "supports_json_mode": true});
}

#[tokio::test]
async fn what_clients_send_is_answered_and_arrives() {
    let gateway = Gateway::with_config(&Value::Null, able).await;
    for Captured { file, body, .. } in to("/chat/completions") {
        let before = gateway.calls().len();
        let reply = gateway.post("/v1/chat/completions", &body).await;
        assert_eq!((reply.status, reply.whole), (200, true), "{file}: {}", reply.body);
        let members: Members<'_> = serde_json::from_str(&body).unwrap();
        let report = match members.get("stream") {
            Some("true") => {
                assert_eq!(reply.events().last().unwrap(), "[DONE]", "{file}");
                let frames = reply.frames();
                let finish = frames.iter().find(|frame| frame["x_router"].is_object()).unwrap();
                finish["x_router"].clone()
            }
            _ => reply.json()["x_router"].clone(),
        };
        let ignored: Vec<_> =
            report["ignored"].as_array().into_iter().flatten().map(Value::to_string).collect();
        let calls = gateway.calls();
        assert_eq!(calls.len(), before + 1, "{file}");
        let arrived: Members<'_> = serde_json::from_str(&calls[before].text).unwrap();
        for (name, value) in &members.0 {
            let of_the_route = ["model", "stream", "stream_options", "temperature"];
            if !of_the_route.contains(&name.as_str()) && !ignored.contains(&format!("{name:?}")) {
                assert_eq!(arrived.get(name), Some(value.get()), "{file}: {name}");
            }
        }
    }
}

/// What a client says of a conversation is in what is sent, whatever shape it has there.
fn texts(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if ["text", "output", "arguments"].contains(&&**name) => {
                        texts.push(text.clone());
                    }
                    value => self::texts(value, texts),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| self::texts(item, texts)),
        _ => {}
    }
}

#[tokio::test]
async fn requests_for_responses_are_answered_and_arrive() {
    let gateway = Gateway::with_config(&Value::Null, able).await;
    for Captured { file, body, .. } in to("/responses") {
        let before = gateway.calls().len();
        let reply = gateway.post("/v1/responses", &body).await;
        assert_eq!((reply.status, reply.whole), (200, true), "{file}: {}", reply.body);
        let asked: Value = serde_json::from_str(&body).unwrap();
        let response = match asked["stream"] == true {
            true => reply.named_events().pop().unwrap()["response"].clone(),
            false => reply.json(),
        };
        assert_eq!(response["status"], "completed", "{file}");
        assert_eq!(response["output"][0]["content"][0]["text"], "ok", "{file}");
        let calls = gateway.calls();
        assert_eq!(calls.len(), before + 1, "{file}");
        let sent = &calls[before].body;
        let mut said = Vec::new();
        let input = asked["input"].as_array().into_iter().flatten();
        // what the model thought is not sent on
        input.filter(|item| item["type"] != "reasoning").for_each(|item| texts(item, &mut said));
        let text = sent["messages"].to_string();
        for said in said {
            assert!(text.contains(&json!(said).to_string()), "{file}: {said}");
        }
        // each function, those of namespaces too, and no other tool
        let tools = asked["tools"].as_array().into_iter().flatten();
        let inner = |tool: &Value| tool["tools"].as_array().map_or(1, Vec::len);
        let kinds = ["function", "namespace"];
        let functions = tools.filter(|tool| kinds.contains(&tool["type"].as_str().unwrap()));
        let sent_tools = sent["tools"].as_array().map_or(0, Vec::len);
        assert_eq!(sent_tools, functions.map(inner).sum::<usize>(), "{file}");
        assert_eq!(sent["reasoning_effort"], asked["reasoning"]["effort"], "{file}");
        let format = &asked["text"]["format"]["schema"];
        assert_eq!(&sent["response_format"]["json_schema"]["schema"], format, "{file}");
    }
}

#[tokio::test]
async fn requests_for_embeddings_are_answered_and_arrive() {
    let gateway = Gateway::with_config(&Value::Null, |config| {
        config["models"]["vectors"] = json!({"protocol": "embeddings", "capabilities": {},
            "served_by": [{"provider": "alpha", "fields": {"price_in": 1, "price_out": 0}}]});
    })
    .await;
    for Captured { file, body, .. } in to("/embeddings") {
        let reply = gateway.post("/v1/embeddings", &body).await;
        assert_eq!(reply.status, 200, "{file}: {}", reply.body);
        let asked: Value = serde_json::from_str(&body).unwrap();
        let sent = gateway.calls().pop().unwrap().body;
        for name in ["input", "encoding_format", "dimensions"] {
            assert_eq!(sent[name], asked[name], "{file}: {name}");
        }
        let embedding = &reply.json()["data"][0]["embedding"];
        assert_eq!(embedding.is_string(), asked["encoding_format"] == "base64", "{file}");
    }
}
