//! Canonical JSON, as RFC 8785 has it: one value, one text.
//!
//! A library writes it; [`scan`] asks whether a text is it.

pub(crate) mod scan;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::Value;

use crate::limits::{EXACT, LEVELS};

/// The canonical text of a value; integers that a double may not hold become strings.
pub(crate) fn write(value: &impl Serialize) -> Result<String, String> {
    let mut value = serde_json::to_value(value).map_err(|error| error.to_string())?;
    if !value.is_object() {
        return Err("expected an object as the body".to_owned());
    }
    keep_integers(&mut value, 1)?;
    serde_json_canonicalizer::to_string(&value).map_err(|error| error.to_string())
}

fn keep_integers(value: &mut Value, level: u32) -> Result<(), String> {
    if level > LEVELS && (value.is_array() || value.is_object()) {
        return Err(format!("expected at most {LEVELS} levels"));
    }
    match value {
        Value::Number(number) => {
            let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            if magnitude.is_some_and(|magnitude| magnitude > EXACT) {
                *value = Value::String(number.to_string());
            }
        }
        Value::Array(items) => {
            items.iter_mut().try_for_each(|item| keep_integers(item, level + 1))?;
        }
        Value::Object(members) => {
            members.values_mut().try_for_each(|member| keep_integers(member, level + 1))?;
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
    Ok(())
}
