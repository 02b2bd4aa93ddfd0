//! What may be said about a template, and how it is read.

use serde_json::{Map, Value, json};
use sigmapol_prove::nearest;

use crate::TemplateError;

/// The most names of a list.
const NAMES: usize = 64;

/// The longest name, in bytes.
const NAME_BYTES: usize = 256;

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Takes {
    /// A number from the first to the second, both included.
    Number(f64, f64),
    /// `true` or `false`.
    Flag,
    /// A name, not empty.
    Name,
    /// A list of at least one name, none of them twice.
    Names,
}

/// An option of a template.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct OptionOf {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// What holds without it, as JSON; `null` is nothing, and for one that is needed.
    pub default: &'static str,
    /// There is no template without it.
    pub needed: bool,
    /// What it says, for people.
    pub says: &'static str,
}

impl OptionOf {
    pub(crate) const fn new(
        name: &'static str,
        takes: Takes,
        default: &'static str,
        says: &'static str,
    ) -> Self {
        Self { name, takes, default, needed: false, says }
    }

    pub(crate) const fn needed(self) -> Self {
        Self { needed: true, ..self }
    }

    /// `{name, takes, min?, max?, default?, needed, says}`
    pub fn to_json(&self) -> Value {
        let mut shown = Map::new();
        shown.insert("name".to_owned(), json!(self.name));
        let takes = match self.takes {
            Takes::Number(..) => "number",
            Takes::Flag => "boolean",
            Takes::Name => "name",
            Takes::Names => "names",
        };
        shown.insert("takes".to_owned(), json!(takes));
        if let Takes::Number(min, max) = self.takes {
            shown.insert("min".to_owned(), json!(min));
            shown.insert("max".to_owned(), json!(max));
        }
        match self.default() {
            Value::Null => {}
            default => drop(shown.insert("default".to_owned(), default)),
        }
        shown.insert("needed".to_owned(), json!(self.needed));
        shown.insert("says".to_owned(), json!(self.says));
        Value::Object(shown)
    }

    fn default(&self) -> Value {
        serde_json::from_str(self.default).unwrap_or_default()
    }

    fn check(&self, value: &Value) -> Result<(), TemplateError> {
        let wrong = |expected: String| {
            Err(TemplateError::new(format!("$.{}: expected {expected}", self.name)))
        };
        let is_name = |value: &Value| {
            value.as_str().is_some_and(|name| !name.is_empty() && name.len() <= NAME_BYTES)
        };
        match self.takes {
            Takes::Number(min, max) => match value.as_f64() {
                Some(number) if number >= min && number <= max => Ok(()),
                _ => wrong(format!("a number from {min} to {max}")),
            },
            Takes::Flag if !value.is_boolean() => wrong("true or false".to_owned()),
            Takes::Name if !is_name(value) => wrong(format!("a name of 1 to {NAME_BYTES} bytes")),
            Takes::Names => {
                let names = value.as_array().map(Vec::as_slice).unwrap_or_default();
                let twice = names
                    .iter()
                    .enumerate()
                    .any(|(at, name)| names.iter().take(at).any(|before| before == name));
                match (1..=NAMES).contains(&names.len()) && names.iter().all(is_name) && !twice {
                    true => Ok(()),
                    false => wrong(format!("a list of 1 to {NAMES} names, each once")),
                }
            }
            Takes::Flag | Takes::Name => Ok(()),
        }
    }
}

/// The options of a template as somebody has chosen them.
pub(crate) struct Chosen(Map<String, Value>);

impl Chosen {
    /// Reads `{option: value}`; what is absent or `null` has its default.
    pub(crate) fn read(options: &[OptionOf], given: &Value) -> Result<Self, TemplateError> {
        let nothing = Map::new();
        let given = match given {
            Value::Null => &nothing,
            Value::Object(given) => given,
            _ => return Err(TemplateError::new("$: expected an object of options".to_owned())),
        };
        let known = || options.iter().map(|option| option.name);
        if let Some(name) = given.keys().find(|name| known().all(|known| known != *name)) {
            let shown: String = name.chars().take(64).collect();
            let meant = match nearest(name, known()) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("expected one of {}", known().collect::<Vec<_>>().join(", ")),
            };
            return Err(TemplateError::new(format!("$: unknown option '{shown}': {meant}")));
        }
        let mut chosen = Map::new();
        for option in options {
            let value = given.get(option.name).filter(|value| !value.is_null());
            match value {
                Some(value) => {
                    option.check(value)?;
                    chosen.insert(option.name.to_owned(), value.clone());
                }
                None if option.needed => {
                    let message = format!("$.{}: expected it: {}", option.name, option.says);
                    return Err(TemplateError::new(message));
                }
                None => drop(chosen.insert(option.name.to_owned(), option.default())),
            }
        }
        Ok(Self(chosen))
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(Value::as_f64)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Value::Bool(true))
    }

    pub(crate) fn name(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(crate) fn names(&self, name: &str) -> Vec<&str> {
        let names = self.0.get(name).and_then(Value::as_array);
        names.into_iter().flatten().filter_map(Value::as_str).collect()
    }
}
