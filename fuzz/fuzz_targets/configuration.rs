//! See `fuzz/src/lib.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sigmapol_fuzz::configuration(input));
