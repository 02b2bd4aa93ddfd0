//! See `tests/properties/step_bound.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sigmapol_tests::properties::hold("step_bound", bytes));
