//! Rankings: the whole way from a router's configuration to who would be tried.

use std::sync::LazyLock;

use criterion::{BenchmarkId, Criterion};
use serde_json::{Value, json};
use sigmapol::Sandbox;
use sigmapol_core::{Effect, Engine, Native, PreparedRouter, Turn};

use crate::{
    cases::config,
    measured::Measured,
    table::{Table, count, figure},
};

/// The group of rankings that bring everything: configuration, state and contract.
pub const AT_ONCE: &str = "rank at once";
pub const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

/// The group of rankings over a configuration that was read before.
pub const PREPARED: &str = "rank prepared";

/// The ways to rank, each a group with a row for each size.
const WAYS: [(&str, &str); 2] = [("prepared", PREPARED), ("at once", AT_ONCE)];

pub fn measure(criterion: &mut Criterion) {
    let sandbox = Sandbox::new().unwrap();
    let engines: [(&str, &dyn Engine); 2] = [("component", &sandbox), ("native", &Native)];
    let mut group = criterion.benchmark_group(AT_ONCE);
    for size in SIZES {
        let event = rank(size);
        let [component, native] = engines.map(|(_, verbs)| verbs.step(None, &event).unwrap().value);
        assert!(ranked(&component) > 0);
        assert_eq!(component, native);
        for (engine, verbs) in engines {
            group.bench_function(BenchmarkId::new(engine, size), |bencher| {
                bencher.iter(|| verbs.step(None, &event).unwrap());
            });
        }
    }
    group.finish();
    measure_prepared(criterion, &sandbox);
}

fn measure_prepared(criterion: &mut Criterion, sandbox: &Sandbox) {
    let mut group = criterion.benchmark_group(PREPARED);
    for size in SIZES {
        let router = json!({ "admission": "strict", "config": config(size) }).to_string();
        let contracts = sandbox.ranker(router.clone()).unwrap();
        let mut native = PreparedRouter::load(&router).unwrap();
        let state = state(size).to_string();
        contracts.restate(&state).unwrap();
        native.restate(&state).unwrap();
        let ask = json!({ "contract": { "requirements": REQUIREMENTS.clone() }, "now_ms": NOW_MS });
        let ask = ask.to_string();
        let choice = contracts.rank(&ask).unwrap().value;
        assert!(!choice.ordered.is_empty());
        assert_eq!(choice, native.rank(&ask).unwrap());
        group.bench_function(BenchmarkId::new("component", size), |bencher| {
            bencher.iter(|| contracts.rank(&ask).unwrap());
        });
        group.bench_function(BenchmarkId::new("native", size), |bencher| {
            bencher.iter(|| native.rank(&ask).unwrap());
        });
    }
    group.finish();
}

/// What a contract asks for.
pub static REQUIREMENTS: LazyLock<Value> =
    LazyLock::new(|| json!({ "needs": ["tools"], "min_context": 4000 }));
pub const NOW_MS: u64 = 1_760_000_000_000;

/// A state as routers have it after a while: prices observed for every other model, a breaker that
/// is open, a provider that is disabled.
pub fn state(size: usize) -> Value {
    let observed = |index: usize| {
        let pair = format!("p{}|m{index}", index % 40);
        (pair, json!({ "price_in": 1.5, "price_out": 4.25 }))
    };
    let opened = json!({ "open": true, "opened_at_ms": NOW_MS - 1, "consecutive_failures": 3 });
    json!({
        "ema_metrics": (0..size).step_by(2).map(observed).collect::<serde_json::Map<_, _>>(),
        "circuit_breakers": { "p3": opened },
        "disabled_providers": { "p5": { "kind": "auth_error", "at_ms": NOW_MS - 1 } },
    })
}

/// The event of a ranking.
fn rank(size: usize) -> String {
    json!({
        "kind": "rank", "admission": "strict", "config": config(size), "state": state(size),
        "contract": { "requirements": REQUIREMENTS.clone() }, "now_ms": NOW_MS,
    })
    .to_string()
}

/// How many would be tried.
fn ranked(turn: &Turn) -> usize {
    let Effect::Done(done) = &turn.effect else { panic!("{turn:?}") };
    let done: Value = serde_json::from_str(done).unwrap();
    done["ordered"].as_array().unwrap().len()
}

pub fn section(measured: &Measured) -> String {
    let mut table =
        Table::new(1, ["rank", "candidates", "component / native", "component, µs", "native, µs"]);
    for (way, group) in WAYS {
        for size in SIZES {
            let us = |engine| measured.us(group, engine, size);
            let (component, native) = (us("component"), us("native"));
            table.row([
                way.to_owned(),
                count(size),
                figure(component / native),
                figure(component),
                figure(native),
            ]);
        }
    }
    format!(
        "## Router

`rank` by the policy `support`; prices are observed for every other model, a breaker is open, a
provider is disabled. Prepared: configuration and state are read before, each call reads its
contract. At once: each call reads all three from JSON, and lists all who would be tried and all who
would not.

{table}"
    )
}
