//! The end of a run, and waits that are not worth their time.

use std::sync::Arc;

use serde_json::{Value, json};
use sigmapol_core::Effect;
use sigmapol_provider::{
    Answer, CallError, Calling, Delta,
    ErrorKind::{self, RateLimit, ServerError, Timeout},
    OnDelta, Provider,
};
use sigmapol_router::{Clock as _, Run};

use crate::{Reply, START_MS, World, block_on, config, failure, path, policy};

const UP: &[Reply] = &[Reply::Text(&["hello"])];

fn start(world: &World, contract: &str) -> Run {
    world.router.start(contract).unwrap()
}

fn asked_to_wait(ms: u64) -> CallError {
    CallError { retry_after_ms: Some(ms), ..failure(RateLimit, Some(429)) }
}

fn request(run: &Run) -> Value {
    let Effect::Call(request) = run.effect() else { panic!("{:?}", run.effect()) };
    serde_json::from_str(request).unwrap()
}

#[test]
fn a_long_wait_is_not_begun_while_another_is_ready() {
    let world = World::new(&[]);
    let mut run = start(&world, "{}");
    run.respond(Err(asked_to_wait(20_000))).unwrap();
    assert_eq!(request(&run)["provider_id"], "b");
    run.respond(Err(asked_to_wait(20_000))).unwrap();
    assert_eq!(request(&run)["provider_id"], "c");
    // nobody is left
    run.respond(Err(asked_to_wait(20_000))).unwrap();
    assert_eq!(*run.effect(), Effect::Wait(START_MS + 20_000.0));
    run.resume().unwrap();
    assert_eq!(request(&run)["provider_id"], "c");
    run.respond(Ok(Answer::default())).unwrap();
    let outcome = run.outcome().unwrap();
    let events: Vec<_> = path(&outcome).as_array().unwrap().iter().collect();
    assert_eq!(events.len(), 9, "{events:?}");
    assert_eq!(
        events[2],
        &json!({"event": "skipped", "provider_id": "a", "model_family": "m", "reason": "wait"})
    );
}

/// As long as the configuration says, and no longer.
#[test]
fn the_bound_of_a_wait() {
    for (bound, asked, waits) in
        [(None, 5_000, true), (None, 5_001, false), (Some(900), 900, true), (Some(900), 901, false)]
    {
        let mut config = config();
        if let Some(bound) = bound {
            config["defaults"] = json!({ "fallback_wait_ms": bound });
        }
        let world = World::of(&config, &[], |builder| builder);
        let mut run = start(&world, "{}");
        run.respond(Err(asked_to_wait(asked))).unwrap();
        assert_eq!(matches!(run.effect(), Effect::Wait(_)), waits, "{bound:?} {asked}");
    }
}

/// The others are disabled: what is left is to wait.
#[test]
fn who_is_disabled_is_not_ready() {
    let world = World::new(&[]);
    let mut run = start(&world, "{}");
    for other in ["b", "c"] {
        world.router.disable(other).unwrap();
    }
    run.respond(Err(asked_to_wait(20_000))).unwrap();
    assert_eq!(*run.effect(), Effect::Wait(START_MS + 20_000.0));
    world.router.enable("b").unwrap();
    run.resume().unwrap();
    assert_eq!(request(&run)["provider_id"], "a");
}

