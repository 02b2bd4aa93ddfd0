//! Text is passed on as it arrives, and never twice.

use std::sync::Arc;

use serde_json::{Value, json};
use sigmapol_provider::{
    Answer, CallError, Calling, Delta,
    ErrorKind::{NetworkError, ServerError, StreamInterrupted, Timeout},
    OnDelta, Provider,
};
use sigmapol_router::Outcome;

use crate::{Reply, World, block_on, config, failure, path, policy};

#[test]
fn text_as_it_arrives() {
    let world = World::new(&[
        ("a", &[Reply::Fail(ServerError, Some(503))]),
        ("b", &[Reply::Text(&["hel", "", "lo"])]),
    ]);
    let (outcome, pieces) = world.stream();
    assert_eq!(pieces, ["hel", "", "lo"]);
    assert_eq!((outcome.ok, outcome.text()), (true, "hello"));
}

#[test]
fn after_text_a_failure_is_final() {
    for kind in [StreamInterrupted, Timeout] {
        let world =
            World::new(&[("a", &[Reply::Broken(&["hel"], kind)]), ("b", &[Reply::Text(&["x"])])]);
        let (outcome, pieces) = world.stream();
        assert_eq!(pieces, ["hel"]);
        assert_eq!(outcome.error.as_deref(), Some("stream_interrupted"));
        assert_eq!((outcome.ok, &outcome.answer), (false, &None));
        assert_eq!(world.called(), ["a"]);
        let message = match kind {
            StreamInterrupted => "scripted stream_interrupted",
            _ => "timeout: scripted timeout",
        };
        assert_eq!(
            *path(&outcome),
            json!([
                {"event": "attempted", "provider_id": "a", "model_family": "m", "attempt": 1,
                 "latency_ms": 10, "error_kind": "stream_interrupted", "error_message": message},
            ])
        );
        // it is a failure of the provider all the same
        assert_eq!(world.status("a")["breaker"]["consecutive_failures"], 1);
    }
}

#[test]
fn no_wait_is_begun_after_text() {
    let mut config = config();
    let retry = json!({"action": "retry_same", "attempts": 3, "backoff_ms": 1000});
    config["profiles"]["default"]["policy_ir"] = policy(&retry);
    let world = World::of(&config, &[("a", &[Reply::Broken(&["hel"], NetworkError)])], |b| b);
    let (outcome, _) = world.stream();
    assert_eq!(outcome.error.as_deref(), Some("stream_interrupted"));
    assert_eq!(outcome.trace["total_latency_ms"], json!(10));
}

#[test]
fn the_policys_own_end_stands() {
    let mut config = config();
    config["models"]["m"]["served_by"] = json!([{"provider": "a"}]);
    let world = World::of(&config, &[("a", &[Reply::Broken(&["hel"], NetworkError)])], |b| b);
    let (outcome, _) = world.stream();
    assert_eq!(outcome.error.as_deref(), Some("exhausted: stream_interrupted"));
}

#[test]
fn before_text_a_failure_is_like_any_other() {
    let world = World::new(&[
        ("a", &[Reply::Broken(&[""], NetworkError)]),
        ("b", &[Reply::Text(&["hello"])]),
    ]);
    let (outcome, pieces) = world.stream();
    assert_eq!(pieces, ["", "hello"]);
    assert!(outcome.ok);
}

/// Passes on what it is given, and then answers or fails.
struct Passing(Vec<Delta<'static>>, Result<Answer, CallError>);

impl Provider for Passing {
    fn call<'a>(&'a self, _: &'a str, on_delta: Option<OnDelta<'a>>) -> Calling<'a> {
        Box::pin(async move {
            if let Some(on_delta) = on_delta {
                self.0.iter().for_each(|delta| on_delta(*delta));
            }
            self.1.clone()
        })
    }
}

