//! What every call of a gateway takes in the sandbox: a start and an answer, over the router of a host
//! with a handful of providers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use std::sync::Arc;

use serde_json::json;
use sigmapol::Sandbox;
use sigmapol_core::{Effect, Engine, Metered, Native, RouterText, Stateless, Stepper, Turn};

#[path = "../benches/decide/cases.rs"]
#[allow(dead_code, reason = "the cases of the benchmark")]
mod cases;

/// Fuel of a start and an answer together: some 15 µs on a machine of today, and a tenth of what both
/// take when each reads the state, the policy and the run as a whole.
const FUEL: u64 = 200_000;

const CANDIDATES: usize = 40;
const STATE: &str = r#"{"circuit_breakers":{},"disabled_providers":{},"discovery_cache":{},"ema_metrics":{"p1|m1":{"price_in":3,"price_out":1}},"initialized":true}"#;
const START: &str = r#"{"contract":{"requirements":{"min_context":4000,"needs":["tools"]},"seed":7},"kind":"start","now_ms":1000}"#;
const ANSWER: &str = r#"{"kind":"respond","now_ms":1100,"response":{"ok":true,"response":{}}}"#;

fn router() -> String {
    json!({ "admission": "strict", "config": cases::config(CANDIDATES) }).to_string()
}

/// A start and an answer to it.
fn call(stepper: &dyn Stepper, state: &Arc<str>) -> [Metered<Turn>; 2] {
    let start = stepper.step_under(state, None, START).unwrap();
    assert!(matches!(start.value.effect, Effect::Call(_)));
    let answer = stepper.step_under(state, Some(&start.value.run), ANSWER).unwrap();
    [start, answer]
}

#[test]
fn a_call_is_short_and_the_same_as_everywhere() {
    let router = router();
    let stepper = Sandbox::new().unwrap().stepper(&router).unwrap();
    let state: Arc<str> = STATE.into();
    // the first step of an instance reads the state with its event
    let first = call(&*stepper, &state);
    let again = call(&*stepper, &state);
    let native = Stateless::new(Native, RouterText::new(&router).unwrap());
    let stateless = call(&native, &state);
    let turns = |call: &[Metered<Turn>; 2]| call.each_ref().map(|step| step.value.clone());
    assert_eq!(turns(&first), turns(&stateless));
    assert_eq!(turns(&again), turns(&stateless));
    let Effect::Done(done) = &again[1].value.effect else { panic!("{:?}", again[1].value.effect) };
    let done: serde_json::Value = serde_json::from_str(done).unwrap();
    assert_eq!((&done["ok"], &done["trace"]["total_latency_ms"]), (&json!(true), &json!(100)));
    let fuel: u64 = again.iter().map(|step| step.spent.fuel).sum();
    assert!(fuel <= FUEL, "{fuel}");
}

/// Another state, by its pointer, is another state.
#[test]
fn no_step_sees_the_state_of_another() {
    let stepper = Sandbox::new().unwrap().stepper(&router()).unwrap();
    let open: Arc<str> = STATE.into();
    let closed: Arc<str> = STATE
        .replace(
            r#""disabled_providers":{}"#,
            r#""disabled_providers":{"p1":{"at_ms":1000,"kind":"auth_error"}}"#,
        )
        .into();
    let tried = |state: &Arc<str>| {
        let turn = stepper.step_under(state, None, START).unwrap().value;
        assert_eq!(*turn.state, **state);
        let Effect::Call(request) = turn.effect else { panic!("{:?}", turn.effect) };
        let request: serde_json::Value = serde_json::from_str(&request).unwrap();
        request["provider_id"].as_str().unwrap().to_owned()
    };
    let first = tried(&open);
    assert_eq!(first, "p1");
    for _ in 0..3 {
        // in a row, so that the instance is told the one and then the other
        for state in [&closed, &closed, &closed] {
            assert_ne!(tried(state), first);
        }
        for state in [&open, &open, &open] {
            assert_eq!(tried(state), first);
        }
        assert_ne!(tried(&closed), first);
        // and none at all
        let turn = stepper.step(None, START).unwrap().value;
        assert!(!turn.state.contains("p1"), "{}", turn.state);
    }
}
