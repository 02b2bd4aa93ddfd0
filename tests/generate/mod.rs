//! Random input of every kind there is, aware of its structure: most of it in order, some of it not.
//!
//! Bytes become choices, so that a seed repeats a case and a fuzzer can steer it. Bytes that have
//! run out are zeros, and the first of every choice is the smallest: input ends.

mod candidate;
mod ctx;
mod draw;
mod flow;
mod module;
mod operators;
mod parameter;
mod run;
mod seed;
mod signature;
mod term;
mod words;

pub use ctx::ctx;
pub use draw::Draw;
pub use flow::{Flow, flow};
pub use module::{Program, program};
pub use run::{Run, response, run};
pub use seed::Seed;
pub use signature::{Operation, operation};
use term::Terms;
pub use term::{policy, term};
pub use words::Words;
