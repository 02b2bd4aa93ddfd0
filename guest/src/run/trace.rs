//! The trace of a run: what happened, entry by entry, and how it ended.

use alloc::string::{String, ToString};

use crate::json::{Object, Value};

/// Bytes of a provider's error message that the trace keeps.
const ERROR_BYTES: usize = 300;

/// The entry of something that happened at a candidate.
pub fn entry<'a>(name: &'static str, candidate: &Value<'a>) -> Object<'a> {
    Object::new().text("event", name).copy(candidate, &["provider_id", "model_family"])
}

/// A text of an object, empty where there is none.
pub fn text_of(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_string()
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
