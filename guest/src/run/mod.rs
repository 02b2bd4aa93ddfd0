//! A run: one call through its failures, an event at a time.

mod ending;
mod machine;
mod plan;
mod request;
mod state;
mod text;
mod trace;

pub use machine::is_answer;
pub use plan::{PlanText, TraceText};
pub use request::build_request;
pub use state::Run;
pub use text::{Head, OpenText, Part};
