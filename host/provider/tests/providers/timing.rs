//! Limits of time. The clock is stopped and moves on when everything waits: a limit passes before
//! the longer wait of the mock does, however busy the machine is.

use serde_json::json;
use sigmapol_provider::{ErrorKind, Provider as _};

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
    let mut on_text = |text: &str| {
        pieces.push(text.to_owned());
        tokio::time::pause(); // from here on only waiting takes time
    };
    // the limit on the first text is over when it has come
    let limit = json!({"timeout_ms": 50_000, "first_token_timeout_ms": 10_000});
    let request = request("ollama", limit);
    let error = setup.http.call(&request, Some(&mut on_text)).await.unwrap_err();
    let message = "stream_interrupted: nothing more of the answer within 50000 ms";
    assert_eq!(error.to_string(), message);
    assert_eq!((error.kind, error.http_status), (ErrorKind::StreamInterrupted, Some(200)));
    assert_eq!(pieces, ["a"]);
}
