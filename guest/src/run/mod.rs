//! A run: one call through its failures, an event at a time.

mod ending;
mod machine;
mod request;
mod state;
mod trace;

pub use state::{Run, VERSION};
