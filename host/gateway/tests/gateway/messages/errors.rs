//! Errors in the shape of Anthropic's, whoever found them.

use serde_json::{Value, json};
use sigmapol_gateway::limits::BODY_BYTES;

use crate::{
    client::{Reply, request, send},
    fixture::{Gateway, message},
    keys::World,
};

/// Status, type and message of an error; of a run that was planned `x_router` is beside it.
fn error(reply: &Reply) -> (u16, String, String) {
    assert_eq!(reply.header("content-type"), Some("application/json"), "{}", reply.body);
    let mut body = reply.json();
    let members = body.as_object_mut().unwrap();
    members.remove("x_router");
    let id = members.remove("request_id").unwrap();
    assert_eq!(id.as_str(), reply.header("request-id"));
    assert_eq!(id.as_str(), reply.header("x-request-id"));
    let error = members.remove("error").unwrap();
    assert_eq!(body, json!({"type": "error"}));
    assert_eq!(error.as_object().unwrap().len(), 2, "{error}");
    let text = |key: &str| error[key].as_str().unwrap().to_owned();
    (reply.status, text("type"), text("message"))
}

#[tokio::test]
async fn what_is_wrong_with_a_request() {
    let gateway = Gateway::with(&Value::Null).await;
    let invalid = "invalid_request_error";
    for (body, message) in [
        ("{".to_owned(), "expected JSON: EOF while parsing an object at line 1 column 1"),
        ("[]".to_owned(), "expected a JSON object"),
        ("{}".to_owned(), "messages: expected an array of at least one message"),
        (
            message(json!({"messages": []})).to_string(),
            "messages: expected an array of at least one message",
        ),
        (
            message(json!({"max_tokens": null})).to_string(),
            "max_tokens: expected a number of tokens",
        ),
        (message(json!({"max_tokens": "9"})).to_string(), "max_tokens: expected a number"),
        (message(json!({"stream": "yes"})).to_string(), "stream: expected true or false"),
        (
            message(json!({"messages": [{"role": "judge", "content": "hi"}]})).to_string(),
            "messages[0].role: expected user, assistant or system",
        ),
        (
            message(json!({"model": "profile:nope"})).to_string(),
            "there is no profile 'nope': GET /v1/models lists them",
        ),
        (r#"{"model":"a","model":"b"}"#.to_owned(), "model: expected once"),
        (r#"{"messages":{}}"#.to_owned(), "messages: expected an array"),
        (
            r#"{"messages":[{"role":"user","content":"a","content":"b"}]}"#.to_owned(),
            "messages[0].content: expected once",
        ),
        (
            r#"{"messages":[{}],"system":[{"type":"text","text":"a","text":"b"}]}"#.to_owned(),
            "system[0].text: expected once",
        ),
    ] {
        let told = error(&gateway.post("/v1/messages", &body).await);
        assert_eq!(told, (400, invalid.to_owned(), message.to_owned()), "{body}");
    }
    let told = error(&gateway.post("/v1/messages/count_tokens", "{}").await);
    assert_eq!((told.0, told.1.as_str()), (400, invalid));
    assert_eq!(gateway.calls().len(), 0);
}

#[tokio::test]
async fn what_guards_and_routes_refuse() {
    let gateway = Gateway::with(&Value::Null).await;
    let asked = |method: &str, path: &str, headers: &str| {
        let text = request(method, path, headers, "");
        let address = gateway.address;
        async move { send(address, text.as_bytes()).await }
    };
    let page = asked("POST", "/v1/messages", "origin: https://example.com\r\n").await;
    let told = error(&page);
    assert_eq!((told.0, told.1.as_str()), (403, "permission_error"));
    for path in ["/v1/messages/nothing", "/v1/messages/batches", "/private/v1/messages/nothing"] {
        let told = error(&asked("POST", path, "").await);
        assert_eq!((told.0, told.1.as_str()), (404, "not_found_error"), "{path}");
    }
    for path in ["/v1/messages", "/v1/messages/count_tokens", "/private/v1/messages"] {
        let reply = asked("PUT", path, "").await;
        let told = error(&reply);
        assert_eq!((told.0, told.1.as_str()), (405, "invalid_request_error"), "{path}");
        assert_eq!(reply.header("allow"), Some("POST"));
    }
    let long = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        BODY_BYTES + 1
    );
    let told = error(&send(gateway.address, long.as_bytes()).await);
    assert_eq!((told.0, told.1.as_str()), (413, "request_too_large"));
    // others are told in theirs
    let reply = asked("GET", "/v1/nothing", "").await;
    assert_eq!((reply.error().0, reply.header("request-id")), (404, None));
}

/// No waits, and the next candidate whatever happens.
fn patient(config: &mut Value) {
    config["profiles"]["default"]["policy_ir"][5] = json!(["always", {"action": "next_candidate"}]);
}

#[tokio::test]
async fn runs_that_nobody_answers() {
    let overflow = json!({"status": 400, "message": "maximum context length is 8 tokens"});
    for (step, status, kind) in [
        (json!({"status": 500}), 500, "api_error"),
        (json!({"status": 429}), 429, "rate_limit_error"),
        // keys of providers are nothing of the client's
        (json!({"status": 401}), 500, "api_error"),
        (json!({"status": 400}), 400, "invalid_request_error"),
        (overflow, 400, "invalid_request_error"),
        (json!({"delay_ms": 2000}), 504, "timeout_error"),
    ] {
        let gateway = Gateway::with_config(&json!({"*": [step]}), patient).await;
        let reply = gateway.message(json!({"timeout_ms": 100})).await;
        let told = error(&reply);
        assert_eq!((told.0, told.1.as_str()), (status, kind), "{step}");
        assert_eq!(reply.header("retry-after"), (status == 429).then_some("1"), "{step}");
        let path = reply.json()["x_router"]["decision_trace"]["decision_path"].clone();
        assert_eq!(path.as_array().unwrap().len(), 3, "{path}");
    }
}

#[tokio::test]
async fn nobody_can_be_asked() {
    let gateway = Gateway::with(&Value::Null).await;
    let reply = gateway.message(json!({"model": "family:none"})).await;
    let told = error(&reply);
    assert_eq!((told.0, told.1.as_str()), (529, "overloaded_error"));
    assert_eq!(told.2, "no model can be asked: no_candidates");
    assert!(reply.json()["x_router"]["decision_trace"]["rejected"].is_array());
    assert_eq!(gateway.calls().len(), 0);
}

#[tokio::test]
async fn who_may_ask() {
    let world = World::new().await;
    let gateway = &world.gateway;
    let ask = async |headers: &str, more: Value| {
        gateway.post_with("/v1/messages", headers, &message(more).to_string()).await
    };
    for headers in ["", "x-api-key: nonsense\r\n", "authorization: Bearer sk-adm\r\n"] {
        let told = error(&ask(headers, json!({})).await);
        assert_eq!((told.0, told.1.as_str()), (401, "authentication_error"), "{headers}");
    }
    for headers in ["x-api-key: sk-off\r\n", "x-api-key: sk-old\r\n", "x-api-key: sk-route\r\n"] {
        let told = error(&ask(headers, json!({"model": "family:small"})).await);
        assert_eq!((told.0, told.1.as_str()), (403, "permission_error"), "{headers}");
    }
    assert_eq!(gateway.calls().len(), 0);
    for (headers, model) in [
        ("x-api-key: sk-a\r\n", "claude-x"),
        ("authorization: Bearer sk-a\r\n", "claude-x"),
        ("x-api-key: sk-route\r\n", "profile:private"),
    ] {
        assert_eq!(ask(headers, json!({"model": model})).await.status, 200, "{headers}");
    }
    let none = gateway.post("/v1/messages/count_tokens", &message(json!({})).to_string()).await;
    assert_eq!(error(&none).0, 401);
    // that the address is there, anybody may know
    let head = request("HEAD", "/", "", "").replace("content-length: 0\r\n", "");
    assert_eq!(send(gateway.address, head.as_bytes()).await.status, 200);
}
