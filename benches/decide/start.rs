//! What there is before and around a decision: compiled code, an instance, a process.

use std::{
    env,
    env::consts::EXE_SUFFIX,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use criterion::{BenchmarkId, Criterion};
use sigmapol::{Cache, Policy, Sandbox, artifact};
use sigmapol_core::{Engine, Native, Prepared};
use sigmapol_tests::project;

use crate::{
    cases::catalog,
    measured::Measured,
    table::{Table, figure},
};

const SANDBOX: &str = "sandbox";
const CALL: &str = "smallest call";
const PROCESS: &str = "process";

/// The least that a call can be asked.
const TERM: &str = r#"["top"]"#;
const POLICY: &str = r#"["policy", ["top"], ["zero"], ["argmax"], ["id"],
    ["always", {"action": "next_candidate"}]]"#;

/// Compiled code of these measurements, so that nobody else's cache is touched.
const CACHE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/bench-cache");

pub fn measure(criterion: &mut Criterion) {
    let cache = Cache::at(CACHE);
    let sandbox = Sandbox::load(artifact::COMPONENT, &cache).unwrap();
    let mut group = criterion.benchmark_group(SANDBOX);
    group.sample_size(10);
    for (name, cache) in [("compiled", Cache::disabled()), ("cached", cache)] {
        group.bench_function(BenchmarkId::new(name, "load"), |bencher| {
            bencher.iter(|| Sandbox::load(artifact::COMPONENT, &cache).unwrap());
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group(CALL);
    group.bench_function(BenchmarkId::new("component", "hash"), |bencher| {
        bencher.iter(|| sandbox.hash(TERM, "{}").unwrap());
    });
    group.bench_function(BenchmarkId::new("native", "hash"), |bencher| {
        bencher.iter(|| Native.hash(TERM, "{}").unwrap());
    });
    let text = catalog(1).to_string();
    let (loaded, policy) = (sandbox.catalog(text.clone()).unwrap(), Policy::new(POLICY));
    let mut native = Prepared::load(&text).unwrap();
    let number = native.policy(POLICY, "{}").unwrap();
    assert_eq!(loaded.decide(&policy, "{}").unwrap().value.ordered, [0]);
    group.bench_function(BenchmarkId::new("component", "catalog"), |bencher| {
        bencher.iter(|| loaded.decide(&policy, "{}").unwrap());
    });
    group.bench_function(BenchmarkId::new("native", "catalog"), |bencher| {
        bencher.iter(|| native.decide(number, "{}").unwrap());
    });
    group.finish();

    let program = program();
    if !program.exists() {
        return println!("left out: {} is not built", program.display());
    }
    let mut group = criterion.benchmark_group(PROCESS);
    for engine in ["component", "native"] {
        group.bench_function(BenchmarkId::new(engine, "hash"), |bencher| {
            bencher.iter(|| hash(&program, engine));
        });
    }
    group.finish();
}

/// The command that was built beside this.
fn program() -> PathBuf {
    let beside = env::current_exe().unwrap();
    beside.ancestors().nth(2).unwrap().join(format!("sigmapol{EXE_SUFFIX}"))
}

fn hash(program: &Path, engine: &str) {
    let status = Command::new(program)
        .args(["--engine", engine, "hash", "examples/support.json"])
        .args(["--vocabulary", "examples/catalog.json"])
        .current_dir(project("."))
        .env("SIGMAPOL_CACHE_DIR", CACHE)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
}

pub fn section(measured: &Measured) -> String {
    let mut calls = Table::new(1, ["call", "component / native", "component, µs", "native, µs"]);
    for (what, group, input) in [
        ("`hash` of `[\"top\"]`, a fresh instance", CALL, "hash"),
        ("`decide` over a catalog of one, a warm instance", CALL, "catalog"),
        ("`sigmapol hash`, a process, code from the cache", PROCESS, "hash"),
    ] {
        let us = |engine| measured.us(group, engine, input);
        let (component, native) = (us("component"), us("native"));
        calls.row([what.to_owned(), figure(component / native), figure(component), figure(native)]);
    }
    let us = |way| measured.us(SANDBOX, way, "load");
    let (compiled, cached) = (us("compiled"), us("cached"));
    let mut sandbox = Table::new(0, ["compiled / cached", "compiled, µs", "cached, µs"]);
    sandbox.row([figure(compiled / cached), figure(compiled), figure(cached)]);
    format!(
        "## Start

The smallest calls there are; what the first takes beyond native code is its instance, made and
dropped. The process names `examples/support.json` and reads its vocabulary from
`examples/catalog.json`.

{calls}
`Sandbox::new`, and the sandbox dropped: the component compiled, or its compiled code read from the
cache.

{sandbox}"
    )
}
