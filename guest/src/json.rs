//! JSON in and out: one value type, one strict reader, one writer.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::Cell;
use core::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use crate::limits::{INPUT_BYTES, JSON_NESTING};
use crate::number;
use crate::refusal::{Refusal, RefusalCode};

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

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            control if (control as u32) < 0x20 => {
                out.push_str(&format!("\\u{:04x}", control as u32));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Reads one value. `what` names the input in messages.
pub fn parse(what: &str, text: &str) -> Result<Value, Refusal> {
    if text.len() > INPUT_BYTES {
        return Err(Refusal::new(
            RefusalCode::InputSize,
            format!("{what}: {} bytes, expected at most {INPUT_BYTES}", text.len()),
        ));
    }
    let code = Cell::new(RefusalCode::JsonSyntax);
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit(); // the seed counts, to the exact bound
    Reader { depth: 0, code: &code }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| {
            let message = error.to_string();
            if message.starts_with("number out of range") {
                code.set(RefusalCode::JsonNumber);
            }
            Refusal::new(code.get(), format!("{what}: {message}"))
        })
}

/// Builds a [`Value`]; `code` remembers why it refused.
#[derive(Clone, Copy)]
struct Reader<'c> {
    depth: usize,
    code: &'c Cell<RefusalCode>,
}

impl Reader<'_> {
    fn refuse<T, E: Error>(self, code: RefusalCode, message: impl fmt::Display) -> Result<T, E> {
        self.code.set(code);
        Err(E::custom(message))
    }

    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= JSON_NESTING {
            let message = format!("expected at most {JSON_NESTING} nested arrays and objects");
            return self.refuse(RefusalCode::JsonNesting, message);
        }
        Ok(Self { depth: self.depth + 1, code: self.code })
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_string()))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.refuse(RefusalCode::JsonNull, "null, expected the key or element to be left out")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut members: Vec<(String, Value)> = Vec::new();
        while let Some(key) = access.next_key::<String>()? {
            members.push((key, access.next_value_seed(inner)?));
        }
        members.sort_by(|a, b| a.0.cmp(&b.0));
        let twice = members.iter().zip(members.iter().skip(1)).find(|(a, b)| a.0 == b.0);
        match twice {
            Some(((key, _), _)) => self.refuse(
                RefusalCode::JsonDuplicateKey,
                format_args!("key '{key}' twice, expected each key once"),
            ),
            None => Ok(Value::Object(members)),
        }
    }
}
