//! The routines of the compiler's own library in place of its operators.
//!
//! Needs the target `wasm32-wasip2`; says so and passes where it is missing.

mod support;

use std::{path::Path, process::Command};

#[test]
fn the_library_computes_what_the_operators_compute() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("arithmetic.wasm");
    let rustc = std::env::var_os("RUSTC").unwrap_or("rustc".into());
    let output = Command::new(rustc)
        .args(["--edition", "2024", "--target", "wasm32-wasip2", "--crate-type", "cdylib"])
        .args(["-Copt-level=3", "-Cpanic=abort", "-Clink-arg=--skip-wit-component", "-o"])
        .arg(&file)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/arithmetic.rs"))
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    if message.contains("can't find crate for `core`") {
        eprintln!("skipped: the target wasm32-wasip2 is not installed");
        return;
    }
    assert!(output.status.success(), "{message}");

    let original = std::fs::read(file).unwrap();
    let before = defloat::inspect(&original).unwrap();
    for operator in ["f64.lt", "f64.ge", "f64.ne", "f32.div", "i64.trunc_sat_f64_u"] {
        assert!(before.float_operators.contains_key(operator), "{:?}", before.float_operators);
    }
    let lowered = defloat::lower(&original).unwrap();
    assert!(defloat::inspect(&lowered).unwrap().float_operators.is_empty());
    assert!(support::compare(&original, &lowered) > 20_000);
}
