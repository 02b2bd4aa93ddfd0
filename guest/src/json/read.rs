//! Reading JSON, strictly.
//!
//! Written here because its rules are part of the contract: what is refused, with which code and at
//! which position, must not change with a library's version.

use alloc::format;
use alloc::vec::Vec;

use super::token::Cursor;
use super::value::{Member, Value};
use crate::limits::{INPUT_BYTES, JSON_NESTING};
use crate::order::by_text;
use crate::refusal::{Refusal, RefusalCode};

/// Reads a text of one value. `what` names the text in messages.
pub fn read<'t>(what: &str, text: &'t str) -> Result<Value<'t>, Refusal> {
    parse(what, text, false)
}

/// Checks a text that is passed on as it was written: it may have `null`.
pub fn check(what: &str, text: &str) -> Result<(), Refusal> {
    parse(what, text, true).map(drop)
}

/// Reads the value that a text begins with; what follows it comes back, too.
pub fn read_first<'t>(what: &str, text: &'t str) -> Result<(Value<'t>, &'t str), Refusal> {
    let mut parser = Parser::new(what, text, false)?;
    let value = parser.value(0)?;
    Ok((value, parser.cursor.rest()))
}

fn parse<'t>(what: &str, text: &'t str, nulls: bool) -> Result<Value<'t>, Refusal> {
    let mut parser = Parser::new(what, text, nulls)?;
    let value = parser.value(0)?;
    parser.cursor.skip_spaces();
    match parser.cursor.peek() {
        None => Ok(value),
        Some(_) => Err(parser.cursor.syntax("the end")),
    }
}

struct Parser<'w, 't> {
    cursor: Cursor<'w, 't>,
    /// What the open objects and arrays have so far, so that each is put in memory once, at its
    /// size.
    members: Vec<Member<'t>>,
    items: Vec<Value<'t>>,
    /// Whether there may be `null`, for which something else stands then.
    nulls: bool,
}

impl<'w, 't> Parser<'w, 't> {
    fn new(what: &'w str, text: &'t str, nulls: bool) -> Result<Self, Refusal> {
        if text.len() > INPUT_BYTES {
            let message =
                format!("{what}: expected at most {INPUT_BYTES} bytes, got {}", text.len());
            return Err(Refusal::new(RefusalCode::InputSize, message));
        }
        let (members, items) = (Vec::with_capacity(16), Vec::with_capacity(16));
        Ok(Self { cursor: Cursor::new(what, text), members, items, nulls })
    }

    fn value(&mut self, depth: usize) -> Result<Value<'t>, Refusal> {
        self.cursor.skip_spaces();
        match self.cursor.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.cursor.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.cursor.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') if self.nulls => self.word("null", Value::Bool(false)),
            Some(b'n') if self.cursor.rest().starts_with("null") => Err(self
                .cursor
                .refuse(RefusalCode::JsonNull, "no null: leave the key or element out")),
            _ => Err(self.cursor.syntax("a value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value<'t>, Refusal> {
        self.enter(depth)?;
        let start = self.members.len();
        let mut sorted = true;
        if !self.closes(b'}') {
            loop {
                self.cursor.skip_spaces();
                if self.cursor.peek() != Some(b'"') {
                    return Err(self.cursor.syntax("a key"));
                }
                let key = self.cursor.string()?;
                self.cursor.skip_spaces();
                if !self.cursor.eats(b':') {
                    return Err(self.cursor.syntax("':'"));
                }
                let value = self.value(depth + 1)?;
                let in_order = self.members.len() == start || self.last_key() < Some(&*key);
                sorted = sorted && in_order;
                self.members.push((key, value));
                if self.ends(b'}', "',' or '}'")? {
                    break;
                }
            }
        }
        let mut members = take(&mut self.members, start);
        if !sorted {
            members = by_key(members);
            let mut pairs = members.iter().zip(members.iter().skip(1));
            if let Some(((key, _), _)) = pairs.find(|(a, b)| a.0 == b.0) {
                let message = format!("each key once, got '{key}' twice in the object before");
                return Err(self.cursor.refuse(RefusalCode::JsonDuplicateKey, &message));
            }
        }
        Ok(Value::Object(members))
    }

    fn last_key(&self) -> Option<&str> {
        self.members.last().map(|(key, _)| &**key)
    }

    fn array(&mut self, depth: usize) -> Result<Value<'t>, Refusal> {
        self.enter(depth)?;
        let start = self.items.len();
        if !self.closes(b']') {
            loop {
                let item = self.value(depth + 1)?;
                self.items.push(item);
                if self.ends(b']', "',' or ']'")? {
                    break;
                }
            }
        }
        Ok(Value::Array(take(&mut self.items, start)))
    }

