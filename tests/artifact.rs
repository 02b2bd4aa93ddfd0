//! The pinned component is what it claims to be.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use std::fs;

use sha2::{Digest, Sha256};
use sigmapol_tests::{project, text};

#[test]
fn digests() {
    for line in text("golden/SHA256SUMS").lines() {
        let (digest, name) = line.split_once("  ").unwrap();
        let bytes = fs::read(project("golden").join(name)).unwrap();
        let actual: String =
            Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(actual, digest, "{name}");
    }
}

#[test]
fn closed_and_integer_only() {
    let component = fs::read(project("golden/sigmapol.wasm")).unwrap();
    let report = defloat::inspect(&component).unwrap();
    assert_eq!(report.violations(), [""; 0]);
    assert_eq!(report.core_modules, 1);
    assert_eq!(report.imports, [""; 0]);
    assert_eq!(report.module_name.as_deref(), Some("sigmapol"));
    // a page loads it, and a validator carries it: it grows for a reason or not at all; the last one
    // was what flows do with data and decisions
    assert!(component.len() < 500_000, "{} bytes", component.len());
    let core = fs::read(project("golden/sigmapol.core.wasm")).unwrap();
    assert_eq!(defloat::core_module(&component).unwrap(), core);
    assert_eq!(defloat::inspect(&core).unwrap().violations(), [""; 0]);
    let frames = defloat::frames(&core).unwrap();
    assert_eq!(frames.violations(), [""; 0]);
    assert!(!frames.tail_calls);
}
