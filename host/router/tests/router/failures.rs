//! A run walks through its failures.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use ErrorKind::{BadRequest, RateLimit, ServerError, Timeout};
use serde_json::json;
use sigmapol::Sandbox;
use sigmapol_core::{Admission, Decision, Effect, Engine, Error, Metered, Native, Turn};
use sigmapol_provider::{Answer, ErrorKind};
use sigmapol_router::{Clock as _, RouterError};

use crate::{Reply, START_MS, World, block_on, config, path, policy};

fn script() -> [(&'static str, &'static [Reply]); 3] {
    [
        ("a", &[Reply::Fail(RateLimit, Some(429)), Reply::Fail(ServerError, Some(500))]),
        ("b", &[Reply::Fail(Timeout, None)]),
        ("c", &[Reply::Text(&["hello ", "yourself"])]),
    ]
}

#[test]
fn an_answer_after_429_500_and_a_timeout() {
    let world = World::new(&script());
    let outcome = world.ask();
    assert!(outcome.ok);
    assert_eq!(outcome.answer, Some(json!({"text": "hello yourself"})));
    assert_eq!(
        outcome.chosen,
        Some(json!({
            "provider_id": "c", "model_family": "m", "served_model_id": "m", "served_by": "c"
        }))
    );
    assert_eq!(
        *path(&outcome),
        json!([
            {"event": "attempted", "provider_id": "a", "model_family": "m", "attempt": 1,
             "latency_ms": 10, "error_kind": "rate_limit", "http_status": 429,
             "error_message": "scripted rate_limit"},
            {"event": "retry_scheduled", "provider_id": "a", "model_family": "m", "attempt": 1,
             "backoff_ms": 250},
            {"event": "attempted", "provider_id": "a", "model_family": "m", "attempt": 2,
             "latency_ms": 10, "error_kind": "server_error", "http_status": 500,
             "error_message": "scripted server_error"},
            {"event": "attempted", "provider_id": "b", "model_family": "m", "attempt": 1,
             "latency_ms": 10, "error_kind": "timeout", "error_message": "scripted timeout"},
            {"event": "attempted", "provider_id": "c", "model_family": "m", "attempt": 1,
             "latency_ms": 10},
        ])
    );
    assert_eq!(outcome.trace["total_latency_ms"], json!(290));
    assert_eq!(world.clock.now_ms(), START_MS + 290.0);
}

#[test]
fn the_sandbox_gives_the_same_outcome() {
    let sandbox = Arc::new(Sandbox::new().unwrap());
    let world = World::of(&config(), &script(), |builder| builder.engine(sandbox));
    assert_eq!(world.ask(), World::new(&script()).ask());
}

#[test]
fn nobody_answers() {
    let fail = |kind| [Reply::Fail(kind, None)];
    let world =
        World::new(&[("a", &fail(ServerError)), ("b", &fail(ServerError)), ("c", &fail(Timeout))]);
    let outcome = world.ask();
    assert!(!outcome.ok);
    assert_eq!(outcome.error.as_deref(), Some("exhausted: timeout"));
    assert_eq!((outcome.answer, outcome.chosen), (None, None));
    assert_eq!(world.called(), ["a", "b", "c"]);
}

#[test]
fn a_plan_that_gives_up() {
    let mut config = config();
    config["profiles"]["default"]["policy_ir"] = policy(&json!({"action": "abort"}));
    let world = World::of(&config, &[("a", &[Reply::Fail(BadRequest, Some(400))])], |b| b);
    assert_eq!(world.ask().error.as_deref(), Some("bad_request"));
    assert_eq!(world.called(), ["a"]);
}

