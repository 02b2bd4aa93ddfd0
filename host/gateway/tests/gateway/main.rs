//! The gateway over sockets, with the mock for providers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

#[path = "../../../../tests/captured.rs"]
mod captured;
#[path = "../../../../tests/shared.rs"]
mod shared;

mod client;
mod clients;
mod completions;
mod failures;
mod fixture;
mod hostile;
mod key_file;
mod keys;
mod live;
mod models_and_errors;
mod reload;
mod requests;
mod responses;
mod responses_streams;
mod serving;
mod streams;
mod verbs;
