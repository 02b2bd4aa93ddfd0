//! GenVM: a virtual machine of a blockchain that runs core modules, has no floating point in its
//! deterministic mode, and whose validators compare what is left in memory.
//!
//! [`Harness`] runs the core module of the engine under the rules of that machine, as far as they
//! are public.

pub mod calldata;
mod counters;
mod harness;
mod machine;
mod outcome;
pub mod profile;
pub mod rules;

pub use harness::{Counted, Harness, LoadError, Request, Run, agreed};
pub use machine::{Left, Setting};
pub use outcome::Outcome;
pub use rules::Rules;
