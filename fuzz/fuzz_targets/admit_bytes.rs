//! See `tests/properties/admit_bytes.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sigmapol_tests::properties::hold("admit_bytes", bytes));
