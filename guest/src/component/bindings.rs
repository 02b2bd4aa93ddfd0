//! Generated from `wit/policy.wit`.
#![allow(missing_docs, unsafe_code, clippy::all, reason = "generated code")]

wit_bindgen::generate!({ path: "wit", world: "sigmapol", generate_all });
