//! Calls that bring everything: a fresh instance each, texts in, values out.

use criterion::{BenchmarkId, Criterion};
use serde_json::Value;
use sigmapol_tests::{engines, text};

use crate::{
    cases::ctx,
    measured::Measured,
    table::{Table, count, figure},
};

const DECIDE: &str = "support at once";
const SIZES: [usize; 4] = [10, 20, 100, 1_000];

const ADMIT: &str = "admit";
const HASH: &str = "hash";
const TERMS: [&str; 2] = ["support", "agent"];

pub fn measure(criterion: &mut Criterion) {
    let policy = text("examples/support.json");
    let mut group = criterion.benchmark_group(DECIDE);
    for size in SIZES {
        let ctx = ctx(size);
        for (engine, verbs) in engines() {
            group.bench_function(BenchmarkId::new(engine, size), |bencher| {
                bencher.iter(|| verbs.decide(&policy, &ctx).unwrap());
            });
        }
    }
    group.finish();

    let ctx: Value = serde_json::from_str(&text("examples/catalog.json")).unwrap();
    let vocabulary = ctx["vocabulary"].to_string();
    for name in TERMS {
        let term = text(&format!("examples/{name}.json"));
        for (engine, verbs) in engines().into_iter().filter(|(engine, _)| *engine != "core") {
            criterion
                .benchmark_group(HASH)
                .bench_function(BenchmarkId::new(engine, name), |bencher| {
                    bencher.iter(|| verbs.hash(&term, &vocabulary).unwrap())
                });
            criterion
                .benchmark_group(ADMIT)
                .bench_function(BenchmarkId::new(engine, name), |bencher| {
                    bencher.iter(|| verbs.admit(&term, &vocabulary).unwrap())
                });
        }
    }
}

pub fn section(measured: &Measured) -> String {
    let mut decide = Table::new(
        0,
        [
            "candidates",
            "component / native",
            "core / native",
            "component, µs",
            "core, µs",
            "native, µs",
        ],
    );
    for size in SIZES {
        let us = |engine| measured.us(DECIDE, engine, size);
        let (component, core, native) = (us("component"), us("core"), us("native"));
        decide.row([
            count(size),
            figure(component / native),
            figure(core / native),
            figure(component),
            figure(core),
            figure(native),
        ]);
    }
    let mut admit =
        Table::new(2, ["verb", "policy", "component / native", "component, µs", "native, µs"]);
    for verb in [HASH, ADMIT] {
        for name in TERMS {
            let us = |engine| measured.us(verb, engine, name);
            let (component, native) = (us("component"), us("native"));
            admit.row([
                verb.to_owned(),
                name.to_owned(),
                figure(component / native),
                figure(component),
                figure(native),
            ]);
        }
    }
    format!(
        "## At once

`decide` by `examples/support.json` over the example catalog, repeated: texts in, values out, with
all JSON; in a sandbox each call has a fresh instance. The bare core module is measured here alone:
it has no catalogs.

{decide}
Identity and admission of `examples/support.json` and `examples/agent.json`:

{admit}"
    )
}
