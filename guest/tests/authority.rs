//! What a caller may do to others in the `strict` profile, and what a host hears about it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use serde_json::{Value, json};
use sigmapol_engine::{Effect, step};

/// A model at three providers in this order, and a profile of the host's own.
fn config() -> Value {
    let provider = |name: &str| {
        json!({
            "api_kind": "ollama", "discovery": "static", "auth": { "kind": "none" },
            "base_url": format!("http://{name}.example"),
        })
    };
    json!({
        "providers": { "p1": provider("p1"), "p2": provider("p2"), "p3": provider("p3") },
        "models": { "m": {
            "capabilities": {},
            "served_by": [{ "provider": "p1" }, { "provider": "p2" }, { "provider": "p3" }],
        } },
        "profiles": { "default": { "retry_policy": "host" } },
        "retry_policies": { "host": {
            "rate_limit": { "action": "next_candidate", "open_breaker_ms": 90000 },
            "payment_required": { "action": "disable_provider" },
            "bad_request": { "action": "disable_provider" },
            "server_error": { "action": "retry_same", "attempts": 1, "backoff_ms": 100 },
            "timeout": { "action": "retry_same", "attempts": 10, "backoff_ms": 0 },
        } },
        "policy_envelope": ["not", ["provider_eq", "p3"]],
        "defaults": { "caller_open_breaker_max_ms": 20000, "max_attempts_per_execution": 4 },
    })
}

/// A policy that a caller brings, which reacts to everything in one way.
fn callers(action: &Value) -> Value {
    json!(["policy", ["top"], ["zero"], ["argmax"], ["id"], ["always", action]])
}

struct Host {
    state: Value,
    run: String,
}

impl Host {
    fn new() -> Self {
        Self { state: json!({}), run: String::new() }
    }

    /// Starts a run; the effect as JSON.
    fn start(&mut self, contract: &Value) -> Value {
        let event = json!({
            "kind": "start", "config": config(), "contract": contract, "state": self.state,
            "now_ms": 1000,
        });
        self.turn(None, &event)
    }

    /// The call under way fails.
    fn fail(&mut self, kind: &str, more: &Value) -> Value {
        let mut response = more.clone();
        response["ok"] = json!(false);
        response["error_kind"] = json!(kind);
        self.go_on(&json!({ "kind": "respond", "response": response, "now_ms": 2000 }))
    }

    fn go_on(&mut self, event: &Value) -> Value {
        let mut event = event.clone();
        event["state"] = self.state.clone();
        let run = self.run.clone();
        self.turn(Some(&run), &event)
    }

    fn turn(&mut self, run: Option<&str>, event: &Value) -> Value {
        let turn = step(run, &event.to_string()).unwrap_or_else(|error| panic!("{error}"));
        self.state = serde_json::from_str(&turn.state).unwrap();
        self.run = turn.run;
        match turn.effect {
            Effect::Call(text) => {
                let request: Value = serde_json::from_str(&text).unwrap();
                json!({ "call": request["provider_id"] })
            }
            Effect::Wait(until_ms) => json!({ "wait": until_ms }),
            Effect::Done(text) => serde_json::from_str(&text).unwrap(),
        }
    }

    fn window_ms(&self) -> &Value {
        &self.state["circuit_breakers"]["p1"]["window_ms"]
    }
}

#[test]
fn a_host_opens_breakers_for_as_long_as_it_says_and_a_caller_for_less() {
    let mut host = Host::new();
    assert_eq!(host.start(&json!({})), json!({ "call": "p1" }));
    assert_eq!(host.fail("rate_limit", &json!({})), json!({ "call": "p2" }));
    assert_eq!(*host.window_ms(), json!(90000));

    let mut host = Host::new();
    let policy = callers(&json!({ "action": "next_candidate", "open_breaker_ms": 90000 }));
    host.start(&json!({ "policy_ir": policy }));
    host.fail("rate_limit", &json!({}));
    assert_eq!(*host.window_ms(), json!(20000));
}

#[test]
fn who_may_disable_a_provider_and_for_what() {
    let disable = callers(&json!({ "action": "disable_provider" }));
    for (contract, kind, disabled) in [
        (json!({}), "payment_required", true),
        (json!({}), "bad_request", false),
        (json!({ "policy_ir": disable }), "auth_error", true),
        (json!({ "policy_ir": disable }), "payment_required", false),
        (json!({ "policy_ir": disable }), "bad_request", false),
    ] {
        let mut host = Host::new();
        host.start(&contract);
        // the run goes on with the next one either way
        assert_eq!(host.fail(kind, &json!({})), json!({ "call": "p2" }), "{contract} {kind}");
        let entry = json!({ "kind": kind, "at_ms": 2000 });
        let expected = if disabled { Some(&entry) } else { None };
        assert_eq!(host.state["disabled_providers"].get("p1"), expected, "{contract} {kind}");
    }
}

