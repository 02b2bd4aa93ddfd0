//! The trace of a run: what happened, entry by entry, and how it ended.

use alloc::string::ToString;

use super::state::Tried;
use crate::json::{Object, Value};

/// Bytes of a provider's error message that the trace keeps.
const ERROR_BYTES: usize = 300;

/// The entry of something that happened at a candidate.
#[inline(never)]
pub fn entry<'a>(name: &'static str, tried: &Tried<'a>) -> Object<'a> {
    Object::new()
        .text("event", name)
        .text("model_family", tried.model_family.clone())
        .text("provider_id", tried.provider_id.clone())
}

/// The first [`ERROR_BYTES`] of a message, at a character boundary.
pub fn cut(message: &Value) -> Value<'static> {
    let text = message.as_str().map_or_else(|| message.to_json(), ToString::to_string);
    let mut end = text.len().min(ERROR_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Value::text(text.get(..end).unwrap_or_default().to_string())
}
