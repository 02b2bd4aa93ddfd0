//! The configuration of a router: one JSON text, whatever it was written in.

use std::{fs::File, io::Read as _, path::Path};

use serde_json::Value;
use serde_saphyr::{MessageFormatter as _, UserMessageFormatter};
use sigmapol_core::INPUT_BYTES;

use super::RouterError;

/// A configuration that can be read; whether it is in order, the engine says.
#[derive(Clone, Debug)]
pub struct Config {
    text: String,
    value: Value,
}

impl Config {
    /// Reads a file by its extension: `.json`, `.toml`, `.yaml` or `.yml`.
    ///
    /// # Errors
    ///
    /// [`RouterError::Config`] names the file, the position and what is wrong there.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, RouterError> {
        let path = path.as_ref();
        let extension = path.extension().and_then(|extension| extension.to_str());
        let parse = match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("json") => Self::from_json,
            Some("toml") => Self::from_toml,
            Some("yaml" | "yml") => Self::from_yaml,
            _ => {
                return Err(RouterError::Config(format!(
                    "{}: expected a name that ends in .json, .toml, .yaml or .yml",
                    path.display()
                )));
            }
        };
        let text = text(path)?;
        parse(&text).map_err(|error| match error {
            RouterError::Config(what) => RouterError::Config(format!("{}: {what}", path.display())),
            other => other,
        })
    }

    /// Keeps the very text, so that the engine sees a key that is there twice, and exact numbers.
    ///
    /// # Errors
    ///
    /// [`RouterError::Config`] for what is not JSON.
    pub fn from_json(text: &str) -> Result<Self, RouterError> {
        let value = serde_json::from_str(text)
            .map_err(|error| RouterError::Config(format!("expected JSON: {error}")))?;
        Ok(Self { text: text.to_owned(), value })
    }

    /// Reads TOML; dates and numbers that are not finite have no JSON form and are refused.
    ///
    /// # Errors
    ///
    /// [`RouterError::Config`] for what is not TOML, or has no JSON form.
    pub fn from_toml(text: &str) -> Result<Self, RouterError> {
        let table: toml::Table = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            RouterError::Config(format!("{}: {}", position(text, start), error.message()))
        })?;
        of_toml("", toml::Value::Table(table)).map(Self::of_value)
    }

    /// Reads one YAML 1.2 document: a key that is there twice, `null` and numbers that are not
    /// finite are refused, and so are words such as `no` that are booleans to some readers only.
    ///
    /// # Errors
    ///
    /// [`RouterError::Config`] for what is not YAML, or has no JSON form.
    pub fn from_yaml(text: &str) -> Result<Self, RouterError> {
        let options = serde_saphyr::options! {
            strict_booleans: true,
            with_snippet: false,
        };
        let value = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| RouterError::Config(of_yaml(&error)))?;
        no_null("", &value)?;
        Ok(Self::of_value(value))
    }

    /// The JSON text, as the engine reads it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same as a value, for the adapters of providers.
    pub const fn value(&self) -> &Value {
        &self.value
    }

    fn of_value(value: Value) -> Self {
        Self { text: value.to_string(), value }
    }
}

fn text(path: &Path) -> Result<String, RouterError> {
    let wrong = |what: String| RouterError::Config(format!("{}: {what}", path.display()));
    let mut bytes = Vec::new();
    let limit = u64::try_from(INPUT_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|error| wrong(error.to_string()))?;
    if bytes.len() > INPUT_BYTES {
        return Err(wrong(format!("expected at most {INPUT_BYTES} bytes, got more")));
    }
    String::from_utf8(bytes).map_err(|error| {
        wrong(format!("invalid UTF-8 at byte {}", error.utf8_error().valid_up_to()))
    })
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

fn no_json(path: &str, expected: &str) -> RouterError {
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
