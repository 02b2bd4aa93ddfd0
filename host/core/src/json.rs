//! JSON objects as text: taken apart and put together without reading what is in them.
//!
//! The engine reads numbers its own way, so no other reader may touch them before.

use std::{fmt, marker::PhantomData};

use serde_core::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// Where a string ends that a text starts with, in bytes, its second quote included; the end of the
/// text where it has none.
#[must_use]
pub fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The members of an object in their order, keys repeated if the text repeats them.
#[derive(Debug, Default)]
pub struct Members<'a>(pub Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// The value of the first member of this name, as it stands in the text.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.get())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit<'a>(PhantomData<&'a str>);

        impl<'de: 'a, 'a> Visitor<'de> for Visit<'a> {
            type Value = Members<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Visit(PhantomData))
    }
}

/// An object under construction.
#[derive(Debug)]
pub struct Object(String);

impl Default for Object {
    fn default() -> Self {
        Self::new()
    }
}

impl Object {
    /// One without members.
    pub fn new() -> Self {
        Self("{".to_owned())
    }

    /// Adds a member; `value` is JSON text.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&quote(key));
        self.0.push(':');
        self.0.push_str(value);
        self
    }

    /// Adds a member if there is a value.
    #[must_use]
    pub fn with_some(self, key: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// Adds every member of another object.
    #[must_use]
    pub fn with_all(self, members: &Members<'_>) -> Self {
        members.0.iter().fold(self, |object, (key, value)| object.with(key, value.get()))
    }

    /// Its text.
    pub fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A string as JSON.
pub fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_text() {
        let text = r#" {"a" : 1.50e400, "b\n":[9007199254740993 ,{}], "a":-0} "#;
        let members: Members<'_> = serde_json::from_str(text).unwrap();
        assert_eq!(members.get("a"), Some("1.50e400"));
        let copy = Object::new().with_all(&members).with("c", "true").with_some("d", None).finish();
        assert_eq!(copy, r#"{"a":1.50e400,"b\n":[9007199254740993 ,{}],"a":-0,"c":true}"#);
    }

    #[test]
    fn empty() {
        let members: Members<'_> = serde_json::from_str("{}").unwrap();
        assert_eq!(Object::new().with_all(&members).finish(), "{}");
        assert!(serde_json::from_str::<Members<'_>>("[]").is_err());
    }
}
