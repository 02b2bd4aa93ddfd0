//! Requests for messages, as SDKs and agents send them.

use serde_json::{Value, json};
use sigmapol_core::json::{Members, Object};

use super::{collected, events, everybody};
use crate::{
    captured::{Captured, captured},
    fixture::Gateway,
};

/// A request of a client.
struct Seen {
    file: String,
    path: String,
    headers: String,
    body: String,
}

/// Requests for messages.
fn seen() -> Vec<Seen> {
    let requests = captured(env!("CARGO_MANIFEST_DIR"), |path| path.ends_with("/v1/messages"));
    let enough = requests.is_empty() || requests.len() > 30;
    assert!(enough, "there are {} such requests among those of clients", requests.len());
    let each = requests.into_iter().map(|Captured { file, target, headers: all, body }| {
        let query = if target.contains("beta=true") { "?beta=true" } else { "" };
        Seen { file, path: format!("/v1/messages{query}"), headers: headers(&all), body }
    });
    each.collect()
}

/// Those that a provider might get.
fn headers(all: &Value) -> String {
    let pairs: Vec<(String, String)> = match all {
        Value::Array(list) => list
            .iter()
            .map(|pair| {
                (pair[0].as_str().unwrap().to_owned(), pair[1].as_str().unwrap().to_owned())
            })
            .collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect(),
        _ => Vec::new(),
    };
    let own = pairs.iter().filter(|(name, _)| name.to_ascii_lowercase().starts_with("anthropic-"));
    own.map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}

#[tokio::test]
async fn what_clients_send_is_answered_and_arrives() {
    let gateway = Gateway::with_config(&Value::Null, everybody).await;
    for Seen { file, path, headers, body } in seen() {
        let members: Members<'_> = serde_json::from_str(&body).unwrap();
        let streams = members.get("stream") == Some("true");
        let pinned = |pin: &str| {
            let pin = json!(pin).to_string();
            let own = members.0.iter().map(|(name, value)| match name.as_str() {
                "model" => (name, pin.as_str()),
                _ => (name, value.get()),
            });
            own.fold(Object::new(), |body, (name, value)| body.with(name, value)).finish()
        };
        // to a provider of the dialect value for value, in the order that it came in
        let told = gateway.post_with(&path, &headers, &pinned("pin:beta/large")).await;
        check(&file, &told, streams);
        let arrived = gateway.calls().pop().unwrap();
        let sent: Members<'_> = serde_json::from_str(&arrived.text).unwrap();
        let names = |members: &Members<'_>| {
            members.0.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(names(&sent), names(&members), "{file}");
        for (name, value) in &members.0 {
            if name != "model" && name != "temperature" {
                assert_eq!(sent.get(name), Some(value.get()), "{file}: {name}");
            }
        }
        let beta = headers.lines().find_map(|line| line.strip_prefix("anthropic-beta: "));
        assert_eq!(arrived.headers.get("anthropic-beta").map(String::as_str), beta, "{file}");

        // and to one of OpenAI's in its shape
        let told = gateway.post_with(&path, &headers, &pinned("pin:alpha/small")).await;
        check(&file, &told, streams);
        let arrived = gateway.calls().pop().unwrap();
        assert_eq!(arrived.headers.get("anthropic-beta"), None);
        check_chat(&file, &arrived.body, &members);
    }
}

fn check(file: &str, reply: &crate::client::Reply, streams: bool) {
    assert_eq!((reply.status, reply.whole), (200, true), "{file}: {}", reply.body);
    let message = if streams { collected(&events(reply)) } else { reply.json() };
    assert_eq!(message["content"], json!([{"type": "text", "text": "ok"}]), "{file}");
}

/// Whether a body is a chat request that OpenAI would take, and says what the client said.
fn check_chat(file: &str, body: &Value, said: &Members<'_>) {
    let known = [
        "max_tokens",
        "messages",
        "model",
        "parallel_tool_calls",
        "response_format",
        "service_tier",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_k",
        "top_p",
        "user",
    ];
    for name in body.as_object().unwrap().keys() {
        assert!(known.contains(&name.as_str()), "{file}: {name}");
    }
    let mut open: Vec<String> = Vec::new();
    for message in body["messages"].as_array().unwrap() {
        let role = message["role"].as_str().unwrap();
        let content = &message["content"];
        match role {
            "tool" => {
                // each result is of a call before it, and of none that has one
                let id = message["tool_call_id"].as_str().unwrap();
                let at = open.iter().position(|own| own == id);
                open.remove(at.unwrap_or_else(|| panic!("{file}: {id}")));
                assert!(content.is_string(), "{file}");
            }
            "assistant" => {
                let calls = message["tool_calls"].as_array().into_iter().flatten();
                open = calls.map(|call| call["id"].as_str().unwrap().to_owned()).collect();
                assert!(content.is_string() || !open.is_empty(), "{file}");
            }
            "system" => assert!(content.is_string(), "{file}"),
            "user" => {
                assert!(open.is_empty(), "{file}: {open:?}");
                for part in content.as_array().into_iter().flatten() {
                    let kind = part["type"].as_str().unwrap();
                    assert!(["text", "image_url", "file"].contains(&kind), "{file}: {kind}");
                }
            }
            other => panic!("{file}: {other}"),
        }
    }
    let text = body.to_string();
    for gone in ["cache_control", "\"input_schema\"", "tool_use_id", "\"signature\""] {
        assert!(!text.contains(gone), "{file}: {gone}");
    }
    let names = |tools: Option<&Value>| -> Vec<String> {
        let tools = tools.and_then(Value::as_array).into_iter().flatten();
        let name = |tool: &Value| {
            let own = tool.get("function").unwrap_or(tool);
            own["name"].as_str().unwrap().to_owned()
        };
        tools.map(name).collect()
    };
    let given: Option<Value> = said.get("tools").map(|tools| serde_json::from_str(tools).unwrap());
    assert_eq!(names(body.get("tools")), names(given.as_ref()), "{file}");
}
