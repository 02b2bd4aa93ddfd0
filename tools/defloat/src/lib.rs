//! Takes the floating point out of a WebAssembly file.
//!
//! Every float operator of a core module, or of every core module in a component, becomes integer
//! code: bits are moved, masked and compared as integers, and arithmetic is a call to the soft-float
//! routine of the compiler's runtime library (`__adddf3`, `__ltdf2`, …) that the module carries.
//! The result computes the same bits as the original and runs where floats are forbidden.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let wasm = wat::parse_str("(module (func (param f64) (result f64) (f64.neg (local.get 0))))")?;
//! assert_eq!(defloat::inspect(&wasm)?.float_operators["f64.neg"], 1);
//!
//! let lowered = defloat::lower(&wasm)?;
//! let report = defloat::inspect(&lowered)?;
//! assert!(report.float_operators.is_empty());
//! assert_eq!(report.float_types.total(), 0);
//! # Ok(())
//! # }
//! ```
//!
//! What it does not do: it brings no routine of its own, it does not look at what a module is for,
//! and it lowers no operator that it has no routine for: [`lower`] returns an [`Error`] instead.

mod error;
mod features;
mod frames;
mod graph;
mod inspect;
mod lower;
mod operator;
mod report;
mod routine;
mod scan;

pub use error::Error;
pub use frames::{Frames, SLOTS, frames};
pub use inspect::inspect;
pub use lower::{core_module, lower, lower_named};
pub use report::{FloatTypes, Kind, Memory, Report};
