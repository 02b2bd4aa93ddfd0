//! The newer kinds of nodes and their options: what is admitted, how it is named, how it runs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

mod admitted;
mod nodes;
mod run;
