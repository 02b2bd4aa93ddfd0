//! The canonical encoding, and the cache key that is computed from it.

use alloc::format;
use alloc::string::String;

use crate::json::{Value, unescaped};
use crate::number;
use crate::term::{Argument, Term};

/// What every encoding begins with: the version of the language.
pub const TAG: &str = "sigma-pol/v2:";

/// The text of a term. Equal texts mean equal terms; for a name, encode the normal form.
pub fn encode(term: &Term) -> String {
    let mut out = String::with_capacity(512);
    out.push_str(TAG);
    write_term(term, usize::MAX, &mut out);
    out
}

/// Two rolling hashes of 31 bits each: a cache key, not an identity.
pub fn fingerprint(text: &str) -> String {
    let (h1, h2) = text.bytes().fold((5381_u64, 52_711_u64), |(h1, h2), byte| {
        ((31 * h1 + u64::from(byte)) % 2_147_483_647, (37 * h2 + u64::from(byte)) % 2_147_483_629)
    });
    format!("{h1}-{h2}")
}

/// Nothing is begun once there are so many bytes.
fn write_term(term: &Term, limit: usize, out: &mut String) {
    out.push('(');
    out.push_str(term.op.operation().name);
    for argument in &term.arguments {
        out.push(' ');
        if out.len() >= limit {
            return;
        }
        write_argument(argument, limit, out);
    }
    out.push(')');
}

/// An argument as it stands in the encoding of its term.
fn write_argument(argument: &Argument, limit: usize, out: &mut String) {
    match argument {
        Argument::Term(term) => write_term(term, limit, out),
        Argument::Param(value) => write_param(value, out),
    }
}

/// An argument as it stands in the encoding.
pub fn text(argument: &Argument) -> String {
    beginning(argument, usize::MAX)
}

/// An argument as it stands in the encoding: so many bytes of it, or a little more, or all.
pub fn beginning(argument: &Argument, bytes: usize) -> String {
    let mut text = String::new();
    write_argument(argument, bytes, &mut text);
    text
}

fn write_param(value: &Value, out: &mut String) {
    match value {
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(value) => number::canonical(*value, out),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_param(item, out);
            }
            out.push(']');
        }
        // one empty value, whichever way it was written
        Value::Object(members) if members.is_empty() => out.push_str("[]"),
        Value::Object(members) => {
            out.push('{');
            for (index, (key, value)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                write_param(value, out);
            }
            out.push('}');
        }
    }
}

/// Only five characters are escaped; every other byte stands for itself.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        let Some(escape) = escape(byte) else { continue };
        out.push_str(text.get(written..at).unwrap_or_default());
        out.push_str(escape);
        written = at + 1;
    }
    out.push_str(text.get(written..).unwrap_or_default());
    out.push('"');
}

/// How a byte is written that does not stand for itself.
pub const fn escape(byte: u8) -> Option<&'static str> {
    Some(match byte {
        b'\\' => "\\\\",
        b'"' => "\\\"",
        b'\n' => "\\n",
        b'\r' => "\\r",
        b'\t' => "\\t",
        _ => return None,
    })
}

/// What follows a string of an encoding, whose first quote is read.
pub fn after_string(text: &str) -> &str {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let plain = unescaped(rest);
        at += plain;
        match rest.get(plain) {
            Some(b'"') => return text.get(at + 1..).unwrap_or_default(),
            Some(b'\\') => at += 2, // and what is escaped
            Some(_) => at += 1,
            None => return "",
        }
    }
}
