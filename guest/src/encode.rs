//! The canonical encoding, and the cache key that is computed from it.

use alloc::format;
use alloc::string::String;
use core::cmp::Ordering;

use crate::json::{Value, unescaped};
use crate::number;
use crate::term::{Argument, Term};

/// What every encoding begins with: the version of the language.
pub const TAG: &str = "sigma-pol/v2:";

/// The text of a term. Equal texts mean equal terms; for a name, encode the normal form.
pub fn encode(term: &Term) -> String {
    let mut out = String::with_capacity(512);
    out.push_str(TAG);
    write_term(term, &mut out);
    out
}

/// Two rolling hashes of 31 bits each: a cache key, not an identity.
pub fn fingerprint(text: &str) -> String {
    let (h1, h2) = text.bytes().fold((5381_u64, 52_711_u64), |(h1, h2), byte| {
        ((31 * h1 + u64::from(byte)) % 2_147_483_647, (37 * h2 + u64::from(byte)) % 2_147_483_629)
    });
    format!("{h1}-{h2}")
}

fn write_term(term: &Term, out: &mut String) {
    out.push('(');
    out.push_str(term.op.operation().name);
    for argument in &term.arguments {
        out.push(' ');
        write_argument(argument, out);
    }
    out.push(')');
}

/// An argument as it stands in the encoding of its term.
fn write_argument(argument: &Argument, out: &mut String) {
    match argument {
        Argument::Term(term) => write_term(term, out),
        Argument::Param(value) => write_param(value, out),
    }
}

/// The order of two arguments by the bytes of their encodings, which are not written for it: it
/// takes no more than the shorter one is long.
pub fn compare(left: &Argument, right: &Argument) -> Ordering {
    match (left, right) {
        (Argument::Term(left), Argument::Term(right)) => compare_terms(left, right),
        (Argument::Param(left), Argument::Param(right)) if left == right => Ordering::Equal,
        _ => text(left).cmp(&text(right)),
    }
}

/// A name and a number may begin as a longer one does. What follows them is a space or a parenthesis,
/// which is less than what goes on with a name or a number; and a space is less than a parenthesis.
fn compare_terms(left: &Term, right: &Term) -> Ordering {
    let names = left.op.operation().name.cmp(right.op.operation().name);
    let pairs = || left.arguments.iter().zip(&right.arguments);
    names
        .then_with(|| {
            pairs()
                .map(|(left, right)| compare(left, right))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        })
        .then_with(|| right.arguments.len().cmp(&left.arguments.len()))
}

/// An argument as it stands in the encoding.
pub fn text(argument: &Argument) -> String {
    let mut text = String::new();
    write_argument(argument, &mut text);
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
        let escape = match byte {
            b'\\' => "\\\\",
            b'"' => "\\\"",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            _ => continue,
        };
        out.push_str(text.get(written..at).unwrap_or_default());
        out.push_str(escape);
        written = at + 1;
    }
    out.push_str(text.get(written..).unwrap_or_default());
    out.push('"');
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

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::{admit, json::read, vocabulary::Vocabulary};

    #[test]
    fn the_order_is_that_of_the_encodings() {
        let none = read("vocabulary", r#"{"profile":"reference"}"#).unwrap();
        let vocabulary = Vocabulary::read(&none).unwrap();
        let texts = [
            r#"["top"]"#,
            r#"["is","no_log"]"#,
            r#"["not",["is","no_log"]]"#,
            r#"["and",["top"]]"#,
            r#"["and",["top"],["top"]]"#,
            r#"["and",["top"],["is","no_log"]]"#,
            r#"["or",["top"],["bot"]]"#,
            r#"["family_eq","a"]"#,
            r#"["family_eq","a b"]"#,
            r#"["family_eq","a!"]"#,
            r#"["family_eq","a\"b"]"#,
            r#"["family_eq","a\nb"]"#,
            r#"["family_eq","é"]"#,
            r#"["cmp","price_in","le",5]"#,
            r#"["cmp","price_in","le",5.5]"#,
            r#"["cmp","price_in","le",50]"#,
            r#"["cmp","price_in","le",5e300]"#,
            r#"["cmp","price_in","le",-5]"#,
            r#"["cmp","price_in","lt",0]"#,
            r#"["cmp","price_in","lt",-0.0]"#,
            r#"["add",["lit",1]]"#,
            r#"["add",["lit",1],["lit",10]]"#,
            r#"["always",{"action":"abort"}]"#,
            r#"["always",{"action":"abort","attempts":1}]"#,
            r#"["filter_text",["NFC"]]"#,
            r#"["filter_text",["NFC",{"n":1}]]"#,
            r#"["filter_text",[]]"#,
            r#"["filter_text",{}]"#,
            r#"["chain",[{"provider":"a","model":"m"}]]"#,
        ];
        let values: Vec<_> = texts.iter().map(|text| read("term", text).unwrap()).collect();
        let terms = values.iter().map(|value| admit::admit(value, &vocabulary).unwrap().term);
        let arguments: Vec<_> = terms.map(Argument::Term).collect();
        for left in &arguments {
            for right in &arguments {
                let expected = text(left).cmp(&text(right));
                assert_eq!(compare(left, right), expected, "{left:?} {right:?}");
            }
        }
    }
}
