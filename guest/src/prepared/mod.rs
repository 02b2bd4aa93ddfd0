//! Deciding many times over what is read once: a catalog of candidates, or a router. The decisions
//! and the steps are those of [`crate::decide()`] and [`crate::step()`].

mod additions;
mod catalog;
mod choice;
mod policy;
mod router;
mod start;
mod step;
mod texts;
mod windows;

pub use catalog::Prepared;
pub use choice::Choice;
pub use router::PreparedRouter;
