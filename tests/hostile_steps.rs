//! Hostile events and run states for the component: each gives a refusal or an exhausted limit with
//! a code; no trap, and memory within its bound.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use std::sync::LazyLock;

use serde_json::{Value, json};
use sigmapol::Sandbox;
use sigmapol_core::{Effect, Engine as _};

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new().unwrap());

fn start() -> Value {
    json!({
        "kind": "start", "now_ms": 1, "contract": { "prompt": "x", "seed": 7 },
        "config": {
            "providers": { "p": {
                "discovery": "static", "api_kind": "ollama", "base_url": "http://p.example",
            } },
            "models": { "m": { "capabilities": {}, "served_by": [{ "provider": "p" }] } },
            "profiles": { "default": { "retry_policy": "r" } },
            "retry_policies": { "r": {
                "timeout": { "action": "retry_same", "attempts": 10, "backoff_ms": [1, 2] },
            } },
        },
    })
}

/// Changes up to four bytes of a text.
struct Mutations(u64);

impl Mutations {
    fn next(&mut self, bound: usize) -> usize {
        self.0 = self.0 * 48_271 % 2_147_483_647; // a Lehmer generator: seeded, so repeatable
        self.0 as usize % bound
    }

    fn of(&mut self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=self.next(3) {
            let at = self.next(bytes.len());
            match self.next(3) {
                0 => bytes[at] = b" \"\\[]{},:0-9eE.tfnux"[self.next(20)],
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"[]{}\",:1"[self.next(8)]),
            }
        }
        String::from_utf8(bytes).unwrap()
    }
}

/// How many of so many steps were refused; a step that is neither taken nor refused fails.
fn refused(count: usize, mut step: impl FnMut() -> (Option<String>, String)) -> usize {
    let mut refused = 0;
    for _ in 0..count {
        let (run, event) = step();
        if let Err(error) = SANDBOX.step(run.as_deref(), &event) {
            assert!(error.code().starts_with("refused "), "{run:?}\n{event}\n{error}");
            refused += 1;
        }
    }
    refused
}

#[test]
fn mutated_events_never_trap() {
    let event = start().to_string();
    let mut mutations = Mutations(1);
    assert!(refused(1_500, || (None, mutations.of(&event))) > 500);
}

#[test]
fn mutated_runs_never_trap() {
    let turn = SANDBOX.step(None, &start().to_string()).unwrap().value;
    let event = json!({ "kind": "respond", "now_ms": 2, "response": { "error_kind": "timeout" } });
    let event = event.to_string();
    let mut mutations = Mutations(2);
    assert!(refused(1_500, || (Some(mutations.of(&turn.run)), event.clone())) > 500);
}

/// Every number of a run's state, as far from what it was as a number can be.
#[test]
fn forged_numbers_never_trap() {
    let turn = SANDBOX.step(None, &start().to_string()).unwrap().value;
    let event = json!({ "kind": "respond", "now_ms": 2, "response": { "error_kind": "timeout" } });
    let keys = ["attempts", "called_at_ms", "calls", "count", "cursor", "started_at_ms"];
    for key in keys.map(|key| format!("\"{key}\":")).into_iter().chain(["[".to_owned()]) {
        for number in ["-1", "0.5", "4294967296", "1e300", "-1e300", "18446744073709551615"] {
            // the first one is in the head, or the length of the first part
            let (before, after) = turn.run.split_once(&key).unwrap();
            let rest = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
            let run = format!("{before}{key}{number}{rest}");
            let answer = SANDBOX.step(Some(&run), &event.to_string());
            if let Err(error) = answer {
                assert!(error.code().starts_with("refused "), "{key} {number}: {error}");
            }
        }
    }
}

#[test]
fn many_candidates_fit_or_are_refused() {
    let extra = |count: usize| -> Vec<Value> {
        (0..count)
            .map(|index| json!({ "provider_id": "p", "model_family": format!("m{index}") }))
            .collect()
    };
    let mut event = start();
    event["contract"]["extra_candidates"] = json!(extra(10_000));
    let outcome = SANDBOX.step(None, &event.to_string()).unwrap();
    assert!(matches!(outcome.value.effect, Effect::Call(_)));
    assert!(outcome.spent.memory_bytes <= sigmapol::limits::MEMORY_BYTES);
    event["contract"]["extra_candidates"] = json!(extra(150_000));
    let code = SANDBOX.step(None, &event.to_string()).unwrap_err().code();
    assert_eq!(code, "exhausted memory");
}