#[test]
fn a_run_is_cut_off_at_the_cap() {
    let mut host = Host::new();
    host.start(&json!({}));
    for _ in 0..3 {
        assert_eq!(host.fail("timeout", &json!({})), json!({ "call": "p1" }));
    }
    let done = host.fail("timeout", &json!({}));
    assert_eq!(done["error"], "exhausted: attempt_cap");
}

#[test]
fn a_provider_that_asks_for_time_gets_it() {
    for (asked_ms, until_ms) in [(50, 2100), (7000, 9000), (3_600_000, 62_000)] {
        let mut host = Host::new();
        host.start(&json!({}));
        let effect = host.fail("server_error", &json!({ "retry_after_ms": asked_ms }));
        assert_eq!(effect, json!({ "wait": until_ms as f64 }), "{asked_ms}");
    }
}

#[test]
fn the_envelope_holds_for_pins() {
    let contract = json!({
        "policy_ir": callers(&json!({ "action": "next_candidate" })),
        "requirements": { "pin": { "provider": "p3", "model": "m" } },
    });
    let done = Host::new().start(&contract);
    assert_eq!(done["error"], "no_candidates");
    assert_eq!(
        done["trace"]["rejected"],
        json!([{ "provider": "p3", "model": "m", "reason": "not" }])
    );
}

#[test]
fn a_caller_brings_models_and_no_addresses() {
    let extra = |candidate: Value| json!({ "extra_candidates": [candidate], "profile": "default" });
    let candidate = json!({ "provider_id": "p2", "model_family": "new", "price_in": 0 });
    let event = |contract: Value| {
        json!({
            "kind": "rank", "config": config(), "contract": contract, "now_ms": 0,
        })
    };
    let ranked = |contract: Value| Host::new().turn(None, &event(contract));
    let found = ranked(extra(candidate.clone()));
    assert_eq!(found["ordered"][3]["model_family"], "new");
    assert_eq!(found["ordered"][3]["served_model_id"], "new");
    assert_eq!(found["ordered"][3]["base_url"], "http://p2.example");
    for (key, value, message) in [
        (
            "base_url",
            json!("http://elsewhere.example"),
            "contract.extra_candidates[0].base_url: expected none, the configuration of 'p2' has it",
        ),
        (
            "auth_env",
            json!("OTHER_KEY"),
            "contract.extra_candidates[0].auth_env: expected none, the configuration of 'p2' has it",
        ),
        (
            "provider_id",
            json!("p4"),
            "contract.extra_candidates[0].provider_id: unknown name 'p4', the nearest known one is \
             'p1'",
        ),
    ] {
        let mut candidate = candidate.clone();
        candidate[key] = value;
        assert_eq!(ranked(extra(candidate)), json!({ "error": message }), "{key}");
    }
    assert_eq!(
        ranked(json!({ "promt": "hello" })),
        json!({ "error": "contract: unknown key 'promt', the nearest known one is 'prompt'" })
    );
}

#[test]
fn a_host_gives_a_run_up() {
    let mut host = Host::new();
    host.start(&json!({}));
    let cancel = json!({ "kind": "cancel", "reason": "the caller left", "now_ms": 1500 });
    let done = host.go_on(&cancel);
    assert_eq!((&done["ok"], &done["error"]), (&json!(false), &json!("the caller left")));
    assert_eq!(done["trace"]["total_latency_ms"], json!(500));
    // and that is final
    let late = json!({ "kind": "respond", "response": { "ok": true }, "now_ms": 1600 });
    assert_eq!(host.go_on(&late), done);
}

