//! Health, the list of models, and errors in OpenAI's shape.

use serde_json::{Value, json};

use crate::fixture::Gateway;

const INVALID: &str = "invalid_request_error";

#[tokio::test]
async fn a_gateway_that_is_up_says_so() {
    let gateway = Gateway::with(&Value::Null).await;
    let health = gateway.get("/healthz").await;
    assert_eq!((health.status, health.json()), (200, json!({"ok": true, "initialized": true})));
    let ready = gateway.get("/readyz").await;
    assert_eq!((ready.status, ready.json()), (200, json!({"ready": true})));
}

#[tokio::test]
async fn models_are_profiles_and_families() {
    let gateway = Gateway::with_config(&Value::Null, |config| {
        config["models"]["vectors"] = json!({"protocol": "embeddings", "capabilities": {},
            "served_by": [{"provider": "alpha"}]});
        config["models"]["judge"] = json!({"protocol": "decisions", "capabilities": {},
            "served_by": [{"provider": "alpha"}]});
        config["models"]["meta/llama"] =
            json!({"capabilities": {}, "served_by": [{"provider": "alpha"}]});
    })
    .await;
    for path in ["/v1/models", "/private/v1/models"] {
        let list = gateway.get(path).await;
        assert_eq!((list.status, list.header("content-type")), (200, Some("application/json")));
        let list = list.json();
        assert_eq!(list["object"], "list");
        let created = list["data"][0]["created"].as_u64().unwrap();
        assert!(created > 1_700_000_000, "{created}");
        let model = |id: &str| json!({"id": id, "object": "model", "created": created, "owned_by": "sigmapol"});
        // a model of a protocol that nobody can ask for here is nothing to say
        let ids = [
            "profile:default",
            "profile:private",
            "family:large",
            "family:meta/llama",
            "family:small",
            "family:vectors",
        ];
        assert_eq!(list["data"], Value::Array(ids.map(model).to_vec()));
    }
    for id in ["family:small", "family:meta/llama", "profile:private"] {
        let one = gateway.get(&format!("/v1/models/{id}")).await;
        assert_eq!((one.status, &one.json()["id"]), (200, &json!(id)));
    }
    let none = gateway.get("/v1/models/family:none").await.error();
    let message = "there is no such model: GET /v1/models lists them".to_owned();
    assert_eq!(none, (404, INVALID.to_owned(), None, "model_not_found".to_owned(), message));
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there() {
    let gateway = Gateway::with(&Value::Null).await;
    let known = "expected /v1/chat/completions, /v1/messages, /v1/responses or /v1/models";
    for (method, path, status, code, message) in [
        ("GET", "/v1/nothing", 404, "not_found", format!("there is nothing at this path: {known}")),
        ("GET", "/", 404, "not_found", format!("there is nothing at this path: {known}")),
        (
            "POST",
            "/v1/embeddings",
            404,
            "unsupported_endpoint",
            format!("this gateway does not serve it: {known}"),
        ),
        (
            "PUT",
            "/v1/chat/completions",
            405,
            "method_not_allowed",
            "the header Allow has the methods of this path".to_owned(),
        ),
    ] {
        let text = crate::client::request(method, path, "", "");
        let reply = crate::client::send(gateway.address, text.as_bytes()).await;
        let expected = (status, INVALID.to_owned(), None, code.to_owned(), message);
        assert_eq!(reply.error(), expected, "{method} {path}");
        assert_eq!(reply.header("allow"), (status == 405).then_some("POST"));
    }
}

#[tokio::test]
async fn bodies_that_are_no_chat_request() {
    let gateway = Gateway::with(&Value::Null).await;
    let with = |name: &str, value: Value| crate::fixture::chat(json!({name: value})).to_string();
    let twice = r#"{"messages":[{}],"seed":1,"seed":2}"#.to_owned();
    for (body, param, code, message) in [
        (
            "{".to_owned(),
            None,
            "invalid_json",
            "expected JSON: EOF while parsing an object at line 1 column 1",
        ),
        (
            String::new(),
            None,
            "invalid_json",
            "expected JSON: EOF while parsing a value at line 1 column 0",
        ),
        ("[]".to_owned(), None, "invalid_body", "expected a JSON object"),
        ("{}".to_owned(), Some("messages"), "missing_parameter", MESSAGES),
        (with("messages", json!([])), Some("messages"), "missing_parameter", MESSAGES),
        (
            with("messages", json!("x")),
            Some("messages"),
            "invalid_type",
            "messages: expected an array",
        ),
        (
            with("temperature", json!("hot")),
            Some("temperature"),
            "invalid_type",
            "temperature: expected a number",
        ),
        (
            with("stream", json!("yes")),
            Some("stream"),
            "invalid_type",
            "stream: expected true or false",
        ),
        (with("tools", json!({})), Some("tools"), "invalid_type", "tools: expected an array"),
        (with("model", json!(5)), Some("model"), "invalid_type", "model: expected a string"),
        (
            with("requirements", json!({"tire": "x"})),
            Some("requirements"),
            "invalid_type",
            "requirements: unknown key 'tire', expected one of min_context, min_quality, min_tok_s, \
             model_family, needs, privacy, tier",
        ),
        (
            with("seed", json!(0.5)),
            Some("seed"),
            "invalid_type",
            "seed: expected an integer of magnitude at most 2^53 - 1",
        ),
        (
            with("deadline_ms", json!(-1)),
            None,
            "invalid_body",
            "deadline_ms: expected a number of milliseconds above 0",
        ),
        (
            with("flow_ir", json!(["flow", {}])),
            Some("flow_ir"),
            "invalid_flow",
            "flow_ir rejected at admission: $: flow has no nodes",
        ),
        (twice, Some("seed"), "invalid_body", "seed: expected once"),
        (with("messages", Value::Null), Some("messages"), "missing_parameter", MESSAGES),
        (r#"{"messages":null}"#.to_owned(), Some("messages"), "missing_parameter", MESSAGES),
        (
            r#"{"messages":[{"role":"user"},"hi"]}"#.to_owned(),
            Some("messages"),
            "invalid_type",
            "messages[1]: expected an object",
        ),
        (
            r#"{"messages":[{"role":"user","content":"a","content":"b"}]}"#.to_owned(),
            Some("messages"),
            "invalid_body",
            "messages[0].content: expected once",
        ),
        (
            r#"{"messages":[{}],"response_format":{"type":"text","type":"json_object"}}"#
                .to_owned(),
            Some("response_format"),
            "invalid_body",
            "response_format.type: expected once",
        ),
        (
            r#"{"messages":[{}],"tools":[{"function":{"name":"f","name":"g"}}]}"#.to_owned(),
            Some("tools"),
            "invalid_body",
            "tools[0].function.name: expected once",
        ),
        (
            r#"{"messages":[{},{"content":[{"type":"text","text":"a","te\u0078t":"b"}]}]}"#
                .to_owned(),
            Some("messages"),
            "invalid_body",
            "messages[1].content[0].text: expected once",
        ),
    ] {
        let error = gateway.post("/v1/chat/completions", &body).await.error();
        let param = param.map(str::to_owned);
        let expected = (400, INVALID.to_owned(), param, code.to_owned(), message.to_owned());
        assert_eq!(error, expected, "{body}");
    }
    let latin = crate::client::request("POST", "/v1/chat/completions", "", "{\"a\": \"?\"}");
    let latin = latin.replace('?', "\u{1}").into_bytes();
    let latin: Vec<u8> = latin.into_iter().map(|b| if b == 1 { 0xE9 } else { b }).collect();
    let (status, _, _, code, message) = crate::client::send(gateway.address, &latin).await.error();
    assert_eq!((status, code.as_str()), (400, "invalid_json"));
    assert_eq!(message, "expected JSON: invalid UTF-8 at byte 7");
    assert!(gateway.calls().is_empty());
}

const MESSAGES: &str = "messages: expected an array of at least one message";

#[tokio::test]
async fn every_response_has_an_id_of_its_own() {
    let gateway = Gateway::with(&Value::Null).await;
    let mut ids = Vec::new();
    for path in ["/healthz", "/v1/models", "/v1/nothing"] {
        let reply = gateway.get(path).await;
        ids.push(reply.header("x-request-id").unwrap().to_owned());
        assert_eq!(reply.header("x-sigmapol-decision"), reply.header("x-request-id"));
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}
