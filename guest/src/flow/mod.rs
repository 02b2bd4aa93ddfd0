//! Σ_flow, `sigma-flow/v1`: a graph of calls, each under a policy of its own.

mod encode;
mod graph;
mod progress;
mod run;

pub use run::{answer, start};
