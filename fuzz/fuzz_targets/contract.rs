//! See `fuzz/src/routers.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sigmapol_fuzz::routers::contract(input));
