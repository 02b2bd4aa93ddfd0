//! JSON that is passed on with its `null` and the digits of its numbers.

use alloc::string::String;
use alloc::vec::Vec;

use super::read::{check, read};
use super::string::unescaped;
use crate::refusal::Refusal;

/// A member of an object: its key as a string of JSON, and its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field<'t> {
    pub name: &'t str,
    pub value: &'t str,
}

/// The text of one value without spaces, checked; unlike other texts it may have `null`. Strings are
/// written in one form, so that equal ones are equal texts.
#[inline(never)]
pub fn compact(what: &str, text: &str) -> Result<String, Refusal> {
    check(what, text)?;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = match first {
            '"' => after_value(rest),
            _ => rest.get(first.len_utf8()..).unwrap_or_default(),
        };
        let token = rest.strip_suffix(after).unwrap_or_default();
        if first == '"' {
            out.push_str(&read(what, token)?.to_json());
        } else {
            out.push_str(token.trim_ascii());
        }
        rest = after;
    }
    Ok(out)
}

/// The members of an object, in their order. The text is one that [`compact`] made.
#[inline(never)]
pub fn fields(text: &str) -> Option<Vec<Field<'_>>> {
    let mut fields = Vec::new();
    let mut rest = text.strip_prefix('{')?;
    while rest.starts_with('"') {
        let after = after_value(rest);
        let name = rest.strip_suffix(after)?;
        let after = after.strip_prefix(':')?;
        let end = after_value(after);
        fields.push(Field { name, value: after.strip_suffix(end)? });
        rest = end.strip_prefix(',').unwrap_or(end);
    }
    Some(fields)
}

/// What follows the value that a text begins with.
#[inline(never)]
fn after_value(text: &str) -> &str {
    let bytes = text.as_bytes();
    let (mut at, mut open, mut quoted) = (0, 0_usize, false);
    while let Some(byte) = bytes.get(at) {
        match (byte, quoted) {
            (b'\\', true) => at += 1, // and what is escaped
            (b'"', _) => quoted = !quoted,
            (_, true) => {
                at += unescaped(bytes.get(at..).unwrap_or_default()).saturating_sub(1);
            }
            (b'{' | b'[', _) => open += 1,
            (b'}' | b']', _) if open == 0 => break,
            (b'}' | b']', _) => open -= 1,
            (b',', _) if open == 0 => break,
            _ => {}
        }
        at += 1;
        let closed = matches!(byte, b'"' | b'}' | b']') && !quoted;
        if closed && open == 0 {
            break;
        }
    }
    text.get(at..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_it_was_written() {
        for (text, expected) in [
            (" null ", "null"),
            (
                "{ \"a b\" : [ 1.10 , null,\n9007199254740993 ] }",
                r#"{"a b":[1.10,null,9007199254740993]}"#,
            ),
            (r#""a \" \\ \/" "#, r#""a \" \\ /""#),
            ("\"日 本\\u00e9\\n\"", "\"日 本é\\n\""),
            ("[ ]", "[]"),
            ("true", "true"),
        ] {
            assert_eq!(compact("data", text).unwrap(), expected);
        }
        for (text, message) in [
            ("", "data: line 1 column 1: expected a value, got the end"),
            ("{} x", "data: line 1 column 4: expected the end, got 'x'"),
            ("[1 2]", "data: line 1 column 4: expected ',' or ']', got '2'"),
            ("nul", "data: line 1 column 1: expected a value, got 'n'"),
            (
                r#"{"a":1,"a":null}"#,
                "data: line 1 column 17: expected each key once, got 'a' twice in the object before",
            ),
        ] {
            assert_eq!(compact("data", text).unwrap_err().message, message);
        }
    }

    #[test]
    fn members_of_objects() {
        let text = r#"{"a":null,"b\"":"x,}\"y","c":{"d":[1,{}]},"":[],"é":-1e5}"#;
        let found: Vec<_> = fields(text).unwrap();
        let shown: Vec<_> = found.iter().map(|field| (field.name, field.value)).collect();
        assert_eq!(
            shown,
            [
                ("\"a\"", "null"),
                ("\"b\\\"\"", r#""x,}\"y""#),
                ("\"c\"", r#"{"d":[1,{}]}"#),
                ("\"\"", "[]"),
                ("\"é\"", "-1e5"),
            ]
        );
        assert_eq!(fields("{}").unwrap().len(), 0);
        for text in ["[]", "1", "\"{\"", "null", ""] {
            assert!(fields(text).is_none());
        }
        // what no reader checked: something, and an end
        for text in ["{\"a", "{\"a\"", "{\"a\":", "{\"a\":[", "{\"\\", "{\"a\":}}", "{\"a\":1,"] {
            let _ = fields(text);
        }
    }
}
