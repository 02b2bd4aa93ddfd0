//! JSON that is looked into and not taken apart: a value is its own text.
//!
//! What a client or a provider wrote goes on as it was written: order of members, text of numbers,
//! members that are there twice. So values stay [`RawValue`]s, and only what is needed is decoded.

mod nesting;
mod writer;

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::limits::ELEMENTS;

pub(crate) use nesting::{Nesting, is_within_depth};
pub(crate) use writer::{Writer, quote};

/// One value of a whole text, with nothing but white space around it.
pub(crate) fn value(text: &str) -> serde_json::Result<&RawValue> {
    serde_json::from_str(text)
}

/// The members of an object, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Object<'a> {
    /// The members of a value, if it is an object.
    pub(crate) fn of(value: &'a RawValue) -> Option<Self> {
        if !value.get().starts_with('{') {
            return None;
        }
        serde_json::from_str(value.get()).ok()
    }

    /// A member that is not `null`; the last one, if there are several of the name.
    pub(crate) fn get(&self, key: &str) -> Option<&'a RawValue> {
        let (_, value) = self.0.iter().rfind(|(name, _)| name == key)?;
        (value.get() != "null").then_some(*value)
    }

    /// A member that is an object; without members where there is none.
    pub(crate) fn object(&self, key: &str) -> Self {
        self.get(key).and_then(Self::of).unwrap_or_default()
    }

    /// A member that is a string.
    pub(crate) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        self.get(key).and_then(string)
    }

    /// A member that is a string and not empty.
    pub(crate) fn word(&self, key: &str) -> Option<String> {
        self.text(key).filter(|text| !text.is_empty()).map(Cow::into_owned)
    }

    /// The elements of a member that is an array; none where there is none.
    pub(crate) fn items(&self, key: &str) -> Vec<&'a RawValue> {
        self.get(key).and_then(items).unwrap_or_default()
    }

    /// The elements of a member that is an array, as far as they are objects.
    pub(crate) fn objects(&self, key: &str) -> Vec<Self> {
        self.items(key).into_iter().filter_map(Self::of).collect()
    }

    /// A member that counts something: a number that is not negative.
    pub(crate) fn count(&self, key: &str) -> Option<u64> {
        self.get(key).and_then(count)
    }

    /// Whether a member is `true`.
    pub(crate) fn is_true(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value.get() == "true")
    }

    /// Whether there is no member.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A string, decoded. Half of a surrogate pair is replaced, for a text cannot hold it.
pub(crate) fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    value.get().starts_with('"').then(|| serde_json::from_str(value.get()).ok().map(|Text(t)| t))?
}

/// The elements of an array.
pub(crate) fn items(value: &RawValue) -> Option<Vec<&RawValue>> {
    value.get().starts_with('[').then(|| serde_json::from_str(value.get()).ok().map(|List(l)| l))?
}

/// A number that counts something. Some servers write `3.0`; what is beyond the type is its end.
pub(crate) fn count(value: &RawValue) -> Option<u64> {
    let text = value.get();
    if let Ok(count) = text.parse() {
        return Some(count);
    }
    let number: f64 = serde_json::from_str(text).ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    (number >= 0.0).then_some(number as u64)
}

/// The text of an array of elements that are JSON.
pub(crate) fn array<T: AsRef<str>>(elements: impl IntoIterator<Item = T>) -> String {
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
pub(crate) fn place(whole: &str, part: &str) -> Option<std::ops::Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    let end = start.checked_add(part.len())?;
    (whole.get(start..end) == Some(part)).then_some(start..end)
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
