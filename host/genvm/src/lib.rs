//! GenVM: a virtual machine of a blockchain that runs core modules, has no floating point in its
//! deterministic mode, and whose validators compare what is left in memory.
//!
//! [`Harness`] runs the core module of the engine under the rules of that machine, as far as they
//! are public; [`pack`] puts it into a package that the machine can load, and [`Runner`] runs that.

pub mod calldata;
mod counters;
mod harness;
mod machine;
pub mod message;
mod package;
pub mod profile;
pub mod rules;
mod runner;
mod vm_result;
mod zip;

pub use harness::{Counted, Execution, Harness, LoadError, Request, agreed};
pub use machine::{Left, Setting};
pub use package::{SHIM, pack};
pub use rules::Rules;
pub use runner::Runner;
pub use vm_result::VmResult;
