//! Placeholder of the engine: the four verbs with their final types.
#![no_std]
#![allow(missing_docs)]
extern crate alloc;
#[cfg(not(target_family = "wasm"))]
extern crate std;

use alloc::{string::String, vec::Vec};
#[cfg(target_family = "wasm")]
mod component;
mod refusal;
pub use refusal::{Refusal, RefusalCode};

/// The limits of the engine.
pub mod limits {
    pub const TERM_DEPTH: u32 = 64;
    pub const TERM_NODES: u32 = 4096;
    pub const JSON_NESTING: usize = 128;
    pub const INPUT_BYTES: usize = 16 << 20;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort { Pred, Scorer, Selector, Xform, FailPlan, Policy }
impl Sort { pub const fn name(self) -> &'static str { "Policy" } }

#[derive(Clone, Debug, PartialEq)]
pub struct Admission { pub sort: Sort, pub identity: String, pub canonical: String, pub fingerprint: String, pub nodes: u32, pub depth: u32 }
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked { pub candidate: u32, pub score: f64 }
#[derive(Clone, Debug, PartialEq)]
pub struct Rejected { pub candidate: u32, pub reason: String }
#[derive(Clone, Debug, PartialEq)]
pub struct Reaction { pub action: String, pub backoff_ms: f64 }
#[derive(Clone, Debug, PartialEq)]
pub struct Decision { pub identity: String, pub ordered: Vec<Ranked>, pub rejected: Vec<Rejected>, pub request: Option<String>, pub reactions: Vec<Reaction>, pub cost: u64 }
#[derive(Clone, Debug, PartialEq)]
pub enum Effect { Call(String), Wait(f64), Done(String) }
#[derive(Clone, Debug, PartialEq)]
pub struct Turn { pub run: String, pub state: String, pub effect: Effect, pub logs: Vec<String>, pub cost: u64 }

pub fn admit(_term: &str, _vocabulary: &str) -> Result<Admission, Refusal> { Err(Refusal::new(RefusalCode::Unsupported, "admit: not in this version")) }
pub fn hash(term: &str, vocabulary: &str) -> Result<String, Refusal> { admit(term, vocabulary).map(|a| a.identity) }
pub fn decide(_policy: &str, _ctx: &str) -> Result<Decision, Refusal> { Err(Refusal::new(RefusalCode::Unsupported, "decide: not in this version")) }
pub fn step(_run: Option<&str>, _event: &str) -> Result<Turn, Refusal> { Err(Refusal::new(RefusalCode::Unsupported, "step: not in this version")) }
