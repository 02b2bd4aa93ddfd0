//! Servers that never come to an end: the call does.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sigmapol_provider::{Answer, CallError, Delta, ErrorKind, Http, Provider as _};

use crate::request;

/// A server that answers with a beginning, and then with one piece until nobody reads it.
fn endless(beginning: String, piece: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _ = socket.read(&mut request);
        let _ = socket.write_all(beginning.as_bytes());
        while socket.write_all(&piece).is_ok() {}
    });
    format!("http://{address}")
}

fn head(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: text/event-stream\r\n\r\n")
}

/// What comes of a call, how long it took, and how often another task had its turn meanwhile.
async fn call(
    kind: &str,
    url: String,
    members: Value,
) -> (Result<Answer, CallError>, Duration, u32) {
    let config = json!({"providers": {"p": {"api_kind": kind, "base_url": url}}});
    let http = Http::new(&config).unwrap();
    let start = Instant::now();
    let request = request("p", members);
    let mut on_delta = |_: Delta<'_>| {};
    let call = http.call(&request, Some(&mut on_delta));
    tokio::pin!(call);
    let mut turns = 0;
    let mut clock = tokio::time::interval(Duration::from_millis(10));
    let result = loop {
        tokio::select! {
            result = &mut call => break result,
            _ = clock.tick() => turns += 1,
        }
    };
    (result, start.elapsed(), turns)
}

const TEXT: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"}}]}\n\n";
const END: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

#[tokio::test]
async fn nothing_but_signs_of_life() {
    for (kind, piece) in [
        ("openai_compatible", "\n".repeat(65_536)),
        ("openai_compatible", "\r\n".repeat(32_768)),
        ("openai_compatible", ": ping\n\n".repeat(1000)),
        ("openai_compatible", "data: {}\n\n".repeat(1000)),
        ("openai_compatible", " ".repeat(1000)),
        ("anthropic", "event: ping\ndata: {\"type\": \"ping\"}\n\n".repeat(1000)),
        ("google", "data:\n\n".repeat(1000)),
        ("ollama", "\n".repeat(65_536)),
        ("ollama", "{\"done\":false}\n".repeat(1000)),
    ] {
        let url = endless(head("200 OK"), piece.clone().into_bytes());
        let (result, time, turns) = call(kind, url, json!({"timeout_ms": 400})).await;
        let error = result.unwrap_err();
        let what = format!("{kind} {:?}: {error}", &piece[..8.min(piece.len())]);
        // what comes fast enough reaches the bound of bytes before that of time
        assert!([ErrorKind::Timeout, ErrorKind::BadResponse].contains(&error.kind), "{what}");
        assert!(time < Duration::from_secs(3), "{what} after {time:?}");
        assert!(turns >= 3, "{what} with {turns} turns");
    }
}

#[tokio::test]
async fn a_complete_answer_with_comments_after_it() {
    for piece in [": ping\n\n", "\n", "data: {\"choices\":[]}\n\n", "data: {\n\n"] {
        let url = endless(head("200 OK") + TEXT + END, piece.repeat(50).into_bytes());
        let (result, time, _) = call("openai_compatible", url, json!({"timeout_ms": 60_000})).await;
        assert_eq!(result.unwrap().text, "hi");
        assert!(time < Duration::from_secs(6), "{time:?}");
    }
}

#[tokio::test]
async fn a_complete_answer_does_not_outlive_its_time() {
    let url = endless(head("200 OK") + TEXT + END, b": ping\n\n".to_vec());
    let (result, time, _) = call("openai_compatible", url, json!({"timeout_ms": 500})).await;
    assert_eq!(result.unwrap().text, "hi");
    assert!(time < Duration::from_millis(1500), "{time:?}");
}

#[tokio::test]
async fn half_an_answer_with_comments_after_it() {
    for limit in [json!({"timeout_ms": 400}), json!({"timeout_ms": 60_000, "idle_timeout_ms": 400})]
    {
        let url = endless(head("200 OK") + TEXT, b": ping\n\n".to_vec());
        let (result, time, _) = call("openai_compatible", url, limit).await;
        let message = "stream_interrupted: nothing more of the answer within 400 ms";
        assert_eq!(result.unwrap_err().to_string(), message);
        assert!(time < Duration::from_secs(3), "{time:?}");
    }
}

#[tokio::test]
async fn text_without_end() {
    let url = endless(head("200 OK"), TEXT.replace("hi", &"x".repeat(100_000)).into_bytes());
    let (result, ..) = call("openai_compatible", url, json!({"timeout_ms": 60_000})).await;
    let message = "stream_interrupted: the answer is longer than 16777216 bytes";
    assert_eq!(result.unwrap_err().to_string(), message);

    let url = endless(head("200 OK"), vec![b'x'; 100_000]);
    let (result, ..) = call("ollama", url, json!({})).await;
    let message = "bad_response: a line of the stream is longer than 8388608 bytes";
    assert_eq!(result.unwrap_err().to_string(), message);
}

#[tokio::test]
async fn a_failure_without_end() {
    let url = endless(head("503 Busy"), vec![b'x'; 1000]);
    let (result, time, _) = call("openai_compatible", url, json!({})).await;
    let error = result.unwrap_err();
    assert_eq!((error.kind, error.message), (ErrorKind::ServerError, "x".repeat(200)));
    assert!(time < Duration::from_secs(4), "{time:?}");
    // one that does not come at all
    let url = endless(head("429 Slow"), Vec::new());
    let (result, time, _) = call("openai_compatible", url, json!({})).await;
    assert_eq!(result.unwrap_err().to_string(), "rate_limit: status 429");
    assert!(time < Duration::from_secs(4), "{time:?}");
}

#[tokio::test]
async fn headers_without_end() {
    let beginning = "HTTP/1.1 200 OK\r\n".to_owned();
    for (beginning, piece) in
        [(beginning.clone(), b"a: b\r\n".to_vec()), (beginning + "a: ", vec![b'x'; 1000])]
    {
        let url = endless(beginning, piece);
        let (result, ..) = call("openai_compatible", url, json!({"timeout_ms": 20_000})).await;
        assert_eq!(result.unwrap_err().kind, ErrorKind::NetworkError);
    }
}