#[test]
fn what_is_refused() {
    let mut host = Host::new();
    host.start(&json!({}));
    host.fail("timeout", &json!({}));
    let run = host.run.clone();
    // a part of the text for another, of as many bytes
    let with = |part: &str, other: &str| {
        assert_eq!((run.matches(part).count(), part.len()), (1, other.len()), "{part}");
        Some(run.replace(part, other))
    };
    let resume = json!({ "kind": "resume", "now_ms": 0 });
    for (run, event, message) in [
        (with("\"version\":2", "\"version\":1"), resume.clone(), "run: run: expected version 2"),
        (Some("[]".to_owned()), resume.clone(), "run: run: expected an object"),
        // what is carried as text is where its length says, and nothing else is a state
        (
            Some(run.replace("\"plan\":", "\"plan\": ")),
            resume.clone(),
            "run: run: expected the text that the last turn gave",
        ),
        (
            Some(run.replace("{\"bytes\":[", "{\"bytes\":[9")),
            resume.clone(),
            "run: run: expected the text that the last turn gave",
        ),
        (
            Some(run.replace("{\"bytes\":[", "{\"bytes\":[-")),
            resume.clone(),
            "run: run: expected the text that the last turn gave",
        ),
        (
            with("\"calls\":", "\"cells\":"),
            resume.clone(),
            "run: run: head.calls: expected a value",
        ),
        (
            with("\"last_error\":\"timeout\"", "\"fast_error\":\"timeout\""),
            resume.clone(),
            "run: run: head: unknown key 'fast_error'",
        ),
        (
            Some(run.replace("\"cursor\":0", "\"cursor\":[]")),
            resume.clone(),
            "run: run: head.cursor: expected a number",
        ),
        (
            Some(
                run.replace("\"decision_path\":[{", "\"decision_path\":{\"a\":[{")
                    .replace("}],\"last_error", "}]},\"last_error"),
            ),
            resume.clone(),
            "run: run: head.decision_path: expected an array",
        ),
        (
            Some(run.replace("\"candidates\":[", "\"candidatez\":[")),
            resume.clone(),
            "run: run: plan.candidates: expected a value",
        ),
        (
            Some(run.clone()),
            json!({ "kind": "start", "now_ms": 0 }),
            "unsupported: event.kind: expected respond, resume, skip, cancel or answer with a run, got \
             'start'",
        ),
        (
            Some(run.clone()),
            json!({ "kind": "answer", "text": "", "now_ms": 0 }),
            "run: run: expected the run of a flow",
        ),
        (
            Some(run.clone()),
            json!({ "kind": "respond", "response": { "okay": true }, "now_ms": 0 }),
            "event: event.response: unknown key 'okay', the nearest known one is 'ok'",
        ),
        (Some(run.clone()), json!({ "kind": "resume" }), "event: event.now_ms: expected a value"),
        (None, json!([1]), "event: event: expected an object"),
        (None, json!({}), "event: event.kind: expected a value"),
        (None, json!({ "kind": 1 }), "event: event.kind: expected a string"),
        (None, json!({ "kind": "begin" }), "unsupported: event.kind: unknown kind 'begin'"),
        (
            None,
            json!({ "kind": "status", "stat": {} }),
            "event: event: unknown key 'stat', the nearest known one is 'state'",
        ),
        (
            None,
            json!({ "kind": "status", "admission": "lax" }),
            "event: event.admission: expected strict or reference",
        ),
        (None, json!({ "kind": "status", "state": 1 }), "event: event.state: expected an object"),
        (
            None,
            json!({ "kind": "start", "config": config(), "contract": 1, "now_ms": 0 }),
            "event: event.contract: expected an object",
        ),
        (
            None,
            json!({ "kind": "status", "config": {}, "now_ms": 0 }),
            "config: config.providers required",
        ),
        (None, json!({ "kind": "flow", "flow": ["flow", {}] }), "flow: $: flow has no nodes"),
    ] {
        let refusal = step(run.as_deref(), &event.to_string()).unwrap_err();
        assert_eq!(refusal.to_string(), message);
    }
}

#[test]
fn a_flow_keeps_its_vocabulary() {
    let policy = json!(["policy", ["top"], ["field", "bench"], ["argmax"], ["id"],
        ["always", { "action": "abort" }]]);
    let event = json!({
        "kind": "flow", "input": "hello",
        "vocabulary": { "fields": { "bench": { "sort": "Num", "default": 0 } } },
        "flow": ["flow", {
            "in": { "kind": "input" },
            "ask": { "kind": "llm", "inputs": ["in"], "system": "s", "policy": policy },
            "out": { "kind": "output", "inputs": ["ask"] },
        }],
    });
    let turn = step(None, &event.to_string()).unwrap();
    let answer = json!({ "kind": "answer", "text": "bye" }).to_string();
    let turn = step(Some(&turn.run), &answer).unwrap();
    assert_eq!(turn.effect, Effect::Done(r#"{"output":"bye"}"#.to_owned()));
}
