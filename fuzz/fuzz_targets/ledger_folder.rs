//! See `fuzz/src/ledgers.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sigmapol_fuzz::ledgers::folder(input));
