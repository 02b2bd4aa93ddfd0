//! Records of decisions that anyone can make again.
//!
//! For operators who have to show later why a call went where it went, and for auditors who check
//! it. A [`Recorder`] stands around an engine and writes a receipt of each decision into a ledger
//! before it gives the decision out; [`replay`] reads such a ledger, makes every decision again in
//! the component that made it, and compares.

mod blank;
mod ctx;
mod facts;
mod over;
mod ranking;
mod receipt;
mod recorder;
pub mod replay;

pub use ctx::CtxParts;
pub use facts::digest_of;
pub use over::Over;
pub use receipt::{
    Chosen, DECISION, DecisionReceipt, EngineIdentity, Fuel, PolicyPart, RANK, RankReceipt, STEP,
    StepReceipt,
};
pub use recorder::{Recorder, Recording};