/// The outcome of a stream, and what was passed on.
fn passed(deltas: &[Delta<'static>], result: Result<Answer, CallError>) -> (Outcome, Vec<String>) {
    let provider = Arc::new(Passing(deltas.to_vec(), result));
    let world = World::of(&config(), &[], |builder| builder.provider(provider));
    let mut told = Vec::new();
    let mut on_delta = |delta: Delta<'_>| told.push(format!("{delta:?}"));
    let run = world.router.start(r#"{"prompt":"hello"}"#).unwrap();
    let outcome = block_on(run.stream(&mut on_delta)).unwrap();
    (outcome, told)
}

fn answer() -> Answer {
    let extra = json!({"google": {"thought_signature": "s"}});
    Answer {
        text: "text".to_owned(),
        reasoning: "hm".to_owned(),
        tool_calls: vec![
            json!({"id": "a", "name": "f", "arguments": "{}", "extra_content": extra}),
            json!({"name": "g", "arguments": "1"}),
        ],
        thinking_blocks: vec![
            json!({"type": "thinking", "thinking": "hm", "signature": "sig"}),
            json!({"type": "redacted_thinking", "data": "dat"}),
        ],
        ..Answer::default()
    }
}

/// Who streams hears of every answer, also of one that its provider has in one piece.
#[test]
fn an_answer_in_one_piece_is_passed_on_whole() {
    let (outcome, told) = passed(&[], Ok(answer()));
    assert!(outcome.ok);
    let expected = [
        r#"Reasoning("hm")"#,
        r#"Signature("sig")"#,
        r#"Redacted("dat")"#,
        r#"Text("text")"#,
        r#"Call { index: 0, id: "a", name: "f" }"#,
        r#"Extra { index: 0, content: Object {"google": Object {"thought_signature": String("s")}} }"#,
        r#"Arguments { index: 0, text: "{}" }"#,
        r#"Call { index: 1, id: "", name: "g" }"#,
        r#"Arguments { index: 1, text: "1" }"#,
    ];
    assert_eq!(told, expected);
    // and never twice
    let (_, told) = passed(&[Delta::Text("text")], Ok(answer()));
    assert_eq!(told, [r#"Text("text")"#]);
}

/// Whatever of an answer has been passed on, no other model goes on with it.
#[test]
fn after_anything_a_failure_is_final() {
    let error = || failure(NetworkError, None);
    for delta in [
        Delta::Reasoning("hm"),
        Delta::Signature("s"),
        Delta::Redacted("d"),
        Delta::Call { index: 0, id: "", name: "f" },
        Delta::Arguments { index: 0, text: "{" },
    ] {
        let (outcome, told) = passed(&[delta], Err(error()));
        assert_eq!(outcome.error.as_deref(), Some("stream_interrupted"), "{delta:?}");
        assert_eq!(told.len(), 1);
    }
    let nothing = [Delta::Text(""), Delta::Reasoning(""), Delta::Arguments { index: 0, text: "" }];
    let (outcome, told) = passed(&nothing, Err(error()));
    assert_eq!(outcome.error.as_deref(), Some("exhausted: network_error"));
    assert_eq!(told.len(), 3 * 3, "three candidates");
}

/// Text belongs to the call that was told of last.
#[tokio::test]
async fn calls_are_told_of_before_their_text() {
    let script = [
        ("a", &[Reply::Fail(ServerError, Some(500))][..]),
        ("b", &[Reply::Text(&["one ", "two"])]),
    ];
    let world = World::new(&script);
    let told = std::sync::Mutex::new(Vec::new());
    let mut on_call = |request: &str| {
        let request: Value = serde_json::from_str(request).unwrap();
        told.lock().unwrap().push(request["provider_id"].as_str().unwrap().to_owned());
    };
    let mut on_delta = |delta: Delta<'_>| {
        let Delta::Text(text) = delta else { panic!("{delta:?}") };
        told.lock().unwrap().push(text.to_owned());
    };
    let run = world.router.start(r#"{"prompt": "hi"}"#).unwrap();
    let outcome = run.stream_with(&mut on_call, &mut on_delta).await.unwrap();
    assert!(outcome.ok);
    assert_eq!(*told.lock().unwrap(), ["a", "b", "one ", "two"]);
}
