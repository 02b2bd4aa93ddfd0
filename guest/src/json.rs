//! JSON values, and how they are written. Reading is in [`crate::read`].

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::number;

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

    /// The text: no spaces, keys in byte order, numbers as RFC 8785 writes them.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(value) => number::json(*value, out),
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
            Self::Object(members) => write_object(members, out),
        }
    }
}

/// The text of an object.
pub fn object_text(members: &Members) -> String {
    let mut out = String::with_capacity(128);
    write_object(members, &mut out);
    out
}

fn write_object(members: &Members, out: &mut String) {
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

/// The same members, for longer than their text.
pub fn to_static(members: &Members) -> Vec<Member<'static>> {
    let member = |(key, value): &Member| (String::from(&**key).into(), value.to_static());
    members.iter().map(member).collect()
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

/// An object under construction.
#[derive(Clone, Debug, Default)]
pub struct Object<'t>(Vec<Member<'t>>);

impl<'t> Object<'t> {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    #[must_use]
    pub fn with(mut self, key: &str, value: Value<'t>) -> Self {
        set(&mut self.0, key, Some(value));
        self
    }

    #[must_use]
    pub fn maybe(mut self, key: &str, value: Option<Value<'t>>) -> Self {
        set(&mut self.0, key, value);
        self
    }

    #[must_use]
    pub fn text(self, key: &str, text: impl Into<Cow<'t, str>>) -> Self {
        self.with(key, Value::text(text))
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
    #[inline(never)] // there are many calls, none of them hot
    pub fn copy(mut self, from: &Value<'t>, keys: &[&str]) -> Self {
        // once: in the loop the compiler looks, before it knows the kind of the value, at bytes that
        // this kind does not have, and fuel would depend on what was in memory before
        let members = from.as_object().unwrap_or(&[]);
        for key in keys {
            if let Some(value) = lookup(members, key) {
                set(&mut self.0, key, Some(value.clone()));
            }
        }
        self
    }

    pub fn build(self) -> Value<'t> {
        Value::Object(self.0)
    }

    pub fn members(&self) -> &Members<'t> {
        &self.0
    }

    pub fn into_members(self) -> Vec<Member<'t>> {
        self.0
    }
}

impl<'t> From<Value<'t>> for Object<'t> {
    /// The members of an object; of another value there are none.
    fn from(value: Value<'t>) -> Self {
        match value {
            Value::Object(members) => Self(members),
            _ => Self::new(),
        }
    }
}

impl<'t> From<&Members<'t>> for Object<'t> {
    fn from(members: &Members<'t>) -> Self {
        Self(members.to_vec())
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    loop {
        let (plain, other) = rest.split_at_checked(unescaped(rest.as_bytes())).unwrap_or_default();
        out.push_str(plain);
        let Some(byte) = other.bytes().next() else { break };
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x8 => out.push_str("\\b"),
            0xc => out.push_str("\\f"),
            control => {
                out.push_str("\\u00");
                for digit in [control >> 4, control & 0xf] {
                    out.push(char::from_digit(u32::from(digit), 16).unwrap_or_default());
                }
            }
        }
        rest = other.get(1..).unwrap_or_default();
    }
    out.push('"');
}

/// How many bytes a string starts with that stand for themselves: no quote, no backslash, no
/// control character.
pub fn unescaped(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const TOPS: u64 = ONES << 7;
    let mut length = 0;
    // eight at a time: the top bit of a byte is set where it is less than another
    let (words, _) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let (quotes, backslashes) = (word ^ (ONES * 0x22), word ^ (ONES * 0x5c));
        let less = word.wrapping_sub(ONES * 0x20) & !word;
        let zero = |word: u64| word.wrapping_sub(ONES) & !word;
        if (less | zero(quotes) | zero(backslashes)) & TOPS != 0 {
            break;
        }
        length += 8;
    }
    let rest = bytes.get(length..).unwrap_or_default();
    length + rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_stand_for_themselves() {
        for byte in 0..=255_u8 {
            let escaped = byte < 0x20 || byte == b'"' || byte == b'\\';
            for place in 0..20 {
                // each neighbour that a borrow could come from
                for other in [0x20, 0x21, 0x5b, 0x7f, 0x80, 0xff] {
                    let mut bytes = [other; 20];
                    bytes[place] = byte;
                    let expected = if escaped { place } else { 20 };
                    assert_eq!(unescaped(&bytes), expected, "{byte} at {place} after {other}");
                }
            }
        }
        assert_eq!(unescaped(b""), 0);
    }
}