    /// Steps over the opening bracket of something that `depth` others enclose.
    fn enter(&mut self, depth: usize) -> Result<(), Refusal> {
        if depth >= JSON_NESTING {
            let expected = format!("at most {JSON_NESTING} nested arrays and objects");
            return Err(self.cursor.refuse(RefusalCode::JsonNesting, &expected));
        }
        self.cursor.skip(1);
        Ok(())
    }

    /// Whether an empty array or object ends here.
    fn closes(&mut self, bracket: u8) -> bool {
        self.cursor.skip_spaces();
        self.cursor.eats(bracket)
    }

    /// After an element: whether that was the last one.
    fn ends(&mut self, bracket: u8, expected: &str) -> Result<bool, Refusal> {
        self.cursor.skip_spaces();
        if self.cursor.eats(b',') {
            Ok(false)
        } else if self.cursor.eats(bracket) {
            Ok(true)
        } else {
            Err(self.cursor.syntax(expected))
        }
    }

    fn word(&mut self, word: &str, value: Value<'t>) -> Result<Value<'t>, Refusal> {
        if self.cursor.rest().starts_with(word) {
            self.cursor.skip(word.len());
            Ok(value)
        } else {
            Err(self.cursor.syntax("a value"))
        }
    }
}

/// Takes what stands on a stack from `start` on: copied, to its size, unless it is most of what
/// there is.
fn take<T>(stack: &mut Vec<T>, start: usize) -> Vec<T> {
    if stack.len() - start <= start.max(64) {
        return stack.split_off(start);
    }
    let below = stack.drain(..start).collect();
    core::mem::replace(stack, below)
}

/// Sorts members. What a person wrote is short, and nearly in order.
pub fn by_key(mut members: Vec<Member>) -> Vec<Member> {
    if members.len() > 16 {
        return by_text(members, |(key, _)| key);
    }
    for end in 2..=members.len() {
        for at in (2..=end).rev() {
            match members.get_mut(at - 2..at) {
                Some([before, after]) if after.0 < before.0 => core::mem::swap(before, after),
                _ => break,
            }
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn error(text: &str) -> (RefusalCode, String) {
        let refusal = read("ctx", text).unwrap_err();
        (refusal.code, refusal.message)
    }

    #[test]
    fn numbers_are_the_nearest_double() {
        for (text, value) in [
            ("0", 0.0),
            ("-0", 0.0),
            ("1E2", 100.0),
            ("9007199254740993", 9_007_199_254_740_992.0),
            ("9007199254740993.0000000000000000000000000001", 9_007_199_254_740_994.0),
            ("2.2250738585072011e-308", f64::from_bits(0x000f_ffff_ffff_ffff)),
            ("5e-324", f64::from_bits(1)),
            ("1e-400", 0.0),
        ] {
            assert_eq!(read("n", text), Ok(Value::Number(value)), "{text}");
        }
    }

    /// Two texts with one encoding must not decide differently, not even in the sign of a zero.
    #[test]
    fn there_is_one_zero() {
        for text in
            ["0", "-0", "-0.0", "-0e0", "-0E+9", "-1e-400", "-0.00000000000000000000000000000"]
        {
            let Ok(Value::Number(zero)) = read("n", text) else { panic!("{text}") };
            assert_eq!(zero.to_bits(), 0, "{text}");
        }
    }

    #[test]
    fn strings() {
        for (text, value) in [
            (r#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{c}\n\r\t"),
            (r#""\u00e9\u65E5\ud83d\ude00""#, "é日😀"),
            ("\"日本\u{7f}\"", "日本\u{7f}"),
        ] {
            assert_eq!(read("s", text), Ok(Value::text(value)), "{text}");
        }
    }

    #[test]
    fn nesting_is_counted_exactly() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read("n", &nested(128)).is_ok());
        assert_eq!(
            error(&nested(129)),
            (
                RefusalCode::JsonNesting,
                "ctx: line 1 column 129: expected at most 128 nested arrays and objects".into()
            )
        );
    }

    #[test]
    fn arrays_and_objects_of_every_size() {
        // as the standard library's formatting writes them, around the sizes that are treated apart
        for before in [0, 1, 64, 65, 200] {
            for count in [0, 1, 2, 16, 17, 63, 64, 65, 66, 199, 200, 201, 300] {
                let before: Vec<usize> = (0..before).collect();
                let numbers: Vec<usize> = (0..count).collect();
                let members = numbers.iter().rev().map(|n| format!("\"{n:03}\":{n}"));
                let object = members.collect::<Vec<_>>().join(",");
                let text = format!("[{before:?},{numbers:?},{{{object}}},7]").replace(' ', "");
                let value = read("n", &text).unwrap();
                let [first, array, object, last] = value.as_array().unwrap() else {
                    panic!("{text}")
                };
                assert_eq!(first.to_json(), format!("{before:?}").replace(' ', ""));
                assert_eq!(array.to_json(), format!("{numbers:?}").replace(' ', ""));
                assert_eq!(last, &Value::Number(7.0));
                let members = object.as_object().unwrap();
                assert_eq!(members.len(), count);
                for (n, (key, value)) in members.iter().enumerate() {
                    assert_eq!((&**key, value), (&*format!("{n:03}"), &Value::Number(n as f64)));
                }
                // the same on a stack that has something
                let nested = format!("[{},{text}]", &format!("{before:?}")[1..].replace(']', ""))
                    .replace("[,", "[");
                let nested = read("n", &nested).unwrap();
                assert_eq!(nested.as_array().unwrap().last(), Some(&value));
            }
        }
    }

    #[test]
    fn messages_give_the_position() {
        for (text, message) in [
            ("", "line 1 column 1: expected a value, got the end"),
            ("[1,", "line 1 column 4: expected a value, got the end"),
            ("[1 2]", "line 1 column 4: expected ',' or ']', got '2'"),
            ("[1,]", "line 1 column 4: expected a value, got ']'"),
            ("{\n \"a\" 1}", "line 2 column 6: expected ':', got '1'"),
            ("{\"a\":1,}", "line 1 column 8: expected a key, got '}'"),
            ("{a:1}", "line 1 column 2: expected a key, got 'a'"),
            ("01", "line 1 column 2: expected the end, got '1'"),
            ("-", "line 1 column 2: expected a digit, got the end"),
            ("1.e5", "line 1 column 3: expected a digit, got 'e'"),
            ("+1", "line 1 column 1: expected a value, got '+'"),
            ("nul", "line 1 column 1: expected a value, got 'n'"),
            ("NaN", "line 1 column 1: expected a value, got 'N'"),
            ("\"a", "line 1 column 3: expected '\"' at the end of the string, got the end"),
            ("\"\n\"", "line 1 column 2: expected '\"' at the end of the string, got U+000A"),
            (r#""\x""#, "line 1 column 2: expected an escape, got '\\'"),
            (r#""\u12g4""#, "line 1 column 2: expected four hexadecimal digits, got '\\'"),
            (r#""\ud800""#, "line 1 column 2: expected no lone surrogate, got '\\'"),
            (r#""\ude00\ud83d""#, "line 1 column 2: expected no lone surrogate, got '\\'"),
            (r#""\ud83d\u0041""#, "line 1 column 2: expected no lone surrogate, got '\\'"),
        ] {
            assert_eq!(error(text), (RefusalCode::JsonSyntax, format!("ctx: {message}")), "{text}");
        }
    }

    #[test]
    fn what_the_contract_leaves_out() {
        assert_eq!(
            error(r#"{"b":1,"a":2,"b":3}"#),
            (
                RefusalCode::JsonDuplicateKey,
                "ctx: line 1 column 20: expected each key once, got 'b' twice in the object before"
                    .into()
            )
        );
        assert_eq!(
            error("[null]"),
            (
                RefusalCode::JsonNull,
                "ctx: line 1 column 2: expected no null: leave the key or element out".into()
            )
        );
        assert_eq!(
            error("[1e999]"),
            (
                RefusalCode::JsonNumber,
                "ctx: line 1 column 2: expected a number that a double can hold".into()
            )
        );
        assert_eq!(error(&" ".repeat(INPUT_BYTES + 1)).0, RefusalCode::InputSize);
        assert_eq!(error(&" ".repeat(INPUT_BYTES)).0, RefusalCode::JsonSyntax);
    }
}
