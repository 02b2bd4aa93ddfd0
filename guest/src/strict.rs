//! What the `strict` profile asks of parameters beyond the reference.
//!
//! An admitted parameter stays the same value in both profiles; this only narrows the door.

use alloc::format;
use alloc::string::String;

use crate::json::{Value, lookup};
use crate::limits::{ATTEMPTS, BACKOFF_ENTRIES, BACKOFF_MS, ENTRIES, STRING_BYTES};
use crate::number::is_integral;
use crate::signature::Param;

/// The request parameters that a policy may touch: those that shape sampling and time. Anything
/// else (addresses, credentials, messages) belongs to the host.
const SAMPLING_PARAMETERS: [&str; 10] = [
    "first_token_timeout_ms",
    "frequency_penalty",
    "max_tokens",
    "presence_penalty",
    "reasoning_effort",
    "seed",
    "temperature",
    "timeout_ms",
    "top_k",
    "top_p",
];

/// Checks a parameter that [`crate::parameter::check`] has passed.
pub fn check(param: Param, value: &Value) -> Result<(), String> {
    if value.as_str().is_some_and(|text| text.len() > STRING_BYTES) {
        return Err(format!("{} exceeds {STRING_BYTES} bytes", param.name()));
    }
    match param {
        Param::ParamName => match value.as_str() {
            Some(name) if !SAMPLING_PARAMETERS.contains(&name) => {
                Err(format!("parameter '{name}' is not a sampling parameter"))
            }
            _ => Ok(()),
        },
        Param::Recipe | Param::Chain => list(param.name(), value),
        Param::Action => action(value),
        _ => Ok(()),
    }
}

/// An array of at most [`ENTRIES`] strings and records, each of at most [`ENTRIES`] members.
fn list(name: &str, value: &Value) -> Result<(), String> {
    let items = value.as_array().ok_or_else(|| format!("{name} must be an array"))?;
    entries(name, items.len())?;
    for (index, item) in (1..).zip(items) {
        let about = format!("{name}[{index}]");
        if let Some(text) = item.as_str() {
            bytes(&about, text)?;
        }
        for (key, value) in item.as_object().unwrap_or(&[]) {
            bytes(&about, key)?;
            // the alias that a chain does not use is looked at too
            match value {
                Value::String(text) => bytes(&about, text)?,
                Value::Number(_) => {}
                _ => return Err(format!("{about}.{key} must be a string or number")),
            }
        }
        entries(&about, item.as_object().map_or(0, <[_]>::len))?;
    }
    Ok(())
}

fn action(value: &Value) -> Result<(), String> {
    let record = value.as_object().unwrap_or(&[]);
    entries("Action", record.len())?;
    for (key, _) in record {
        bytes("Action key", key)?;
    }
    let whole = |number: f64| (0.0..=ATTEMPTS).contains(&number) && is_integral(number);
    if lookup(record, "attempts").and_then(Value::as_number).is_some_and(|n| !whole(n)) {
        return Err(format!("Action.attempts must be an integer in [0, {}]", ATTEMPTS as u32));
    }
    let Some(backoff) = lookup(record, "backoff_ms") else {
        return Ok(());
    };
    let waits = match backoff {
        Value::Number(_) => core::slice::from_ref(backoff),
        _ => backoff.as_array().ok_or("Action.backoff_ms must be a number or array")?,
    };
    if waits.len() > BACKOFF_ENTRIES {
        return Err(format!("Action.backoff_ms exceeds {BACKOFF_ENTRIES} entries"));
    }
    let fits =
        |wait: &Value| wait.as_number().is_some_and(|wait| (0.0..=BACKOFF_MS).contains(&wait));
    if waits.iter().all(fits) {
        Ok(())
    } else {
        Err(format!("Action.backoff_ms must be in [0, {}]", BACKOFF_MS as u32))
    }
}

fn entries(about: &str, count: usize) -> Result<(), String> {
    if count > ENTRIES { Err(format!("{about} exceeds {ENTRIES} entries")) } else { Ok(()) }
}

fn bytes(about: &str, text: &str) -> Result<(), String> {
    if text.len() > STRING_BYTES {
        Err(format!("{about} exceeds {STRING_BYTES} bytes"))
    } else {
        Ok(())
    }
}
