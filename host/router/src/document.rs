//! Texts that people write: JSON, TOML and YAML, as one JSON value.

use std::path::Path;

use serde_json::Value;
use serde_saphyr::{MergeKeyPolicy, MessageFormatter as _, UserMessageFormatter};
use sigmapol::file;
use sigmapol_core::INPUT_BYTES;

use super::RouterError;

/// Reads a file of at most the bytes that the engine takes.
pub(super) fn text(path: &Path) -> Result<String, RouterError> {
    let wrong = |what: String| RouterError::Config(format!("{}: {what}", path.display()));
    let bytes = file::read(path, INPUT_BYTES).map_err(|error| wrong(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| {
        wrong(format!("invalid UTF-8 at byte {}", error.utf8_error().valid_up_to()))
    })
}

/// Editors of some systems put a byte order mark before what they save.
pub fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Reads TOML; dates and numbers that are not finite have no JSON form and are refused.
///
/// # Errors
///
/// [`RouterError::Config`] for what is not TOML, or has no JSON form.
pub(super) fn toml(text: &str) -> Result<Value, RouterError> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        RouterError::Config(format!("{}: {}", position(text, start), error.message()))
    })?;
    of_toml("", toml::Value::Table(table))
}

/// Reads one YAML 1.2 document: a key that is there twice, `null` and numbers that are not finite
/// are refused, and so are words such as `no` that are booleans to some readers only, and merge keys
/// (`<<`), which YAML 1.2 has not. Numbers are the doubles that the engine would read, integers
/// exactly; `1_000` is the number 1000.
///
/// # Errors
///
/// [`RouterError::Config`] for what is not YAML, or has no JSON form, with its position.
pub fn yaml(text: &str) -> Result<Value, RouterError> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        merge_keys: MergeKeyPolicy::Error,
        with_snippet: false,
    };
    let value = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| RouterError::Config(of_yaml(&error)))?;
    no_null("", &value)?;
    Ok(value)
}

/// The position first, and no advice to programmers.
fn of_yaml(error: &serde_saphyr::Error) -> String {
    let what = UserMessageFormatter.format_message(error);
    match error.location() {
        Some(at) => format!("line {} column {}: {what}", at.line(), at.column()),
        None => what.into_owned(),
    }
}

fn of_toml(path: &str, value: toml::Value) -> Result<Value, RouterError> {
    Ok(match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) if number.is_finite() => number.into(),
        toml::Value::Float(number) => {
            return Err(no_json(path, &format!("a finite number, got {number}")));
        }
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(date) => {
            return Err(no_json(path, &format!("a value that JSON has, got the date {date}")));
        }
        toml::Value::Array(items) => {
            let items = items.into_iter().enumerate();
            let items = items.map(|(index, item)| of_toml(&join(path, &index.to_string()), item));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        toml::Value::Table(members) => {
            let members = members.into_iter().map(|(key, value)| {
                let value = of_toml(&join(path, &key), value)?;
                Ok((key, value))
            });
            Value::Object(members.collect::<Result<_, RouterError>>()?)
        }
    })
}

/// In YAML an empty value is easily written and hardly seen: it is named by its path here.
fn no_null(path: &str, value: &Value) -> Result<(), RouterError> {
    match value {
        Value::Null => Err(no_json(path, "a value, got null: leave the key out")),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| no_null(&join(path, &index.to_string()), item)),
        Value::Object(members) => {
            members.iter().try_for_each(|(key, value)| no_null(&join(path, key), value))
        }
        _ => Ok(()),
    }
}

pub(super) fn no_json(path: &str, expected: &str) -> RouterError {
    let path = if path.is_empty() { "$" } else { path };
    RouterError::Config(format!("{path}: expected {expected}"))
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn position(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
    format!("line {line} column {column}")
}
