//! See `tests/properties/normal_form.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sigmapol_tests::properties::hold("normal_form", bytes));
