//! The compiler's own library.

use std::{path::Path, process::Command};

/// A module with a function for each operator, and the library's routines; nothing, and a line that
/// says so, where the target `wasm32-wasip2` is missing.
pub fn library() -> Option<Vec<u8>> {
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
        return None;
    }
    assert!(output.status.success(), "{message}");
    Some(std::fs::read(file).unwrap())
}
