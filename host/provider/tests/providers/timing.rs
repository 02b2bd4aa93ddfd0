//! Limits of time. The clock is stopped and moves on when everything waits: a limit passes before
//! the longer wait of the mock does, however busy the machine is.

use serde_json::json;
use sigmapol_provider::{Delta, ErrorKind, Provider as _};

use crate::{Setup, request};

#[tokio::test(start_paused = true)]
async fn no_answer_in_time() {
    let setup = Setup::new(json!([{"delay_ms": 60_000}])).await;
    let limit = json!({"timeout_ms": 30_000, "first_token_timeout_ms": 10});
    let error = setup.call("openai_compatible", limit.clone()).await.unwrap_err();
    assert_eq!(error.to_string(), "timeout: no answer within 30000 ms");
    assert_eq!(error.http_status, None);
}

#[tokio::test(start_paused = true)]
async fn no_text_in_time() {
    let setup = Setup::new(json!([{"delay_ms": 60_000}])).await;
    let limit = json!({"timeout_ms": 30_000, "first_token_timeout_ms": 10_000});
    let (result, pieces) = setup.stream("openai_compatible", limit).await;
    assert_eq!(result.unwrap_err().to_string(), "timeout: no text within 10000 ms");
    assert_eq!(pieces, [""; 0]);
}

#[tokio::test]
async fn text_that_does_not_go_on_in_time() {
    let steps = json!([{"text": "ab", "chunks": 2, "chunk_delay_ms": 60_000}]);
    let setup = Setup::new(steps).await;
    let mut pieces = Vec::new();
    let mut on_delta = |delta: Delta<'_>| {
        let Delta::Text(text) = delta else { panic!("{delta:?}") };
        pieces.push(text.to_owned());
        tokio::time::pause(); // from here on only waiting takes time
    };
    // the limit on the first text is over when it has come
    let limit = json!({"timeout_ms": 50_000, "first_token_timeout_ms": 10_000});
    let request = request("ollama", limit);
    let error = setup.http.call(&request, Some(&mut on_delta)).await.unwrap_err();
    let message = "stream_interrupted: nothing more of the answer within 50000 ms";
    assert_eq!(error.to_string(), message);
    assert_eq!((error.kind, error.http_status), (ErrorKind::StreamInterrupted, Some(200)));
    assert_eq!(pieces, ["a"]);
}

#[tokio::test]
async fn text_that_pauses_too_long() {
    let steps = json!([{"text": "ab", "chunks": 2, "chunk_delay_ms": 60_000}]);
    let setup = Setup::new(steps).await;
    let mut on_delta = |_: Delta<'_>| tokio::time::pause();
    let limit = json!({"timeout_ms": 50_000, "idle_timeout_ms": 20_000});
    let request = request("openai_compatible", limit);
    let error = setup.http.call(&request, Some(&mut on_delta)).await.unwrap_err();
    let message = "stream_interrupted: nothing more of the answer within 20000 ms";
    assert_eq!(error.to_string(), message);
}

/// Longer than the limit of the whole, and never a long pause.
#[tokio::test]
async fn text_that_goes_on_is_not_cut_off() {
    let steps = json!([{"text": "abcdefgh", "chunks": 8, "chunk_delay_ms": 150}]);
    let setup = Setup::new(steps).await;
    let (result, pieces) = setup.stream("anthropic", json!({"timeout_ms": 800})).await;
    assert_eq!(result.unwrap().text, "abcdefgh");
    assert_eq!(pieces.len(), 8);
}

#[tokio::test]
async fn reasoning_is_a_beginning() {
    let event = |delta: &str| format!("data: {{\"choices\":[{{\"delta\":{{{delta}}}}}]}}\n\n");
    let text = event("\"content\":\"hi\"") + "data: [DONE]\n\n";
    for (beginning, begins) in [
        (event("\"reasoning_content\":\"hm\""), true),
        (event("\"reasoning_details\":[{\"type\":\"reasoning.encrypted\"}]"), true),
        (event("\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\"}}]"), true),
        (event("\"role\":\"assistant\",\"content\":\"\""), false),
        (": OPENROUTER PROCESSING\n\n".to_owned(), false),
    ] {
        let setup = Setup::new(json!([{"raw": [beginning, 1500, text]}])).await;
        let limit = json!({"timeout_ms": 20_000, "first_token_timeout_ms": 700});
        let (result, _) = setup.stream("openai_compatible", limit).await;
        if begins {
            assert_eq!(result.unwrap().text, "hi", "{beginning}");
        } else {
            let message = "timeout: no text within 700 ms";
            assert_eq!(result.unwrap_err().to_string(), message, "{beginning}");
        }
    }
}

#[tokio::test]
async fn limits_beyond_what_clocks_count() {
    let setup = Setup::new(json!([{}])).await;
    let limit = json!({"timeout_ms": u64::MAX, "first_token_timeout_ms": u64::MAX,
        "idle_timeout_ms": u64::MAX});
    setup.call("google", limit.clone()).await.unwrap();
    setup.stream("google", limit).await.0.unwrap();
}
