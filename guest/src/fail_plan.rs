//! FailPlan: what to do about each kind of failure.

use alloc::vec;
use alloc::vec::Vec;

use crate::json::{Member, Value, lookup, set};

/// The reason that stands for every kind the plan does not name.
const UNKNOWN: &str = "unknown";

/// A compiled plan: an action record a reason, sorted by reason.
#[derive(Clone, Debug)]
pub struct FailPlan(Vec<Member<'static>>);

impl FailPlan {
    /// The plan that does the same whatever happens.
    pub fn always(action: &Value) -> Self {
        Self(vec![(UNKNOWN.into(), action.to_canonical())])
    }

    /// The plan with another action for one reason.
    pub fn with(mut self, reason: &str, action: &Value) -> Self {
        set(&mut self.0, reason, Some(action.to_canonical()));
        self
    }

    /// The action for a kind of failure.
    pub fn classify(&self, kind: &str) -> Option<&Value<'static>> {
        let action = lookup(&self.0, kind);
        action.or_else(|| lookup(&self.0, UNKNOWN))
    }
}

/// How long an action waits after its `attempt`-th failure, in milliseconds: the array's entry of
/// that number, or its last.
pub fn backoff(action: &Value, attempt: f64) -> f64 {
    match action.get("backoff_ms") {
        Some(Value::Number(wait)) => *wait,
        Some(Value::Array(waits)) => {
            let nth = waits.get((attempt as usize).saturating_sub(1)).or(waits.last());
            nth.and_then(Value::as_number).unwrap_or(0.0)
        }
        _ => 0.0,
    }
}
