//! Each failure: its kind, what it says, and how long to wait.

use serde_json::{Value, json};
use sigmapol_mock::MockProvider;
use sigmapol_provider::{CallError, ErrorKind, Http, Provider as _};

use crate::{KEY, Setup, request};

#[tokio::test]
async fn statuses() {
    for (status, kind) in [
        (302, ErrorKind::BadResponse),
        (400, ErrorKind::BadRequest),
        (401, ErrorKind::AuthError),
        (402, ErrorKind::PaymentRequired),
        (403, ErrorKind::AuthError),
        (404, ErrorKind::ModelUnavailable),
        (408, ErrorKind::Timeout),
        (413, ErrorKind::ContextOverflow),
        (422, ErrorKind::BadRequest),
        (429, ErrorKind::RateLimit),
        (500, ErrorKind::ServerError),
        (504, ErrorKind::Timeout),
        (529, ErrorKind::ServerError),
    ] {
        let step = json!({"status": status, "message": "no\nmore", "headers": {
            "retry-after": "2", "location": "http://127.0.0.1:9/"}});
        let setup = Setup::new(json!([step])).await;
        for provider in ["anthropic", "google", "ollama", "openai_compatible"] {
            let expected = CallError {
                kind,
                http_status: Some(status),
                message: "no\\nmore".to_owned(),
                retry_after_ms: Some(2000),
            };
            let plain = setup.call(provider, json!({})).await;
            assert_eq!(plain, Err(expected.clone()), "{provider} {status}");
            let (streamed, pieces) = setup.stream(provider, json!({})).await;
            assert_eq!(streamed, Err(expected), "{provider} {status}");
            assert_eq!(pieces, [""; 0]);
        }
    }
}

async fn failure(step: Value) -> String {
    Setup::new(json!([step])).await.failure().await.to_string()
}

#[tokio::test]
async fn what_a_status_does_not_say() {
    let error = |code: &str| json!({"error": {"code": code, "message": "Sorry"}});
    for (step, text) in [
        (
            json!({"status": 400, "body": error("context_length_exceeded")}),
            "context_overflow: Sorry",
        ),
        (json!({"status": 400, "body": error("content_filter")}), "content_filter: Sorry"),
        (json!({"status": 429, "body": error("insufficient_quota")}), "payment_required: Sorry"),
        (json!({"status": 500, "body": "<h1>Oops</h1>"}), "server_error: <h1>Oops</h1>"),
        (json!({"status": 503, "body": ""}), "server_error: status 503"),
        (
            json!({"status": 307, "body": ""}),
            "bad_response: status 307: redirects are not followed",
        ),
    ] {
        assert_eq!(failure(step).await, text);
    }
}

#[tokio::test]
async fn what_is_no_answer() {
    for (body, text) in [
        (json!("<html>"), "bad_response: expected JSON, got: <html>"),
        (json!(""), "bad_response: expected JSON, got nothing"),
        (json!({}), "bad_response: expected choices[0].message"),
        (json!({"error": {"code": 429, "message": "Slow"}}), "rate_limit: Slow"),
        (
            json!({"choices": [{"message": {"content": null}, "finish_reason": "content_filter"}]}),
            "content_filter: finish reason content_filter",
        ),
    ] {
        assert_eq!(failure(json!({"body": body})).await, text);
    }
    let error = Setup::new(json!([{"body": {}}])).await.failure().await;
    assert_eq!(error.http_status, Some(200));
}

#[tokio::test]
async fn a_response_of_any_length() {
    let setup = Setup::new(json!([{"text": "x".repeat(17 << 20)}])).await;
    let text = "bad_response: the response is longer than 16777216 bytes";
    assert_eq!(setup.failure().await.to_string(), text);
}

#[tokio::test]
async fn dropped_connections() {
    let setup = Setup::new(json!([{"drop": "connect"}, {"drop": "middle"}])).await;
    for _ in 0..2 {
        let error = setup.failure().await;
        assert_eq!(error.kind, ErrorKind::NetworkError);
        assert!(!error.message.contains("http://"), "{}", error.message);
    }
    let url = setup.mock.url("alpha");
    drop(setup.mock);
    let config = json!({"providers": {"p": {"api_kind": "ollama", "base_url": url}}});
    let http = Http::new(&config).unwrap();
    tokio::task::yield_now().await; // the server ends
    let error = http.call(&request("p", json!({})), None).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NetworkError);
    assert_eq!(error.http_status, None);
}