#[test]
fn limits_are_cut_to_what_is_left() {
    let world = World::new(&[]);
    let mut run = start(&world, r#"{"deadline_ms":12000,"idle_timeout_ms":20000}"#);
    let limits = |run: &Run| {
        let request = request(run);
        assert_eq!(request.get("deadline_ms"), None);
        (request["timeout_ms"].clone(), request["idle_timeout_ms"].clone())
    };
    assert_eq!(limits(&run), (json!(12_000), json!(12_000)));
    world.clock.advance(11_000.0);
    run.respond(Err(failure(ServerError, Some(500)))).unwrap();
    assert_eq!(limits(&run), (json!(1_000), json!(1_000)));
    world.clock.advance(1_000.0);
    run.respond(Err(failure(Timeout, None))).unwrap();
    assert_eq!(run.outcome().unwrap().error.as_deref(), Some("deadline"));
    // the failure of b is the caller's, that of a was not
    let failures =
        |provider: &str| world.status(provider)["breaker"]["consecutive_failures"].clone();
    assert_eq!((failures("a"), failures("b")), (json!(1), json!(0)));
    let run = start(&world, r#"{"deadline_ms":60000}"#);
    assert_eq!(request(&run)["timeout_ms"], 30_000);
}

/// A wait that would end at the deadline or later is not begun, whoever is left.
#[test]
fn no_wait_passes_the_deadline() {
    let mut alone = config();
    alone["models"]["m"]["served_by"] = json!([{"provider": "a"}]);
    for (deadline, asked, waits) in [(1_000, 999, true), (1_000, 1_000, false)] {
        let world = World::of(&alone, &[], |builder| builder);
        let mut run = start(&world, &json!({ "deadline_ms": deadline }).to_string());
        run.respond(Err(asked_to_wait(asked))).unwrap();
        assert_eq!(matches!(run.effect(), Effect::Wait(_)), waits);
        if !waits {
            let outcome = run.outcome().unwrap();
            assert_eq!((outcome.ok, outcome.error.as_deref()), (false, Some("deadline")));
            assert_eq!(world.clock.now_ms(), START_MS);
        }
    }
    // another is ready
    let world = World::new(&[]);
    let mut run = start(&world, r#"{"deadline_ms":1000}"#);
    run.respond(Err(asked_to_wait(1_000))).unwrap();
    assert_eq!(request(&run)["provider_id"], "b");
}

/// The error is the deadline, whatever the policy makes of the failure.
#[test]
fn a_deadline_is_the_end_of_every_policy() {
    for otherwise in ["abort", "next_candidate"] {
        let mut config = config();
        config["profiles"]["default"]["policy_ir"] = policy(&json!({ "action": otherwise }));
        let world = World::of(&config, &[], |builder| builder);
        let mut run = start(&world, r#"{"deadline_ms":1000}"#);
        world.clock.advance(1_000.0);
        run.respond(Err(failure(Timeout, None))).unwrap();
        let Effect::Done(done) = run.effect() else { panic!("{:?}", run.effect()) };
        assert!(done.contains(r#""error":"deadline""#), "{done}");
        assert_eq!(run.outcome().unwrap().error.as_deref(), Some("deadline"));
        assert_eq!(world.status("a")["breaker"]["consecutive_failures"], 0);
    }
    // an answer that came late is an answer
    let world = World::new(&[]);
    let mut run = start(&world, r#"{"deadline_ms":1000}"#);
    world.clock.advance(2_000.0);
    run.respond(Ok(Answer::default())).unwrap();
    assert!(run.outcome().unwrap().ok);
}

/// Never answers, after a piece of text or without one.
struct Hanging(&'static [&'static str]);

impl Provider for Hanging {
    fn call<'a>(&'a self, _: &'a str, on_delta: Option<OnDelta<'a>>) -> Calling<'a> {
        Box::pin(async move {
            if let Some(on_delta) = on_delta {
                self.0.iter().for_each(|piece| on_delta(Delta::Text(piece)));
            }
            std::future::pending().await
        })
    }
}

#[test]
fn a_call_that_hangs_is_given_up() {
    for pieces in [&[][..], &["half"]] {
        let hanging = Arc::new(Hanging(pieces));
        let world = World::of(&config(), &[], |builder| builder.provider(hanging));
        let run = start(&world, r#"{"deadline_ms":700}"#);
        let outcome = block_on(run.stream(&mut |_| ())).unwrap();
        assert_eq!(outcome.error.as_deref(), Some("deadline"), "{pieces:?}");
        assert_eq!(outcome.trace["total_latency_ms"], 700);
        assert_eq!(world.clock.now_ms(), START_MS + 700.0);
        let kind = if pieces.is_empty() { "timeout" } else { "stream_interrupted" };
        assert_eq!(path(&outcome)[0]["error_kind"], kind);
        assert_eq!(world.status("a")["breaker"]["consecutive_failures"], 0);
    }
}

#[test]
fn a_run_that_is_in_time() {
    let world = World::new(&[("a", &[Reply::Fail(ErrorKind::ServerError, None)]), ("b", UP)]);
    let outcome = block_on(start(&world, r#"{"deadline_ms":21}"#).answer()).unwrap();
    assert_eq!(outcome.chosen.unwrap()["provider_id"], "b");
    let outcome = block_on(start(&world, r#"{"deadline_ms":10}"#).answer()).unwrap();
    assert_eq!(outcome.error.as_deref(), Some("deadline"));
    let wrong = world.router.start(r#"{"deadline_ms":"1"}"#).unwrap_err().to_string();
    let expected = "contract.deadline_ms: expected a number of milliseconds above 0";
    assert_eq!(wrong, expected);
    assert_eq!(world.router.rank(r#"{"deadline_ms":0}"#).unwrap_err().to_string(), expected);
    world.router.rank(r#"{"deadline_ms":1}"#).unwrap();
}
