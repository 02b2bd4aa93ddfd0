//! Decisions over a catalog that is loaded, decisions made at once in a fresh instance, native code
//! and another policy engine beside them; ratios first.
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

use std::time::Duration;

use criterion::{BenchmarkId, Criterion};
use serde_json::{Value, json};
use sigmapol::{Policy, Prepared, Sandbox};
use sigmapol_tests::{engines, project, text};

/// Over catalogs: a filter and one normalised price, two normalised fields, a sample.
const OVER_CATALOGS: [(&str, &str); 3] = [
    (
        "support",
        r#"["policy",
            ["and", ["meets_req"], ["not", ["is", "disabled"]], ["has_cap", "supports_tools"],
                ["cmp", "bench", "ge", 0.1]],
            ["neg", ["normalize", ["field", "price_out"]]], ["argmax"], ["id"],
            ["always", {"action": "next_candidate"}]]"#,
    ),
    (
        "two weights",
        r#"["policy", ["and", ["meets_req"], ["not", ["is", "disabled"]]],
            ["add", ["scale", 0.7, ["neg", ["normalize", ["field", "price_in"]]]],
                ["scale", 0.3, ["normalize", ["field", "bench"]]]],
            ["argmax"], ["id"], ["always", {"action": "next_candidate"}]]"#,
    ),
    (
        "sample",
        r#"["policy", ["and", ["meets_req"], ["not", ["is", "disabled"]]],
            ["neg", ["normalize", ["field", "price_in"]]], ["sample", 0.5], ["id"],
            ["always", {"action": "next_candidate"}]]"#,
    ),
];
const CATALOG_SIZES: [usize; 4] = [10, 100, 1000, 10_000];
const REQUEST: &str = r#"{"request":{"requirements":{"needs":["tools"],"min_context":4000}}}"#;

/// What the policy `support` says, in Rego: filter, order by price, the first.
const REGO: &str = "package route
passes(c) if {
    c.capabilities.supports_tools
    c.capabilities.context >= input.min_context
    not data.disabled[c.provider_id]
    c.bench >= 0.1
}
ordered := sort([[c.price_out, i] | some i, c in data.candidates; passes(c)])
first := ordered[0][1]
";

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

/// So many distinct candidates at 40 providers, one of them with an open breaker, one disabled.
fn catalog(count: usize) -> Value {
    let candidate = |index: usize| {
        json!({
            "provider_id": format!("p{}", index % 40), "model_family": format!("m{index}"),
            "capabilities": { "context": 8000, "supports_tools": !index.is_multiple_of(3) },
            "price_in": (index * 7919 % 1000) as f64 / 16.0,
            "price_out": (index * 104_729 % 10_007) as f64 / 64.0,
            "bench": (index * 31 % 97) as f64 / 97.0,
        })
    };
    json!({
        "candidates": (0..count).map(candidate).collect::<Vec<_>>(),
        "vocabulary": { "fields": { "bench": { "sort": "Num", "default": 0 } } },
        "state": { "breakers": { "p3": true }, "disabled": { "p5": 1 } },
    })
}

fn rego(catalog: &Value) -> regorus::Engine {
    let mut engine = regorus::Engine::new();
    engine.add_policy("route.rego".to_owned(), REGO.to_owned()).unwrap();
    let data = json!({
        "candidates": catalog["candidates"], "disabled": catalog["state"]["disabled"],
    });
    engine.add_data_json(&data.to_string()).unwrap();
    engine.set_input_json(r#"{"min_context":4000}"#).unwrap();
    engine
}

fn measure_catalogs(criterion: &mut Criterion) {
    let sandbox = Sandbox::new().unwrap();
    for (name, policy) in OVER_CATALOGS {
        let mut group = criterion.benchmark_group(name);
        group.sample_size(20).measurement_time(Duration::from_secs(2));
        for size in CATALOG_SIZES {
            let value = catalog(size);
            let text = value.to_string();
            let loaded = sandbox.catalog(text.clone()).unwrap();
            let ready = Policy::new(policy);
            let mut native = Prepared::load(&text).unwrap();
            let number = native.policy(policy, "{}").unwrap();
            let choice = loaded.decide(&ready, REQUEST).unwrap().value;
            assert_eq!(choice, native.decide(number, REQUEST).unwrap());
            group.bench_function(BenchmarkId::new("catalog", size), |bencher| {
                bencher.iter(|| loaded.decide(&ready, REQUEST).unwrap());
            });
            group.bench_function(BenchmarkId::new("catalog-native", size), |bencher| {
                bencher.iter(|| native.decide(number, REQUEST).unwrap());
            });
            if name == "support" && size <= 1000 {
                let mut rego = rego(&value);
                let mut first = || rego.eval_rule("data.route.first".to_owned()).unwrap();
                let row = first().as_u32().unwrap();
                let winner = choice.ordered[0];
                // the same price: Rego breaks ties by index too
                assert_eq!(row, winner);
                group.bench_function(BenchmarkId::new("rego", size), |bencher| {
                    bencher.iter(&mut first);
                });
            }
        }
        group.finish();
    }
}

fn measure(criterion: &mut Criterion) {
    for name in POLICIES {
        let policy = text(&format!("examples/{name}.json"));
        let mut group = criterion.benchmark_group(format!("{name} at once"));
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

fn catalog_row(table: &mut String, group: &str, size: usize) {
    let size = size.to_string();
    let [component, native] =
        ["catalog", "catalog-native"].map(|engine| median(group, engine, &size));
    let rego = match group {
        "support" if size.len() <= 4 => median(group, "rego", &size),
        _ => f64::NAN,
    };
    let beside = if rego.is_nan() { "".to_owned() } else { format!("{:.0}", rego / component) };
    let rego = if rego.is_nan() { "".to_owned() } else { format!("{rego:.0}") };
    writeln!(
        table,
        "| {group} | {size} | {:.2} | {beside} | {component:.1} | {native:.1} | {rego} |",
        component / native,
    )
    .unwrap();
}

fn report() {
    let mut table = String::from(
        "# Benchmarks\n\nMedians of one run of `make bench`; fuel is metered in every sandbox. Ratios compare within a row; times are those of \
         one\nmachine with 2 cores.\n\n## Over a catalog\n\nThe catalog is loaded and the policy admitted before; each decision takes \
         the request as JSON. Distinct candidates at 40 providers.\nRego is the same filter, order and first in regorus, its data loaded \
         and its input set before.\n\n\
         | policy | candidates | component / native | rego / component | component, µs | native, µs | rego, µs |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for (policy, _) in OVER_CATALOGS {
        for size in CATALOG_SIZES {
            catalog_row(&mut table, policy, size);
        }
    }
    table += "\n## At once\n\nTexts in, values out, with all JSON; in a sandbox each call has a fresh instance.\n\n\
         | policy | candidates | component / native | core / native | component, µs | core, µs | native, µs |\n\
         |---|---|---|---|---|---|---|\n";
    for policy in POLICIES {
        for size in SIZES {
            row(&mut table, &format!("{policy} at once"), &size.to_string());
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
    measure_catalogs(&mut criterion);
    measure(&mut criterion);
    criterion.final_summary();
    if std::env::args().any(|argument| argument == "--bench") {
        report();
    }
}
