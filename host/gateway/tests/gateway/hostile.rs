//! Requests that nobody means well with: each gets an answer, and the next one is served.

use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::{
    client::{read, request, send},
    fixture::{Gateway, chat},
};

#[tokio::test]
async fn bodies_get_an_error_in_the_same_shape() {
    let gateway = Gateway::with(&Value::Null).await;
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let nested = |name: &str, value: &str| {
        format!(r#"{{"messages":[{{"role":"user","content":"hi"}}],"{name}":{value}}}"#)
    };
    let long = "x".repeat(1 << 20);
    for (body, code, param) in [
        (deep(1_000_000), "invalid_body", None),
        ("[".repeat(1_000_000), "invalid_json", None),
        (nested("policy_ir", &deep(1_000_000)), "invalid_body", Some("policy_ir")),
        (nested("policy_ir", r#"[1,{"a":1,"a":2}]"#), "invalid_body", Some("policy_ir")),
        (nested("requirements", &format!("{{\"x\":{}}}", deep(200))), "invalid_body", None),
        (nested("scope", "1e999"), "invalid_body", None),
        (nested("model", &format!("\"profile:{long}\"")), "unknown_profile", Some("model")),
        (nested("model", r#""\ud800""#), "invalid_type", Some("model")),
        (nested("model", r#""\u0000""#), "200", None),
        ("\u{feff}{}".to_owned(), "invalid_json", None),
        (r#"{"messages":[{}]} x"#.to_owned(), "invalid_json", None),
    ] {
        let reply = gateway.post("/v1/chat/completions", &body).await;
        let start: String = body.chars().take(80).collect();
        if code == "200" {
            assert_eq!(reply.status, 200, "{start}");
            continue;
        }
        let (status, _, told, own, message) = reply.error();
        assert_eq!((status, own.as_str(), told.as_deref()), (400, code, param), "{start}");
        assert!(message.len() < 300, "{message}");
    }
    // what a message holds is for the adapter of the provider to look at
    let body = nested("x", "1").replace("\"hi\"", &deep(100_000));
    let reply = gateway.post("/v1/chat/completions", &body).await;
    assert!([200, 400, 503].contains(&reply.status), "{}", reply.body);
    assert_eq!(gateway.chat(json!({})).await.status, 200);
}

#[tokio::test]
async fn heads_and_paths_that_are_none() {
    let gateway = Gateway::with(&Value::Null).await;
    let body = chat(json!({})).to_string();
    for (path, status) in [
        ("/%FF/v1/chat/completions", 400),
        ("/%2e%2e/v1/chat/completions", 400),
        ("/v1/models/%FF", 405),
        ("//v1/chat/completions", 400),
        ("/v1/chat/completions/", 404),
    ] {
        let reply = gateway.post(path, &body).await;
        assert_eq!((reply.status, reply.error().0), (status, status), "{path}");
    }
    for raw in [
        "GET / HTTP/9.9\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
        "POST /v1/chat/completions HTTP/1.1\r\ncontent-length: x\r\n\r\n",
        "POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    ] {
        let reply = send(gateway.address, raw.as_bytes()).await;
        assert_eq!(reply.status, 400, "{raw:?}");
    }
    assert_eq!(gateway.get("/healthz").await.status, 200);
}

/// A small body that is a large one inside is not looked at.
#[tokio::test]
async fn a_body_that_is_compressed_is_refused() {
    let gateway = Gateway::with(&Value::Null).await;
    let body = chat(json!({})).to_string();
    for (encoding, status) in [("gzip", 415), ("zstd, identity", 415), ("Identity", 200)] {
        let headers = format!("content-encoding: {encoding}\r\n");
        let text = request("POST", "/v1/chat/completions", &headers, &body);
        let reply = send(gateway.address, text.as_bytes()).await;
        assert_eq!(reply.status, status, "{encoding}");
        if status == 415 {
            let (_, _, _, code, message) = reply.error();
            assert_eq!(code, "unsupported_encoding");
            assert_eq!(message, "expected a body without Content-Encoding");
        }
    }
    assert_eq!(gateway.calls().len(), 1);
}

#[tokio::test]
async fn a_body_that_breaks_off_calls_nobody() {
    let gateway = Gateway::with(&Value::Null).await;
    let body = chat(json!({})).to_string();
    let whole = request("POST", "/v1/chat/completions", "", &body);
    let mut socket = TcpStream::connect(gateway.address).await.unwrap();
    socket.write_all(&whole.as_bytes()[..whole.len() - 1]).await.unwrap();
    socket.shutdown().await.unwrap();
    let (status, _, _, code, message) = read(&mut socket).await.error();
    assert_eq!((status, code.as_str()), (400, "invalid_body"));
    assert_eq!(message, "the body broke off");
    assert!(gateway.calls().is_empty());
}
