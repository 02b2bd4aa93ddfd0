//! JSON values, and how they are written. Reading is in [`crate::read`].

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::number;

/// A JSON value without `null`. Objects are sorted by key, bytewise, and have no key twice.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Bool(bool),
    Number(f64),
    String(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

/// The members of an object.
pub type Members = [(String, Value)];

impl Value {
    /// The member of an object, or nothing.
    pub fn get(&self, key: &str) -> Option<&Self> {
        lookup(self.as_object()?, key)
    }

    /// The members. An empty array is an empty object: writers that cannot tell them apart exist.
    pub fn as_object(&self) -> Option<&Members> {
        match self {
            Self::Object(members) => Some(members),
            Self::Array(items) if items.is_empty() => Some(&[]),
            _ => None,
        }
    }

    /// The elements. An empty object is an empty array.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            Self::Object(members) if members.is_empty() => Some(&[]),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    pub const fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Everything but `false` holds; what is absent does not.
    pub const fn is_truthy(&self) -> bool {
        !matches!(self, Self::Bool(false))
    }

    /// The size that costs are computed from: one for each value, and the bytes of keys and
    /// strings. It does not depend on spacing, key order or how a number is written.
    pub fn weight(&self) -> u64 {
        1 + match self {
            Self::Bool(_) | Self::Number(_) => 0,
            Self::String(text) => text.len() as u64,
            Self::Array(items) => items.iter().map(Self::weight).sum(),
            Self::Object(members) => {
                members.iter().map(|(key, value)| key.len() as u64 + value.weight()).sum()
            }
        }
    }

    /// The text: no spaces, keys in byte order, numbers as RFC 8785 writes them.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(value) => out.push_str(&number::json(*value)),
            Self::String(text) => write_string(text, out),
            Self::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_string(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// The value of a key, by binary search.
pub fn lookup<'a>(members: &'a Members, key: &str) -> Option<&'a Value> {
    let at = members.binary_search_by(|(name, _)| name.as_str().cmp(key)).ok()?;
    members.get(at).map(|(_, value)| value)
}

/// Sets, or with `None` removes, a member.
pub fn set(members: &mut Vec<(String, Value)>, key: &str, value: Option<Value>) {
    match (members.binary_search_by(|(name, _)| name.as_str().cmp(key)), value) {
        (Ok(at), Some(value)) => {
            if let Some(member) = members.get_mut(at) {
                member.1 = value;
            }
        }
        (Ok(at), None) => {
            members.remove(at);
        }
        (Err(at), Some(value)) => members.insert(at, (key.to_string(), value)),
        (Err(_), None) => {}
    }
}

/// An object under construction.
#[derive(Clone, Debug, Default)]
pub struct Object(Vec<(String, Value)>);

impl Object {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    #[must_use]
    pub fn with(mut self, key: &str, value: Value) -> Self {
        set(&mut self.0, key, Some(value));
        self
    }

    #[must_use]
    pub fn maybe(mut self, key: &str, value: Option<Value>) -> Self {
        set(&mut self.0, key, value);
        self
    }

    #[must_use]
    pub fn text(self, key: &str, text: &str) -> Self {
        self.with(key, Value::String(text.to_string()))
    }

    #[must_use]
    pub fn number(self, key: &str, number: f64) -> Self {
        self.with(key, Value::Number(number))
    }

    #[must_use]
    pub fn flag(self, key: &str, flag: bool) -> Self {
        self.with(key, Value::Bool(flag))
    }

    /// The members of `from` that have one of the keys.
    #[must_use]
    pub fn copy(mut self, from: &Value, keys: &[&str]) -> Self {
        for key in keys {
            if let Some(value) = from.get(key) {
                set(&mut self.0, key, Some(value.clone()));
            }
        }
        self
    }

    pub fn build(self) -> Value {
        Value::Object(self.0)
    }

    pub fn members(&self) -> &Members {
        &self.0
    }

    pub fn into_members(self) -> Vec<(String, Value)> {
        self.0
    }
}

impl From<&Members> for Object {
    fn from(members: &Members) -> Self {
        Self(members.to_vec())
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x8 => "\\b",
            0xc => "\\f",
            0..0x20 => "\\u00",
            _ => continue,
        };
        out.push_str(text.get(written..at).unwrap_or_default());
        out.push_str(escape);
        if escape == "\\u00" {
            for digit in [byte >> 4, byte & 0xf] {
                out.push(char::from_digit(u32::from(digit), 16).unwrap_or_default());
            }
        }
        written = at + 1;
    }
    out.push_str(text.get(written..).unwrap_or_default());
    out.push('"');
}