#[tokio::test]
async fn a_server_that_is_not_who_it_says() {
    let mock = MockProvider::start("", 0).await.unwrap();
    let url = mock.url("alpha").replace("http:", "https:");
    let config = json!({"providers": {"p": {"api_kind": "ollama", "base_url": url}}});
    let http = Http::new(&config).unwrap();
    let error = http.call(&request("p", json!({})), None).await.unwrap_err();
    assert_eq!((error.kind, error.http_status), (ErrorKind::NetworkError, None));
    assert_eq!(mock.requests(), []);
}

#[tokio::test]
async fn interrupted_streams() {
    let setup = Setup::new(json!([{"text": "abcd", "chunks": 4, "drop": "middle"}])).await;
    for provider in ["anthropic", "google", "ollama", "openai_compatible"] {
        let (result, pieces) = setup.stream(provider, json!({})).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind, error.http_status), (ErrorKind::StreamInterrupted, Some(200)));
        assert_eq!(pieces, ["a", "b"], "{provider}");
    }
    let setup = Setup::new(json!([{"text": "", "drop": "middle"}])).await;
    let (result, pieces) = setup.stream("openai_compatible", json!({})).await;
    assert_eq!(result.unwrap_err().kind, ErrorKind::NetworkError);
    assert_eq!(pieces, [""; 0]);
}

#[tokio::test]
async fn streams_that_say_what_is_wrong() {
    let text = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let error = "data: {\"error\":{\"code\":502,\"message\":\"Lost\"}}\n\n";
    for (body, expected, count) in [
        (error.to_owned(), "server_error: Lost", 0),
        (format!("{text}{error}"), "stream_interrupted: Lost", 1),
        (text.to_owned(), "stream_interrupted: the stream ended before the answer did", 1),
        (String::new(), "network_error: the stream ended before the answer did", 0),
        ("data: {\n\n".to_owned(), "bad_response: expected JSON, got: {", 0),
    ] {
        let setup = Setup::new(json!([{"body": body}])).await;
        let (result, pieces) = setup.stream("openai_compatible", json!({})).await;
        assert_eq!(result.unwrap_err().to_string(), expected);
        assert_eq!(pieces.len(), count);
    }
}

#[tokio::test]
async fn a_key_in_an_error_is_not_repeated() {
    for body in [
        json!({"error": {"message": format!("invalid key {KEY}")}}),
        json!(format!("invalid key {KEY}")),
    ] {
        let step = json!({"status": 401, "body": body});
        assert_eq!(failure(step).await, "auth_error: invalid key ***");
    }
    // cut off in the middle of the key, had it been cut first
    let body = format!("{}{KEY}", "x".repeat(195));
    let expected = format!("server_error: {}***", "x".repeat(195));
    assert_eq!(failure(json!({"status": 500, "body": body})).await, expected);
    let body = format!("not JSON: {KEY}");
    let expected = "bad_response: expected JSON, got: not JSON: ***";
    assert_eq!(failure(json!({"body": body})).await, expected);
}

#[tokio::test]
async fn error_map() {
    let map = json!({"error_map":
        {"Insufficient_Deposits": "payment_required", "not served by": "model_unavailable"}});
    let steps = json!([
        {"status": 400, "body": {"error": {"code": "insufficient_deposits", "message": "Pay"}}},
        {"status": 500, "message": "Not served by this peer"},
        {"status": 500, "message": "other"},
        {"body": {"error": "not served by this peer"}}]);
    let setup = Setup::with(steps, map).await;
    for text in [
        "payment_required: Pay",
        "model_unavailable: Not served by this peer",
        "server_error: other",
        "model_unavailable: not served by this peer",
    ] {
        assert_eq!(setup.failure().await.to_string(), text);
    }
}
