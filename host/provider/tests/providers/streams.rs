//! Streams as servers cut them, failures in them, and what comes before their text.

use serde_json::json;
use sigmapol_provider::Provider as _;

use crate::{Setup, request};

const PROVIDERS: [&str; 4] = ["anthropic", "google", "ollama", "openai_compatible"];

/// A byte order mark alone in a chunk, in two chunks, and with nothing after it.
#[tokio::test]
async fn a_mark_at_the_start() {
    let event =
        "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\n";
    let line = "{\"message\":{\"content\":\"hi\"},\"done\":true}\n";
    for (provider, text) in [("openai_compatible", event), ("ollama", line)] {
        for raw in [
            json!([{"base64": "77u/"}, text]),
            json!([{"base64": "7w=="}, {"base64": "u78="}, text]),
            json!([{"base64": "7w=="}, {"base64": "uw=="}, {"base64": "vw=="}, text]),
            json!([format!("\u{FEFF}{text}")]),
        ] {
            let setup = Setup::new(json!([{ "raw": raw }])).await;
            let (result, pieces) = setup.stream(provider, json!({})).await;
            assert_eq!(result.unwrap().text, "hi", "{provider} {raw}");
            assert_eq!(pieces, ["hi"]);
        }
        let setup = Setup::new(json!([{"raw": [{"base64": "77u/"}]}])).await;
        let (result, _) = setup.stream(provider, json!({})).await;
        let message = "network_error: the stream ended before the answer did";
        assert_eq!(result.unwrap_err().to_string(), message);
    }
}

/// Nothing of an answer that was cut off passes for one, however the connection ended.
#[tokio::test]
async fn cut_off() {
    for drop in [json!(null), json!("middle")] {
        let text = "data: {\"choices\":[{\"delta\":{\"content\":\"half\"}}]}\n\n";
        let mut step = json!({"raw": [text]});
        if drop != json!(null) {
            step["drop"] = drop;
        }
        let setup = Setup::new(json!([step])).await;
        let (result, pieces) = setup.stream("openai_compatible", json!({})).await;
        assert!(result.unwrap_err().to_string().starts_with("stream_interrupted: "));
        assert_eq!(pieces, ["half"]);
    }
}

#[tokio::test]
async fn failures_in_a_200() {
    let step = json!({"text": "abcd", "error": {"code": 429, "message": "Slow",
        "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2s"}]}});
    let setup = Setup::new(json!([step])).await;
    for provider in PROVIDERS {
        let error = setup.call(provider, json!({})).await.unwrap_err();
        assert_eq!(error.to_string(), "rate_limit: Slow", "{provider}");
        assert_eq!((error.http_status, error.retry_after_ms), (Some(200), Some(2000)));
        let (result, pieces) = setup.stream(provider, json!({})).await;
        let error = result.unwrap_err();
        assert_eq!(error.to_string(), "stream_interrupted: Slow", "{provider}");
        assert_eq!(error.retry_after_ms, Some(2000));
        assert_eq!(pieces, ["ab"]);
    }
}

#[tokio::test]
async fn nothing_in_a_200() {
    let setup = Setup::new(json!([{"text": ""}])).await;
    for provider in PROVIDERS {
        let error = setup.call(provider, json!({})).await.unwrap_err();
        assert!(error.to_string().starts_with("bad_response: the answer is empty: "), "{error}");
        let (result, _) = setup.stream(provider, json!({})).await;
        let error = result.unwrap_err();
        assert!(error.to_string().starts_with("bad_response: the answer is empty: "), "{error}");
    }
}

/// Calls of tools and reasoning, plain and streamed, are the same.
#[tokio::test]
async fn calls_and_reasoning() {
    let calls =
        json!([{"id": "c", "name": "f", "arguments": "{\"a\":1}"}, {"id": "d", "name": "g"}]);
    let setup = Setup::new(json!([{"text": "ok", "reasoning": "hm", "tool_calls": calls}])).await;
    for provider in PROVIDERS {
        let plain = setup.call(provider, json!({})).await.unwrap();
        assert_eq!((plain.text.as_str(), plain.reasoning.as_str()), ("ok", "hm"));
        let told: Vec<_> =
            plain.tool_calls.iter().map(|call| (&call["name"], &call["arguments"])).collect();
        assert_eq!(told, [(&json!("f"), &json!("{\"a\":1}")), (&json!("g"), &json!("{}"))]);
        assert_eq!(setup.stream(provider, json!({})).await.0, Ok(plain));
    }
}

/// The bytes of a client's members are the bytes that are sent.
#[tokio::test]
async fn nothing_is_written_anew() {
    let setup = Setup::new(json!([{}])).await;
    let messages = r#"[{"role":"user","content":null,"content":"\u0041","n":1.10 , "big":9223372036854775807}]"#;
    let text = request("openai_compatible", json!({"seed": 1}));
    let hello = r#"[{"content":"Hello","role":"user"}]"#;
    assert!(text.contains(hello), "{text}");
    setup.http.call(&text.replace(hello, messages), None).await.unwrap();
    let sent = setup.mock.requests().pop().unwrap().text;
    assert_eq!(sent, format!(r#"{{"model":"model-1","messages":{messages},"seed":1}}"#));
}
