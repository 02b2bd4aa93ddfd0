//! Decides which LLM a call goes to, by a policy that is data.
//!
//! The engine is one WebAssembly component without imports, embedded in this crate. A [`Sandbox`]
//! runs it under [`Limits`], a fresh instance for every call: JSON text in, a plain value out. The
//! same texts give the same value on every machine.
//!
//! ```
//! use sigmapol::{Sandbox, Verbs as _};
//!
//! # fn main() -> Result<(), sigmapol::Error> {
//! let policy = r#"["policy", ["not", ["is", "disabled"]], ["neg", ["normalize", ["field", "price_in"]]],
//!                  ["argmax"], ["set_param", "temperature", 0], ["always", {"action": "next_candidate"}]]"#;
//! let ctx = r#"{"candidates": [
//!     {"provider_id": "p1", "model_family": "large", "price_in": 5},
//!     {"provider_id": "p2", "model_family": "small", "price_in": 0.5}]}"#;
//!
//! let sandbox = Sandbox::new()?;
//! let decision = sandbox.decide(policy, ctx)?.value;
//! assert_eq!(decision.ordered[0].candidate, 1);
//! assert_eq!(decision.request.as_deref(), Some(r#"{"temperature":0}"#));
//! # Ok(())
//! # }
//! ```
//!
//! [`CoreSandbox`] runs the bare core module through hand-made calls, as a machine without
//! components would, and [`Native`] runs the same engine as ordinary code; all three implement
//! [`Verbs`] and agree to the last bit. A [`Catalog`] is for deciding many times over the same
//! candidates, [`Contracts`] for ranking many times over one router configuration.
//!
//! The engine reads no clock and keeps nothing between calls: what a decision depends on is in its
//! arguments. The router, feature `router`, keeps what has to outlast one and calls providers.

/// The example of the README compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// So does that of the guide to catalogs.
#[cfg(doctest)]
#[doc = include_str!("../../docs/catalogs.md")]
pub struct CatalogGuide;

mod cache;
mod core;
mod cost;
mod error;
mod native;
mod sandbox;
mod verbs;

pub mod artifact;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod conformance;
#[cfg(feature = "genvm")]
pub mod genvm;
mod json_text;
#[cfg(feature = "ledger")]
pub mod ledger;
pub mod limits;
#[cfg(feature = "mock")]
pub mod mock;
#[cfg(feature = "router")]
pub mod provider;
#[cfg(feature = "ledger")]
pub mod receipt;
#[cfg(feature = "ledger")]
pub mod replay;
#[cfg(feature = "router")]
pub mod router;

pub use self::core::CoreSandbox;
pub use cache::Cache;
pub use cost::{Bounded, CostBound};
pub use error::{Error, Exhausted, Trap};
pub use limits::Limits;
pub use native::Native;
pub use sandbox::{AtOnce, Catalog, Contracts, Policy, Sandbox};
pub use sigmapol_engine::{
    Admission, Choice, Decision, Effect, Prepared, PreparedRouter, Ranked, Reaction, Refusal,
    RefusalCode, Rejected, Sort, Turn,
};
pub use verbs::{Outcome, Spent, Verbs};
