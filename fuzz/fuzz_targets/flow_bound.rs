//! See `tests/properties/flow_bound.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sigmapol_tests::properties::hold("flow_bound", bytes));
