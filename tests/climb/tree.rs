//! JSON as a tree that can be changed anywhere.

use std::fmt::Write as _;

use indexmap::IndexMap;
use serde_json::Value;
use serde_json::value::RawValue;

/// JSON with its numbers as they are written.
#[derive(Clone)]
pub enum Json {
    Literal(String),
    Text(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Json {
    /// Level by level, each a text: a number of many digits is read by nobody.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        Some(match text.as_bytes().first()? {
            b'"' => Self::Text(serde_json::from_str(text).ok()?),
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
                Self::Array(items.iter().map(|item| Self::read(item.get())).collect::<Option<_>>()?)
            }
            b'{' => {
                let members: IndexMap<String, &RawValue> = serde_json::from_str(text).ok()?;
                let member =
                    |(key, value): (String, &RawValue)| Some((key, Self::read(value.get())?));
                Self::Object(members.into_iter().map(member).collect::<Option<_>>()?)
            }
            _ => Self::Literal(text.to_owned()),
        })
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Literal(text) => out.push_str(text),
            Self::Text(text) => out.push_str(&Value::from(text.as_str()).to_string()),
            Self::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { "," });
                    item.write(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (at, (key, value)) in members.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    let _ = write!(out, "{comma}{}:", Value::from(key.as_str()));
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    pub fn nodes(&self) -> usize {
        1 + match self {
            Self::Array(items) => items.iter().map(Self::nodes).sum(),
            Self::Object(members) => members.iter().map(|(_, value)| value.nodes()).sum(),
            _ => 0,
        }
    }

    /// The node of a number, counted from the top.
    pub fn node(&mut self, number: &mut usize) -> Option<&mut Self> {
        if *number == 0 {
            return Some(self);
        }
        *number -= 1;
        match self {
            Self::Array(items) => items.iter_mut().find_map(|item| item.node(number)),
            Self::Object(members) => members.iter_mut().find_map(|(_, value)| value.node(number)),
            _ => None,
        }
    }

    /// Puts the same in front of every string and key, so that they begin alike.
    pub fn lead(&mut self, beginning: &str) {
        match self {
            Self::Text(text) => text.insert_str(0, beginning),
            Self::Array(items) => items.iter_mut().for_each(|item| item.lead(beginning)),
            Self::Object(members) => {
                for (key, value) in members {
                    key.insert_str(0, beginning);
                    value.lead(beginning);
                }
            }
            Self::Literal(_) => {}
        }
    }

    /// Puts a mark behind every string, so that copies differ.
    pub fn mark(&mut self, mark: &str) {
        match self {
            Self::Text(text) => text.push_str(mark),
            Self::Array(items) => items.iter_mut().for_each(|item| item.mark(mark)),
            Self::Object(members) => members.iter_mut().for_each(|(_, value)| value.mark(mark)),
            Self::Literal(_) => {}
        }
    }
}
