//! Deciding many times over what is read once: a catalog of candidates, or a router. The decisions
//! are those of [`crate::decide()`] and [`crate::step()`].

mod catalog;
mod choice;
mod policy;
mod router;
mod windows;

pub use catalog::Prepared;
pub use choice::Choice;
pub use router::PreparedRouter;
