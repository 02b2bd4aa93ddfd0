//! Decisions over catalogs that are loaded, by policies that are admitted.

use criterion::{BenchmarkId, Criterion};
use sigmapol::{Policy, Sandbox};
use sigmapol_core::Prepared;

use crate::{
    cases::{CASES, Case, REQUEST, catalog, rego},
    measured::Measured,
    table::{NOT_MEASURED, Table, count, figure},
};

/// The size that growth is told from.
const REFERENCE_SIZE: usize = 1_000;

pub fn measure(criterion: &mut Criterion) {
    let sandbox = Sandbox::new().unwrap();
    for case in &CASES {
        let mut group = criterion.benchmark_group(case.name);
        for size in case.sizes() {
            let value = catalog(size);
            let text = value.to_string();
            let loaded = sandbox.catalog(text.clone()).unwrap();
            let policy = Policy::new(case.policy);
            let mut native = Prepared::load(&text).unwrap();
            let number = native.policy(case.policy, "{}").unwrap();
            let choice = loaded.decide(&policy, REQUEST).unwrap().value;
            assert_eq!(choice, native.decide(number, REQUEST).unwrap());
            group.bench_function(BenchmarkId::new("component", size), |bencher| {
                bencher.iter(|| loaded.decide(&policy, REQUEST).unwrap());
            });
            group.bench_function(BenchmarkId::new("native", size), |bencher| {
                bencher.iter(|| native.decide(number, REQUEST).unwrap());
            });
            if case.has_rego(size) {
                let mut rego = rego(&value);
                let mut first = || rego.eval_rule("data.route.first".to_owned()).unwrap();
                // where the price is the same: Rego breaks ties by index too
                assert_eq!(first().as_u32().unwrap(), choice.ordered[0]);
                group.bench_function(BenchmarkId::new("rego", size), |bencher| {
                    bencher.iter(&mut first);
                });
            }
        }
        group.finish();
    }
}

pub fn section(measured: &Measured) -> String {
    let mut beside = Table::new(
        1,
        [
            "policy",
            "candidates",
            "component / native",
            "rego / component",
            "component, µs",
            "native, µs",
            "rego, µs",
        ],
    );
    let mut growth = Table::new(
        1,
        [
            "policy",
            "candidates",
            "component, × n log n",
            "native, × n log n",
            "component, ns per candidate",
            "native, ns per candidate",
        ],
    );
    for case in &CASES {
        for size in case.sizes() {
            let us = |engine| measured.us(case.name, engine, size);
            let (component, native) = (us("component"), us("native"));
            let rego = case.has_rego(size).then(|| us("rego"));
            let figure_or = |value: Option<f64>| value.map_or(NOT_MEASURED.to_owned(), figure);
            beside.row([
                case.name.to_owned(),
                count(size),
                figure(component / native),
                figure_or(rego.map(|rego| rego / component)),
                figure(component),
                figure(native),
                figure_or(rego),
            ]);
            growth.row([
                case.name.to_owned(),
                count(size),
                figure(grown(measured, case, "component", size)),
                figure(grown(measured, case, "native", size)),
                figure(component * 1e3 / size as f64),
                figure(native * 1e3 / size as f64),
            ]);
        }
    }
    format!(
        "## Over a catalog

The catalog is loaded and the policy admitted before; each decision takes the request as JSON.
Distinct candidates at 40 providers. Rego is the same filter, order and first in regorus, its data
loaded and its input set before.

{beside}
How the cost grows: × n log n is the time over n log n, beside that over {reference} candidates. Above
{reference}, what is not more than 1 grows no faster than n log n; below, it shows what a decision costs
over no candidates at all. The rows are measured seconds apart: other work on the machine shows
here.

{growth}",
        reference = count(REFERENCE_SIZE),
    )
}

/// The time over n log n, in that of [`REFERENCE_SIZE`].
fn grown(measured: &Measured, case: &Case, engine: &str, size: usize) -> f64 {
    let unit = |size: usize| {
        let n = size as f64;
        measured.us(case.name, engine, size) / (n * n.log2())
    };
    unit(size) / unit(REFERENCE_SIZE)
}
