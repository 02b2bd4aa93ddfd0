//! Rankings: the whole way from a router's configuration to who would be tried.

use criterion::{BenchmarkId, Criterion};
use serde_json::{Value, json};
use sigmapol::{Effect, Native, Sandbox, Turn, Verbs};

use crate::{
    cases::config,
    measured::Measured,
    table::{Table, count, figure},
};

/// The group of rankings that bring everything: configuration, state and contract.
pub const AT_ONCE: &str = "rank at once";
pub const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

/// The ways to rank, each a group with a row for each size. A ranking over something prepared is
/// one more.
const WAYS: [(&str, &str); 1] = [("at once", AT_ONCE)];

pub fn measure(criterion: &mut Criterion) {
    let sandbox = Sandbox::new().unwrap();
    let engines: [(&str, &dyn Verbs); 2] = [("component", &sandbox), ("native", &Native)];
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
}

/// The event of a ranking, with the state that a router has after its start.
fn rank(size: usize) -> String {
    let config = config(size);
    let init = json!({ "kind": "init", "config": config }).to_string();
    let state: Value =
        serde_json::from_str(&Native.step(None, &init).unwrap().value.state).unwrap();
    let requirements = json!({ "needs": ["tools"], "min_context": 4000 });
    json!({
        "kind": "rank", "admission": "strict", "config": config, "state": state,
        "contract": { "requirements": requirements }, "now_ms": 1_760_000_000_000_u64,
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

The event `rank` by the policy `support`. At once: each call reads configuration, state and contract from JSON, and lists all who would be
tried and all who would not.

{table}"
    )
}
