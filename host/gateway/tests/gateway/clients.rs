//! Requests as SDKs and agents send them. They lie beside the project, in `../shared/clients`, one a
//! file: `{client, scenario, request: {path, body}}`.

use std::{fs, path::Path};

use serde_json::{Value, json};
use sigmapol_core::json::Members;

use crate::{fixture::Gateway, shared::shared};

/// Chat requests, by the name of their file.
fn captured() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let Some(folder) = shared(&root, "clients") else { return Vec::new() };
    let mut requests = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let seen: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let target = seen["request"]["path"].as_str().unwrap();
        let body = seen["request"]["body"].as_str().unwrap();
        if target.split('?').next().unwrap().ends_with("/chat/completions") && body.starts_with('{')
        {
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            requests.push((file, body.to_owned()));
        }
    }
    assert!(!requests.is_empty(), "no such request among those of clients");
    requests
}

#[tokio::test]
async fn what_clients_send_is_answered_and_arrives() {
    let gateway = Gateway::with_config(&Value::Null, |config| {
        config["models"]["small"]["capabilities"] = json!({"supports_tools": true,
            "supports_vision": true, "supports_json_mode": true});
    })
    .await;
    for (file, body) in captured() {
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
