//! Every run ends, within a bound that its configuration gives.
//!
//! The bound: a run has a cursor over the candidates that only moves forward, and a count of
//! retries that starts at 0 for each candidate, whatever the kinds of its failures. A failure
//! either ends the run, or moves the cursor, or, by `retry_same`, adds 1 to the count and calls
//! again, possibly after one wait; the last only while the count is at most the `attempts` of the
//! action. So with R = the largest floor(max(attempts, 0)) of a plan's actions, 1 where an action
//! has none, a candidate is called at most 1 + R times with at most R waits between, and a run has
//! at most candidates × (2R + 1) + 1 effects, the last being the one that it is done.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

mod cases;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sigmapol_engine::{Effect, Turn, step};

use cases::{Case, DISABLED_MS, Moment, case};

/// The same arguments give the same turn, and so does a run that was read and written by a host.
fn turn(run: Option<&str>, event: &Value) -> Turn {
    let event = event.to_string();
    let turn = step(run, &event).unwrap_or_else(|error| panic!("{error}\n{event}"));
    assert_eq!(step(run, &event).unwrap(), turn);
    if let Some(run) = run {
        let copy: Value = serde_json::from_str(run).unwrap();
        assert_eq!(step(Some(&copy.to_string()), &event).unwrap(), turn);
    }
    turn
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// What is called is not disabled at that time, and not called more often than its candidates may.
fn allowed(case: &Case, calls: &mut BTreeMap<(String, String), usize>, turn: &Turn, now_ms: f64) {
    let Effect::Call(request) = &turn.effect else { return };
    let request = parse(request);
    let text = |key: &str| request[key].as_str().unwrap().to_owned();
    let (provider, model) = (text("provider_id"), text("model_family"));
    if let Some(entry) = parse(&turn.state)["disabled_providers"].get(&provider) {
        let at_ms = entry["at_ms"].as_f64().unwrap();
        assert!(now_ms - at_ms >= DISABLED_MS, "{provider} is disabled at {now_ms}: {entry}");
    }
    let pair = (provider, model);
    let bound = case.pairs[&pair] * (1 + case.retries);
    let count = calls.entry(pair).or_default();
    *count += 1;
    assert!(*count <= bound, "{count} calls of {request}, expected at most {bound}");
}

/// Walks a run to its end; how many effects it had.
fn walk(case: &Case) -> usize {
    let mut now_ms = 1000.0;
    let mut last = turn(
        None,
        &json!({
            "kind": "start", "admission": case.admission, "config": case.config,
            "contract": { "seed": 7 }, "now_ms": now_ms,
        }),
    );
    let mut calls = BTreeMap::new();
    let mut effects = 1;
    allowed(case, &mut calls, &last, now_ms);
    for moment in case.moments.iter().cycle() {
        now_ms += moment.passed_ms;
        let mut state = parse(&last.state);
        if let Some((provider, bare)) = moment.disabled {
            let entry = json!({ "kind": "auth_error", "at_ms": now_ms });
            let entry = if bare { json!("auth_error") } else { entry };
            state["disabled_providers"][format!("p{provider}")] = entry;
        }
        let mut event = json!({ "admission": case.admission, "now_ms": now_ms, "state": state });
        match &last.effect {
            Effect::Done(_) => break,
            Effect::Wait(until_ms) => {
                assert!(*until_ms > now_ms - moment.passed_ms);
                event["kind"] = json!("resume");
            }
            Effect::Call(_) => {
                event["kind"] = json!("respond");
                if let Some(response) = &moment.response {
                    event["response"] = response.clone();
                }
            }
        }
        last = turn(Some(&last.run), &event);
        effects += 1;
        allowed(case, &mut calls, &last, now_ms);
        assert!(
            effects <= case.effects(),
            "{effects} effects, expected at most {}",
            case.effects()
        );
    }
    done_is_final(case, &last, now_ms);
    effects
}

/// Whatever comes after the end changes nothing.
fn done_is_final(case: &Case, last: &Turn, now_ms: f64) {
    for more in [
        json!({ "kind": "resume" }),
        json!({ "kind": "respond" }),
        json!({ "kind": "respond", "response": { "ok": true, "response": "late" } }),
        json!({ "kind": "respond", "response": { "ok": false, "error_kind": "auth_error" } }),
        json!({ "kind": "skip", "reason": "late" }),
        json!({ "kind": "cancel", "reason": "late" }),
    ] {
        let mut event = more.clone();
        event["admission"] = json!(case.admission);
        event["now_ms"] = json!(now_ms + 1.0);
        event["state"] = parse(&last.state);
        let after = turn(Some(&last.run), &event);
        assert_eq!((&after.effect, &after.run), (&last.effect, &last.run), "{more}");
        assert_eq!(after.state, last.state, "{more}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1024,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_run_ends(case in case()) {
        walk(&case);
    }
}

/// The bound cannot be lower: waiting retries that never help reach it.
#[test]
fn the_bound_is_reached() {
    for (admission, candidates, retries) in
        [("strict", 2, 3), ("strict", 1, 10), ("reference", 8, 10), ("reference", 3, 0)]
    {
        let provider =
            json!({ "discovery": "static", "base_url": "http://p", "api_kind": "ollama" });
        let names: Vec<_> = (0..candidates).map(|index| format!("p{index}")).collect();
        let served_by: Vec<_> = names.iter().map(|name| json!({ "provider": name })).collect();
        let providers = names.iter().map(|name| (name.clone(), provider.clone()));
        let config = json!({
            "providers": providers.collect::<Map<_, _>>(),
            "models": { "m": { "capabilities": {}, "served_by": served_by } },
            "profiles": { "default": { "retry_policy": "table" } },
            "retry_policies": { "table": { "unknown": {
                "action": "retry_same", "attempts": retries, "backoff_ms": 1,
            } } },
            "defaults": { "disable_provider_ttl_ms": DISABLED_MS },
        });
        let pairs = names.into_iter().map(|name| ((name, "m".to_owned()), 1)).collect();
        let moments = vec![Moment { passed_ms: 1.0, disabled: None, response: None }];
        let case = Case { admission, config, pairs, retries, moments };
        assert_eq!(walk(&case), candidates * (2 * retries + 1) + 1);
    }
}
