//! JSON values.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// A JSON value without `null`. Objects are sorted by key, bytewise, and have no key twice.
///
/// Keys and strings are parts of the text they were read from, wherever that has them without an
/// escape.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'t> {
    Bool(bool),
    Number(f64),
    String(Cow<'t, str>),
    Array(Vec<Self>),
    Object(Vec<Member<'t>>),
}

/// An object without members.
pub static NOTHING: Value<'static> = Value::Object(Vec::new());

/// A key and its value.
pub type Member<'t> = (Cow<'t, str>, Value<'t>);

/// The members of an object.
pub type Members<'t> = [Member<'t>];

impl<'t> Value<'t> {
    /// A string.
    pub fn text(text: impl Into<Cow<'t, str>>) -> Self {
        Self::String(text.into())
    }

    /// The same value, for longer than its text.
    pub fn to_static(&self) -> Value<'static> {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(value) => Value::Number(*value),
            Self::String(text) => Value::text(String::from(&**text)),
            Self::Array(items) => Value::Array(items.iter().map(Self::to_static).collect()),
            Self::Object(members) => Value::Object(to_static(members)),
        }
    }

    /// The same value, its keys and strings those of this one: nothing of them is copied.
    pub fn reborrow(&self) -> Value<'_> {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(value) => Value::Number(*value),
            Self::String(text) => Value::String(Cow::Borrowed(text)),
            Self::Array(items) => Value::Array(items.iter().map(Self::reborrow).collect()),
            Self::Object(members) => Value::Object(reborrow(members)),
        }
    }

    /// The same, with the empty value as the encoding has it: what one identity names goes out as
    /// one text, whichever way it was written.
    pub fn to_canonical(&self) -> Value<'static> {
        match self {
            Self::Array(items) => Value::Array(items.iter().map(Self::to_canonical).collect()),
            Self::Object(members) if members.is_empty() => Value::Array(Vec::new()),
            Self::Object(members) => {
                let member =
                    |(key, value): &Member| (String::from(&**key).into(), value.to_canonical());
                Value::Object(members.iter().map(member).collect())
            }
            scalar => scalar.to_static(),
        }
    }

    /// The member of an object, or nothing.
    pub fn get(&self, key: &str) -> Option<&Self> {
        lookup(self.as_object()?, key)
    }

    /// The members. An empty array is an empty object: writers that cannot tell them apart exist.
    pub fn as_object(&self) -> Option<&Members<'t>> {
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
}

/// The same members, for longer than their text.
pub fn to_static(members: &Members) -> Vec<Member<'static>> {
    let member = |(key, value): &Member| (String::from(&**key).into(), value.to_static());
    members.iter().map(member).collect()
}

/// The same members, their keys and strings those of these.
pub fn reborrow<'m>(members: &'m Members) -> Vec<Member<'m>> {
    members.iter().map(|(key, value)| (Cow::Borrowed(&**key), value.reborrow())).collect()
}

/// The value of a key.
pub fn lookup<'a, 't>(members: &'a Members<'t>, key: &str) -> Option<&'a Value<'t>> {
    // most objects are small, and keys differ in length before they differ in bytes
    if members.len() <= 16 {
        return members.iter().find(|(name, _)| name == key).map(|(_, value)| value);
    }
    let at = place(members, key).ok()?;
    members.get(at).map(|(_, value)| value)
}

/// Where a key is, or where it would be.
fn place(members: &Members, key: &str) -> Result<usize, usize> {
    members.binary_search_by(|(name, _)| (**name).cmp(key))
}

/// Sets, or with `None` removes, a member.
pub fn set<'t>(members: &mut Vec<Member<'t>>, key: &str, value: Option<Value<'t>>) {
    match (place(members, key), value) {
        (Ok(at), Some(value)) => {
            if let Some(member) = members.get_mut(at) {
                member.1 = value;
            }
        }
        (Ok(at), None) => {
            members.remove(at);
        }
        (Err(at), Some(value)) => members.insert(at, (String::from(key).into(), value)),
        (Err(_), None) => {}
    }
}
