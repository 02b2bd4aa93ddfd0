//! GenVM: a virtual machine of a blockchain that runs core modules, has no floating point in its
//! deterministic mode, and whose validators compare what is left in memory.
//!
//! For validators, and for whoever checks that the engine keeps the rules of that machine.
//! [`Harness`] runs the core module of the engine under them, as far as they are public; [`pack`]
//! puts it into a package that the machine can load, and [`Runner`] runs that.
//!
//! ```
//! use sigmapol::artifact::CORE_MODULE;
//! use sigmapol_genvm::{pack, profile};
//!
//! # fn main() -> Result<(), profile::Invalid> {
//! for check in profile::engine(CORE_MODULE) {
//!     println!("{}: {}", check.rule, check.found);
//!     assert_eq!(check.error, None);
//! }
//! let package = pack(CORE_MODULE)?;
//! assert!(package.starts_with(b"PK")); // a ZIP of stored entries
//! # Ok(())
//! # }
//! ```
//!
//! To run a decision in every way that the machine might compile it, and to compare what it leaves:
//!
//! ```no_run
//! use sigmapol::{Cache, artifact::CORE_MODULE};
//! use sigmapol_genvm::{Harness, LoadError, Request, Rules, Setting, agreed};
//!
//! fn agrees(policy: &str, ctx: &str) -> Result<bool, LoadError> {
//!     let cache = Cache::of_user();
//!     let harness = Harness::load(CORE_MODULE, &Setting::ALL, Rules::default(), &cache)?;
//!     let runs = harness.run(Request::Decide { policy, ctx })?;
//!     Ok(agreed(&runs).is_some())
//! }
//! ```
//!
//! The executor of that machine is not here: `docs/genvm.md` says what is imitated and what is not.

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