#[test]
fn a_contract_that_cannot_be_met() {
    let world = World::new(&[]);
    let done = |contract: &str| world.router.start(contract).unwrap().outcome().unwrap();
    let outcome = done(r#"{"profile":"other"}"#);
    assert_eq!(outcome.error.as_deref(), Some("unknown profile: other"));
    let outcome = done(r#"{"requirements":{"pin":{"provider":"a","model":"other"}}}"#);
    assert_eq!(outcome.error.as_deref(), Some("no_candidates"));
    assert_eq!(
        outcome.trace["rejected"],
        json!([{"reason": "pin_not_found", "pin": {"provider": "a", "model": "other"}}])
    );
    let error = world.router.start("{} , \"kind\":1").unwrap_err();
    assert_eq!(
        (error.code().as_str(), error.to_string().as_str()),
        ("input", "contract: expected a JSON object: trailing characters at line 1 column 4")
    );
    let error = world.router.start("{\"prompt\":null}").unwrap_err();
    assert_eq!(error.code(), "refused json-null");
}

/// What a tool is called with may hold what the engine refuses.
#[test]
fn an_answer_does_not_travel_through_the_engine() {
    let world = World::new(&[]);
    let mut run = world.router.start("{}").unwrap();
    let call = json!({"name": "find", "arguments": {"before": null}});
    run.respond(Ok(Answer { tool_calls: vec![call.clone()], ..Answer::default() })).unwrap();
    let outcome = run.outcome().unwrap();
    assert_eq!(outcome.answer, Some(json!({"text": "", "tool_calls": [call]})));
}

#[test]
fn an_embedder_does_the_calling_and_waiting() {
    let world = World::new(&[]);
    let mut run = world.router.start(r#"{"prompt":"hello"}"#).unwrap();
    let Effect::Call(request) = run.effect() else { panic!("{:?}", run.effect()) };
    let request: serde_json::Value = serde_json::from_str(request).unwrap();
    assert_eq!(
        request,
        json!({
            "provider_id": "a", "model_family": "m", "served_model_id": "m",
            "api_kind": "openai_compatible", "base_url": "http://127.0.0.1:1/a",
            "auth": {"kind": "none"}, "timeout_ms": 30_000,
            "messages": [{"role": "user", "content": "hello"}],
        })
    );
    let asked = |error: RouterError| (error.code(), error.to_string());
    let effect = |text: &str| ("effect".to_owned(), format!("run: expected {text}"));
    assert_eq!(asked(run.resume().unwrap_err()), effect("a wait to be next, got a call"));
    assert_eq!(asked(run.outcome().unwrap_err()), effect("the end to be next, got a call"));
    run.respond(Err(crate::failure(RateLimit, Some(429)))).unwrap();
    assert_eq!(*run.effect(), Effect::Wait(START_MS + 250.0));
    let error = run.respond(Ok(Answer::default())).unwrap_err();
    assert_eq!(asked(error), effect("a call to be next, got a wait"));
    run.cancel("shutting down").unwrap();
    run.cancel("again").unwrap();
    let outcome = run.outcome().unwrap();
    assert_eq!(outcome.error.as_deref(), Some("shutting down"));
    assert_eq!(path(&outcome)[1]["event"], "retry_scheduled");
}

/// The wait that a provider asks for is part of what the engine is told.
#[test]
fn a_provider_says_how_long() {
    let world = World::new(&[]);
    let mut run = world.router.start("{}").unwrap();
    let failure = crate::failure(RateLimit, Some(429));
    let failure = sigmapol_provider::CallError { retry_after_ms: Some(900), ..failure };
    run.respond(Err(failure)).unwrap();
    assert_eq!(*run.effect(), Effect::Wait(START_MS + 900.0));
}

#[test]
fn a_router_without_a_provider() {
    let config = sigmapol_router::Config::from_json(&config().to_string()).unwrap();
    let router = sigmapol_router::Router::builder(config);
    let router = router.engine(Arc::new(sigmapol_core::Native)).build().unwrap();
    let error = crate::block_on(router.start("{}").unwrap().answer()).unwrap_err();
    assert_eq!(
        (error.code().as_str(), error.to_string().as_str()),
        ("provider", "provider: the router was built without one")
    );
}

/// A prompt never reaches the engine, and costs it nothing; it is sent all the same.
#[test]
fn what_was_said_does_not_travel_through_the_engine() {
    let fuel = |contract: &str| {
        let engine = Arc::new(Metering::default());
        let world = World::of(&config(), &[("a", &[Reply::Text(&["ok"])])], |builder| {
            builder.engine(Arc::clone(&engine) as _)
        });
        let run = world.router.start(contract).unwrap();
        block_on(run.answer()).unwrap();
        let sent = world.provider.requests.lock().unwrap()[0]["messages"].clone();
        (engine.bytes.load(Ordering::Relaxed), sent)
    };
    // a seed of the caller's: one that is drawn has more digits or less
    let short = fuel(r#"{"seed":1,"prompt":"0123456789"}"#);
    let long = "x".repeat(1_000_000);
    let long = fuel(&format!(r#"{{"seed":1,"prompt":"{long}"}}"#));
    assert_eq!(short.0, long.0);
    assert_eq!(long.1[0]["content"].as_str().unwrap().len(), 1_000_000);
    let (_, sent) = fuel(r#"{"messages":[{"role":"assistant","content":null}]}"#);
    assert_eq!(sent, json!([{"role": "assistant", "content": null}]));
}

/// Adds up the bytes that the engine gets.
#[derive(Default)]
struct Metering {
    bytes: AtomicUsize,
}

impl Engine for Metering {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
        Native.admit(term, vocabulary)
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
        Native.hash(term, vocabulary)
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
        Native.decide(policy, ctx)
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        self.bytes.fetch_add(run.map_or(0, str::len) + event.len(), Ordering::Relaxed);
        Native.step(run, event)
    }
}
