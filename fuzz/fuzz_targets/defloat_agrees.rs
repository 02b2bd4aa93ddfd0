//! See `tests/properties/defloat_agrees.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sigmapol_tests::properties::hold("defloat_agrees", bytes));
