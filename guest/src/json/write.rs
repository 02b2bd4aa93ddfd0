//! JSON values as text: no spaces, keys in byte order, numbers as RFC 8785 writes them.

use alloc::string::String;

use super::string::unescaped;
use super::value::{Members, Value};
use crate::number;

impl Value<'_> {
    /// The text.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// Appends the text.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(value) => number::json(*value, out),
            Self::String(text) => write_string(text, out),
            Self::Array(items) => write_array(items, out),
            Self::Object(members) => write_object(members, out),
        }
    }
}

/// Appends an array.
pub fn write_array(items: &[Value], out: &mut String) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        item.write(out);
    }
    out.push(']');
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

/// Appends a string.
pub fn write_string(text: &str, out: &mut String) {
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
