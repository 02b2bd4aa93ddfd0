//! Text is passed on as it arrives, and never twice.

use serde_json::{Value, json};
use sigmapol_provider::{
    Delta,
    ErrorKind::{NetworkError, ServerError, StreamInterrupted, Timeout},
};

use crate::{Reply, World, config, path, policy};

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
