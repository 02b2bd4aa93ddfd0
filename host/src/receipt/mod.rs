//! Receipts: what a ledger keeps of each decision, so that anyone can make it again.

mod blank;
mod ctx;
mod derived;
#[expect(clippy::module_inception, reason = "the receipt itself")]
mod receipt;
mod recorder;

pub use ctx::CtxParts;
pub use derived::digest_of;
pub(crate) use derived::{called, event_kind, names, result_digest};
pub use receipt::{Chosen, DECISION, DecisionReceipt, Engine, Fuel, PolicyPart, STEP, StepReceipt};
pub(crate) use receipt::{difference, outcome, turn_outcome};
pub use recorder::{Recorder, Recording};
