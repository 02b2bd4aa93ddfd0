//! The engine of sigmapol: four pure functions that admit, name and run LLM routing policies.
//!
//! A policy is a term of the closed signature `sigma-pol/v2`, written as JSON. Everything a
//! decision may know is in its arguments: there is no clock, no randomness, no environment and no
//! I/O here, so the same arguments give the same result, bit for bit, natively and in WebAssembly.
//!
//! ```
//! let policy = r#"["policy", ["cmp", "price_in", "le", 5], ["neg", ["field", "price_in"]],
//!     ["argmax"], ["id"], ["always", {"action": "next_candidate"}]]"#;
//! let ctx = r#"{"candidates": [
//!     {"provider_id": "anthropic", "model_family": "claude-haiku-4-5", "price_in": 1},
//!     {"provider_id": "google", "model_family": "gemini-2.5-flash", "price_in": 0.3}]}"#;
//! let decision = sigmapol_engine::decide(policy, ctx)?;
//! assert_eq!(decision.ordered[0].candidate, 1);
//! # Ok::<(), sigmapol_engine::Refusal>(())
//! ```
//!
//! The files are named after the stations of the walk: `json` → `admit` → `normal` → `encode`;
//! `context`, `catalog` and `observation` on the other side; then `predicate`, `scorer`, `selector`,
//! `transform`, `fail_plan`; `decide` walks through all of them.
//!
//! It does not call providers, read files or measure time: that is the host's part.

#![no_std]

extern crate alloc;
#[cfg(not(target_family = "wasm"))]
extern crate std;

/// The example of the README compiles and holds.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

mod admit;
mod arithmetic;
mod bits;
mod bytes;
mod call_scoped;
mod candidate;
mod catalog;
mod changes;
mod compile;
#[cfg(target_family = "wasm")]
mod component;
mod context;
mod cost;
mod decide;
pub mod digest;
mod encode;
mod encoded_order;
mod event;
mod fail_plan;
mod flow;
mod json;
pub mod limits;
#[cfg(not(target_family = "wasm"))]
mod lower;
mod names;
mod normal;
mod number;
mod observation;
mod order;
mod overlay;
mod parameter;
mod policy;
mod predicate;
mod prepared;
mod prng;
mod ranking;
mod reader;
mod refusal;
mod request;
mod router;
mod run;
mod sampler;
mod score;
mod scorer;
mod selector;
mod shown;
mod signature;
mod state;
mod state_weight;
mod step;
mod strict;
mod sum_tree;
mod term;
mod transform;
mod turn;
mod vocabulary;

use alloc::string::String;

use admit::Admitted;
use call_scoped::CallScoped;
use digest::sha256_hex;
use json::read;
use vocabulary::Vocabulary;

pub use cost::CostBound;
pub use decide::{Decision, Ranked, Reaction, Rejected, decide};
pub use event::router_members;
#[cfg(not(target_family = "wasm"))]
pub use lower::lower;
pub use policy::constrain;
pub use prepared::{Choice, Prepared, PreparedRouter};
pub use refusal::{Refusal, RefusalCode};
pub use signature::Sort;
pub use step::step;
pub use turn::{Effect, Turn};
#[cfg(not(target_family = "wasm"))]
pub use vocabulary::{FieldDefault, core_fields};

/// What a term is, once admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// The sort of the term.
    pub sort: Sort,
    /// SHA-256 of `canonical`, 64 lower-case hexadecimal digits.
    pub identity: String,
    /// The canonical encoding of the normal form.
    pub canonical: String,
    /// A 62-bit cache key of `canonical`, two decimal numbers joined by `-`; not an identity.
    pub fingerprint: String,
    /// Term positions of the term as given, at most [`limits::TERM_NODES`].
    pub nodes: u32,
    /// Nesting of the term as given, at most [`limits::TERM_DEPTH`].
    pub depth: u32,
}

/// Checks a term of any sort and names it. `vocabulary` is `{profile?, fields?, tier_order?}`.
///
/// # Errors
///
/// A refusal of the vocabulary, or of the first thing that is wrong with the term.
pub fn admit(term: &str, vocabulary: &str) -> Result<Admission, Refusal> {
    let vocabulary = CallScoped::new(read("vocabulary", vocabulary)?);
    let vocabulary = CallScoped::new(Vocabulary::read(&vocabulary)?);
    let term = CallScoped::new(read("term", term)?);
    let Admitted { term, sort, nodes, depth } = admit::admit(&term, &vocabulary)?;
    let canonical = encode::encode(&CallScoped::new(normal::normalize(term)));
    Ok(Admission {
        sort,
        identity: sha256_hex(&canonical),
        fingerprint: encode::fingerprint(&canonical),
        canonical,
        nodes,
        depth,
    })
}

/// The identity that [`admit()`] reports.
///
/// # Errors
///
/// As for [`admit()`].
pub fn hash(term: &str, vocabulary: &str) -> Result<String, Refusal> {
    let vocabulary = CallScoped::new(read("vocabulary", vocabulary)?);
    let vocabulary = CallScoped::new(Vocabulary::read(&vocabulary)?);
    let term = CallScoped::new(read("term", term)?);
    let normal = CallScoped::new(normal::normalize(admit::admit(&term, &vocabulary)?.term));
    Ok(sha256_hex(encode::encode(&normal)))
}
