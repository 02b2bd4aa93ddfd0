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
mod embeddings;
mod failures;
mod fixture;
mod flows;
mod hostile;
mod hostile_connections;
mod key_file;
mod keys;
mod live;
mod messages;
mod models_and_errors;
mod recording;
mod reload;
mod requests;
mod responses;
mod responses_streams;
mod serving;
mod streams;
mod tls;
mod verbs;
