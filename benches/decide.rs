//! Decisions, a fresh instance each, beside native code; ratios first.
//!
//! `make bench` writes `docs/benchmarks.md` from the medians of one run.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use criterion::{BenchmarkId, Criterion};
use serde_json::{Value, json};
use sigmapol_tests::{engines, project, text};

const SIZES: [usize; 4] = [10, 30, 100, 1000];
const POLICIES: [&str; 2] = ["support", "agent"];

/// A ctx of so many candidates: the example catalog, repeated with other prices.
fn ctx(count: usize) -> String {
    let mut ctx: Value = serde_json::from_str(&text("examples/catalog.json")).unwrap();
    let offers = ctx["candidates"].as_array().unwrap().clone();
    let candidates = offers.iter().cycle().take(count).enumerate().map(|(index, offer)| {
        let mut offer = offer.clone();
        offer["price_out"] = json!(offer["price_out"].as_f64().unwrap() + index as f64 / 64.0);
        offer
    });
    ctx["candidates"] = candidates.collect();
    let request: Value = serde_json::from_str(&text("examples/request.json")).unwrap();
    for (key, value) in request.as_object().unwrap() {
        ctx[key] = value.clone();
    }
    ctx.to_string()
}

fn measure(criterion: &mut Criterion) {
    for name in POLICIES {
        let policy = text(&format!("examples/{name}.json"));
        let mut group = criterion.benchmark_group(name);
        for size in SIZES {
            let ctx = ctx(size);
            for (engine, verbs) in engines() {
                group.bench_with_input(BenchmarkId::new(engine, size), &ctx, |bencher, ctx| {
                    bencher.iter(|| verbs.decide(&policy, ctx).unwrap());
                });
            }
        }
        group.finish();
    }
    let policy = text("examples/agent.json");
    let vocabulary = r#"{"fields":{"bench_intelligence":{"sort":"Num","default":0}}}"#;
    let mut group = criterion.benchmark_group("hash");
    for (engine, verbs) in engines() {
        group.bench_function(BenchmarkId::new(engine, "agent"), |bencher| {
            bencher.iter(|| verbs.hash(&policy, vocabulary).unwrap());
        });
    }
    group.finish();
}

/// The median of a measurement of this run, in microseconds.
fn median(group: &str, engine: &str, input: &str) -> f64 {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| project("target"), PathBuf::from);
    let file = target.join("criterion").join(group).join(engine).join(input);
    let estimates = fs::read_to_string(file.join("new/estimates.json")).unwrap();
    let estimates: Value = serde_json::from_str(&estimates).unwrap();
    estimates["median"]["point_estimate"].as_f64().unwrap() / 1e3
}

fn row(table: &mut String, group: &str, input: &str) {
    let [component, core, native] =
        ["component", "core", "native"].map(|engine| median(group, engine, input));
    writeln!(
        table,
        "| {group} | {input} | {:.2} | {:.2} | {component:.1} | {core:.1} | {native:.1} |",
        component / native,
        core / native,
    )
    .unwrap();
}

fn report() {
    let mut table = String::from(
        "# Benchmarks\n\nMedians of one run of `make bench`. Texts in, values out, with all JSON; in a sandbox each call has a \
         fresh\ninstance, fuel is metered. Ratios compare within a row; times are those of one machine with 2 cores.\n\n\
         | policy | candidates | component / native | core / native | component, µs | core, µs | native, µs |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for policy in POLICIES {
        for size in SIZES {
            row(&mut table, policy, &size.to_string());
        }
    }
    table += "\nAdmission and identity of `examples/agent.json`:\n\n\
              | verb | policy | component / native | core / native | component, µs | core, µs | native, µs |\n\
              |---|---|---|---|---|---|---|\n";
    row(&mut table, "hash", "agent");
    fs::write(project("docs/benchmarks.md"), table).unwrap();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    measure(&mut criterion);
    criterion.final_summary();
    if std::env::args().any(|argument| argument == "--bench") {
        report();
    }
}
