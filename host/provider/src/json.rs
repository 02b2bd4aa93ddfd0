//! JSON that is looked into and not taken apart: a value is its own text.
//!
//! What a client or a provider wrote goes on as it was written: order of members, text of numbers,
//! members that are there twice. So values stay [`RawValue`]s, and only what is needed is decoded.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::limits::ELEMENTS;

/// One value of a whole text, with nothing but white space around it.
pub(super) fn value(text: &str) -> serde_json::Result<&RawValue> {
    serde_json::from_str(text)
}

/// Whether objects and arrays are nested no deeper than `limit`.
pub(super) fn is_within_depth(text: &str, limit: usize) -> bool {
    let mut nesting = Nesting::default();
    text.bytes().all(|byte| {
        nesting.take(byte);
        nesting.depth <= limit
    })
}

/// Where in a JSON text one is: how deep, and whether in a string.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Nesting {
    depth: usize,
    in_string: bool,
    escaped: bool,
    closed: bool,
}

impl Nesting {
    /// Goes on by one byte.
    pub(super) const fn take(&mut self, byte: u8) {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.closed |= self.depth == 0;
            }
            _ => {}
        }
    }

    /// Everything that was opened is closed again, and something was.
    pub(super) const fn is_complete(self) -> bool {
        self.closed && self.depth == 0 && !self.in_string
    }
}

/// The members of an object, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Object<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// The members of a value, if it is an object.
    pub(super) fn of(value: &'a RawValue) -> Option<Self> {
        if !value.get().starts_with('{') {
            return None;
        }
        serde_json::from_str(value.get()).ok()
    }

    /// A member that is not `null`; the last one, if there are several of the name.
    pub(super) fn get(&self, key: &str) -> Option<&'a RawValue> {
        let (_, value) = self.0.iter().rfind(|(name, _)| name == key)?;
        (value.get() != "null").then_some(*value)
    }

    /// A member that is an object; without members where there is none.
    pub(super) fn object(&self, key: &str) -> Self {
        self.get(key).and_then(Self::of).unwrap_or_default()
    }

    /// A member that is a string.
    pub(super) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.get(key).and_then(string)
    }

    /// A member that is a string and not empty.
    pub(super) fn word(&self, key: &str) -> Option<String> {
        self.text(key).filter(|text| !text.is_empty()).map(Cow::into_owned)
    }

    /// The elements of a member that is an array; none where there is none.
    pub(super) fn items(&self, key: &str) -> Vec<&'a RawValue> {
        self.get(key).and_then(items).unwrap_or_default()
    }

    /// The elements of a member that is an array, as far as they are objects.
    pub(super) fn objects(&self, key: &str) -> Vec<Self> {
        self.items(key).into_iter().filter_map(Self::of).collect()
    }

    /// A member that counts something: a number that is not negative.
    pub(super) fn count(&self, key: &str) -> Option<u64> {
        self.get(key).and_then(count)
    }

    /// Whether a member is `true`.
    pub(super) fn is_true(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value.get() == "true")
    }

    /// Whether there is no member.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A string, decoded. Half of a surrogate pair is replaced, for a text cannot hold it.
pub(super) fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    value.get().starts_with('"').then(|| serde_json::from_str(value.get()).ok().map(|Text(t)| t))?
}

/// The elements of an array.
pub(super) fn items(value: &RawValue) -> Option<Vec<&RawValue>> {
    value.get().starts_with('[').then(|| serde_json::from_str(value.get()).ok().map(|List(l)| l))?
}

/// A number that counts something. Some servers write `3.0`; what is beyond the type is its end.
pub(super) fn count(value: &RawValue) -> Option<u64> {
    let text = value.get();
    if let Ok(count) = text.parse() {
        return Some(count);
    }
    let number: f64 = serde_json::from_str(text).ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    (number >= 0.0).then_some(number as u64)
}

/// A text as a JSON string.
pub(super) fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The text of an array of elements that are JSON.
pub(super) fn array<T: AsRef<str>>(elements: impl IntoIterator<Item = T>) -> String {
    let mut text = String::from("[");
    for (index, element) in elements.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(element.as_ref());
    }
    text.push(']');
    text
}

/// Where a value stands in the text of another one that it is a part of.
pub(super) fn place(whole: &str, part: &str) -> Option<std::ops::Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    let end = start.checked_add(part.len())?;
    (whole.get(start..end) == Some(part)).then_some(start..end)
}

/// An object that is being written. A path with dots goes into objects within it.
#[derive(Debug, Default)]
pub(super) struct Writer(Vec<(String, Node)>);

#[derive(Debug)]
enum Node {
    Text(String),
    Object(Writer),
}

impl Writer {
    /// Sets a member to JSON text, where it was or at the end.
    pub(super) fn set(&mut self, path: &str, text: impl Into<String>) {
        let (key, rest) =
            path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
        let index = self.0.iter().position(|(name, _)| name == key);
        let index = index.unwrap_or_else(|| {
            self.0.push((key.to_owned(), Node::Object(Self::default())));
            self.0.len() - 1
        });
        let Some((_, node)) = self.0.get_mut(index) else { return };
        match (rest, node) {
            (None, node) => *node = Node::Text(text.into()),
            (Some(rest), Node::Object(object)) => object.set(rest, text),
            (Some(rest), node) => {
                let mut object = Self::default();
                object.set(rest, text);
                *node = Node::Object(object);
            }
        }
    }

    /// Sets a member whose name may have dots.
    pub(super) fn set_member(&mut self, name: &str, text: impl Into<String>) {
        let node = Node::Text(text.into());
        match self.0.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = node,
            None => self.0.push((name.to_owned(), node)),
        }
    }

    /// The same, if there is a text.
    pub(super) fn set_some(&mut self, path: &str, text: Option<impl Into<String>>) {
        if let Some(text) = text {
            self.set(path, text);
        }
    }

    /// The same object, with one more member.
    #[must_use]
    pub(super) fn with(mut self, path: &str, text: impl Into<String>) -> Self {
        self.set(path, text);
        self
    }
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (key, node)) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{}:", quote(key))?;
            match node {
                Node::Text(text) => f.write_str(text)?,
                Node::Object(object) => object.fmt(f)?,
            }
        }
        f.write_str("}")
    }
}

fn check<E: serde::de::Error>(count: usize) -> Result<(), E> {
    if count > ELEMENTS { Err(E::custom(format!("more than {ELEMENTS} elements"))) } else { Ok(()) }
}

/// A string in which halves of surrogate pairs are replaced.
struct Text<'a>(Cow<'a, str>);

struct List<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl<'de> Visitor<'de> for Bytes {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                Ok(String::from_utf8_lossy(bytes))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(Cow::Owned(String::from_utf8_lossy(bytes).into_owned()))
            }
        }

        deserializer.deserialize_bytes(Bytes).map(Self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for List<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements;

        impl<'de> Visitor<'de> for Elements {
            type Value = Vec<&'de RawValue>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = list.next_element()? {
                    elements.push(element);
                    check(elements.len())?;
                }
                Ok(elements)
            }
        }

        deserializer.deserialize_seq(Elements).map(Self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Text(key), value)) = map.next_entry()? {
                    members.push((key, value));
                    check(members.len())?;
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Members).map(Self)
    }
}
