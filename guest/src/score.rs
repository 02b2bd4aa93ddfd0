//! A score as JSON, which has no infinity.

use alloc::borrow::Cow;

use crate::json::Value;

/// The number, or `inf` or `-inf` as text.
pub const fn score_value(score: f64) -> Value<'static> {
    if score.is_finite() {
        Value::Number(score)
    } else {
        Value::String(Cow::Borrowed(if score > 0.0 { "inf" } else { "-inf" }))
    }
}
