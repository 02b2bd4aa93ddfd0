//! Records of decisions that anyone can make again.
//!
//! For operators who have to show later why a call went where it went, and for auditors who check
//! it. A [`Recorder`] stands around an engine and writes a receipt of each decision into a ledger
//! before it gives the decision out; [`replay`] reads such a ledger, makes every decision again in
//! the component that made it, and compares.
//!
//! ```
//! use std::sync::Arc;
//!
//! use sigmapol::{Engine as _, Sandbox, limits::FUEL};
//! use sigmapol_audit::{
//!     Recorder, Recording,
//!     replay::{EngineKind, Engines, replay},
//! };
//! use sigmapol_ledger::{Ledger, Options};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let temporary = tempfile::tempdir()?;
//! # let folder = temporary.path().join("ledger");
//! let recording = Recording {
//!     engine: EngineKind::Component.engine(),
//!     fuel_limit: FUEL,
//!     cost_limit: None,
//!     bodies: false, // what was asked is not recorded
//! };
//! let ledger = Arc::new(Ledger::open(&folder, Options::default())?);
//! let recorder = Recorder::new(Sandbox::new()?, ledger, recording);
//!
//! let policy = r#"["policy", ["top"], ["neg", ["field", "price_in"]], ["argmax"], ["id"],
//!                  ["always", {"action": "next_candidate"}]]"#;
//! let ctx = r#"{"candidates": [
//!     {"provider_id": "p1", "model_family": "large", "price_in": 5},
//!     {"provider_id": "p2", "model_family": "small", "price_in": 0.5}]}"#;
//! let decision = recorder.decide(policy, ctx)?.value; // its record is on disk
//! assert_eq!(decision.ordered[0].candidate, 1);
//!
//! let engines = Engines::new(EngineKind::Component, None);
//! let summary = replay(&folder, &engines, 2, &|_, _| ())?;
//! assert_eq!((summary.same, summary.diverged), (1, 0));
//! # Ok(())
//! # }
//! ```
//!
//! It calls no provider, and it believes no outcome that it does not get itself. `docs/replay.md`
//! has the members of records and the verdicts.

mod behind;
mod blank;
mod ctx;
mod difference;
mod facts;
mod over;
mod ranking;
mod receipt;
mod recorder;
pub mod replay;
mod sink;

pub use behind::{Behind, FLUSH_TIME, GAP, Gap, Losses, WAITING_BYTES, WAITING_RECORDS};
pub use ctx::CtxParts;
pub use facts::digest_of;
pub use over::{Over, OverRouter};
pub use receipt::{
    Chosen, DECISION, DecisionReceipt, EngineIdentity, Fuel, PolicyPart, RANK, RankReceipt, STEP,
    StepReceipt,
};
pub use recorder::{Recorder, Recording};
