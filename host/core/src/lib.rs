//! What every engine of sigmapol shares: the trait, the results, the errors.
//!
//! For whoever writes an engine, wraps one, or works with what engines give: the sandbox, the
//! ledger's recorder, the router. A program that only decides takes the crate `sigmapol`, which
//! hands on everything here beside its sandbox.
//!
//! ```
//! use sigmapol_core::{Native, Engine as _};
//!
//! # fn main() -> Result<(), sigmapol_core::Error> {
//! let policy = r#"["policy", ["top"], ["neg", ["field", "price_in"]], ["argmax"], ["id"],
//!                  ["always", {"action": "next_candidate"}]]"#;
//! let ctx = r#"{"candidates": [
//!     {"provider_id": "p1", "model_family": "large", "price_in": 5},
//!     {"provider_id": "p2", "model_family": "small", "price_in": 0.5}]}"#;
//! assert_eq!(Native.decide(policy, ctx)?.value.ordered[0].candidate, 1);
//! # Ok(())
//! # }
//! ```
//!
//! There is no WebAssembly here, no async and no I/O: [`Native`] runs the engine as ordinary code,
//! without limits beyond the engine's own.

mod bounded;
pub mod difference;
mod engine;
mod error;
pub mod json;
mod native;
mod stepper;

pub use bounded::Bounded;
pub use engine::{Engine, Metered, Spent};
pub use error::{Error, Exhausted, Trap, WrapperError};
pub use native::Native;
pub use sigmapol_engine::{
    Admission, Choice, CostBound, Decision, Effect, FieldDefault, Prepared, PreparedRouter, Ranked,
    Reaction, Refusal, RefusalCode, Rejected, Sort, Turn, constrain, core_fields,
    digest::sha256_hex as digest, limits::INPUT_BYTES, lower, router_members,
};
pub use stepper::{RouterText, Stateless, Stepper, put_state};
