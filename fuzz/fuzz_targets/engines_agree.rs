//! See `tests/properties/engines_agree.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sigmapol_tests::properties::hold("engines_agree", bytes));
