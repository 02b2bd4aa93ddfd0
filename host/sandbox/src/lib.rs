//! Decides which LLM a call goes to, by a policy that is data.
//!
//! The engine is one WebAssembly component without imports, embedded in this crate. A [`Sandbox`]
//! runs it under [`Limits`], a fresh instance for every call: JSON text in, a plain value out. The
//! same texts give the same value on every machine.
//!
//! ```
//! use sigmapol::{Engine as _, Sandbox};
//!
//! # fn main() -> Result<(), sigmapol::Error> {
//! let policy = r#"["policy", ["and", ["not", ["is", "disabled"]], ["cmp", "price_in", "le", 100]],
//!                  ["neg", ["normalize", ["field", "price_in"]]], ["argmax"],
//!                  ["set_param", "temperature", 0], ["always", {"action": "next_candidate"}]]"#;
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
//! [`Engine`] and agree to the last bit. A [`Catalog`] is for deciding many times over the same
//! candidates, [`Ranker`] for ranking many times over one router configuration.
//!
//! The engine reads no clock and keeps nothing between calls: what a decision depends on is in its
//! arguments. The crate `sigmapol-router` keeps what has to outlast one and calls providers.

/// The examples of the README hold.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;

/// So does that of this crate's README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct CrateReadme;

/// So do those of the guide to catalogs.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/catalogs.md")]
pub struct CatalogGuide;

pub mod artifact;
mod bindings;
mod cache;
mod catalog;
mod config;
mod core_module;
#[doc(hidden)]
pub mod file;
pub mod limits;
mod load;
mod meter;
mod places;
mod policy;
mod pool;
mod prepared_engine;
mod ranker;
mod runtime;
mod sandbox;
mod steps;
#[cfg(test)]
mod tests;
mod ticker;

pub use cache::Cache;
pub use catalog::Catalog;
pub use core_module::CoreSandbox;
pub use limits::Limits;
pub use policy::{Policy, PolicyRef};
pub use pool::Version;
pub use prepared_engine::PreparedEngine;
pub use ranker::Ranker;
pub use sandbox::Sandbox;
pub use sigmapol_core::{
    Admission, Bounded, Choice, CostBound, Decision, Effect, Engine, Error, Exhausted, Metered,
    Native, Prepared, PreparedRouter, Ranked, Reaction, Refusal, RefusalCode, Rejected, Sort,
    Spent, Stepper, Trap, Turn,
};

/// What the other crates of sigmapol need. No part of the interface: it changes without notice.
#[doc(hidden)]
pub mod internal {
    pub use crate::{
        core_module::{Function, VERBS, admission, decision, export, turn},
        load::module,
        ticker::Ticker,
    };
}
