//! Σ_flow, `sigma-flow/v1`: a graph of calls, each under a policy of its own.

mod data;
mod encode;
mod graph;
mod options;
mod progress;
mod questions;
mod routing;
mod run;

pub use run::{answer, start};
