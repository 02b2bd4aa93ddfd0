//! See `tests/properties/encode_fixed_point.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sigmapol_tests::properties::hold("encode_fixed_point", bytes));
