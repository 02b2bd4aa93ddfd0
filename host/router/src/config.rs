//! The configuration of a router: one JSON text, whatever it was written in.

use std::path::Path;

use serde_json::Value;
use serde_saphyr::{MessageFormatter as _, UserMessageFormatter};
use sigmapol::file;
use sigmapol_core::{Engine as _, Error, INPUT_BYTES, Native};

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
        parse(without_bom(&text)).map_err(|error| match error {
            RouterError::Config(what) => RouterError::Config(format!("{}: {what}", path.display())),
            other => other,
        })
    }

    /// Reads a text that has no name: JSON where it begins with `{`, else YAML.
    ///
    /// # Errors
    ///
    /// As for [`from_json`](Self::from_json) and [`from_yaml`](Self::from_yaml).
    pub fn from_text(text: &str) -> Result<Self, RouterError> {
        let text = without_bom(text);
        match text.trim_start().starts_with('{') {
            true => Self::from_json(text),
            false => Self::from_yaml(text),
        }
    }

    /// Keeps the very text: exact numbers, and the lines that a refusal names.
    ///
    /// # Errors
    ///
    /// [`RouterError::Config`] for what is not JSON, and for what the engine refuses of any JSON: a
    /// key that is there twice, `null`, a number that overflows. It names the place in this text.
    pub fn from_json(text: &str) -> Result<Self, RouterError> {
        let value = serde_json::from_str(text)
            .map_err(|error| RouterError::Config(format!("expected JSON: {error}")))?;
        // what is wrong with any JSON is found before anything is wrong with it as a term
        if let Err(Error::Refused(refusal)) = Native.hash(text, "{}")
            && refusal.code.name().starts_with("json-")
        {
            let what = refusal.message.strip_prefix("term: ").unwrap_or(&refusal.message);
            return Err(RouterError::Config(what.to_owned()));
        }
        Self::checked(Self { text: text.to_owned(), value })
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
        of_toml("", toml::Value::Table(table)).map(Self::of_value).and_then(Self::checked)
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
        Self::checked(Self::of_value(value))
    }

    /// The JSON text, as the engine reads it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same as a value, for the adapters of providers.
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// The engine lets the name of a model at a provider be anything; it can only be sent as text. In
    /// YAML `4.10` is a number, and the model that is asked for would be `4.1`.
    fn checked(self) -> Result<Self, RouterError> {
        for (model, entry) in
            self.value.get("models").and_then(Value::as_object).into_iter().flatten()
        {
            let served_by = entry.get("served_by").and_then(Value::as_array);
            for (index, offer) in served_by.into_iter().flatten().enumerate() {
                for key in ["provider_model_id", "provider"] {
                    if let Some(value) = offer.get(key).filter(|value| !value.is_string()) {
                        let path = format!("models.{model}.served_by.{index}.{key}");
                        let expected = format!("a string, got {value}: put it in quotes");
                        return Err(no_json(&path, &expected));
                    }
                }
            }
        }
        Ok(self)
    }

    fn of_value(value: Value) -> Self {
        Self { text: value.to_string(), value }
    }
}

fn text(path: &Path) -> Result<String, RouterError> {
    let wrong = |what: String| RouterError::Config(format!("{}: {what}", path.display()));
    let bytes = file::read(path, INPUT_BYTES).map_err(|error| wrong(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| {
        wrong(format!("invalid UTF-8 at byte {}", error.utf8_error().valid_up_to()))
    })
}

/// Editors of some systems put a byte order mark before what they save.
fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
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
