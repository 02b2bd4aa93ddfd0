//! Canonical JSON, as RFC 8785 has it: one value, one text.
//!
//! A library writes it. Whether a text is canonical is asked of every record that is read, and is
//! answered here without building the value: that is what makes checking a ledger fast.

use serde::Serialize;
use serde_json::Value;

/// The most levels of a body: every JSON reader takes as many.
const LEVELS: u32 = 100;

/// The largest magnitude up to which a double holds every integer.
const EXACT: u64 = 1 << 53;

/// The canonical text of a value; integers that a double may not hold become strings.
pub(super) fn write(value: &impl Serialize) -> Result<String, String> {
    let mut value = serde_json::to_value(value).map_err(|error| error.to_string())?;
    if !value.is_object() {
        return Err("expected an object as the body".to_owned());
    }
    keep_integers(&mut value, 1)?;
    serde_json_canonicalizer::to_string(&value).map_err(|error| error.to_string())
}

fn keep_integers(value: &mut Value, level: u32) -> Result<(), String> {
    if level > LEVELS && (value.is_array() || value.is_object()) {
        return Err(format!("expected at most {LEVELS} levels"));
    }
    match value {
        Value::Number(number) => {
            let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            if magnitude.is_some_and(|magnitude| magnitude > EXACT) {
                *value = Value::String(number.to_string());
            }
        }
        Value::Array(items) => {
            items.iter_mut().try_for_each(|item| keep_integers(item, level + 1))?;
        }
        Value::Object(members) => {
            members.values_mut().try_for_each(|member| keep_integers(member, level + 1))?;
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
    Ok(())
}

/// Whether the text is one canonical object, of no more levels than are written.
pub(super) fn is_object(text: &str) -> bool {
    let mut scan = Scan { text, at: 0 };
    scan.peek() == Some(b'{') && scan.value(1).is_some() && scan.at == text.len()
}

/// Reads canonical JSON; `None` at the first byte that is not.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn value(&mut self, level: u32) -> Option<()> {
        match self.peek()? {
            b'{' => self.object(level),
            b'[' => self.array(level),
            b'"' => self.string().map(drop),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text.get(self.at..)?.starts_with(word).then(|| self.at += word.len())
    }

    fn array(&mut self, level: u32) -> Option<()> {
        self.open(level)?;
        if self.peek()? == b']' {
            return self.next().map(drop);
        }
        loop {
            self.value(level + 1)?;
            match self.next()? {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    fn object(&mut self, level: u32) -> Option<()> {
        self.open(level)?;
        if self.peek()? == b'}' {
            return self.next().map(drop);
        }
        let mut before = None;
        loop {
            let key = self.string()?;
            if before.is_some_and(|before| !ascends(before, key)) {
                return None;
            }
            before = Some(key);
            (self.next()? == b':').then_some(())?;
            self.value(level + 1)?;
            match self.next()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    fn open(&mut self, level: u32) -> Option<()> {
        self.at += 1;
        (level <= LEVELS).then_some(())
    }

    /// What is between the quotes, escapes and all.
    fn string(&mut self) -> Option<&'a str> {
        (self.next()? == b'"').then_some(())?;
        let from = self.at;
        loop {
            match self.next()? {
                b'"' => return self.text.get(from..self.at - 1),
                b'\\' => self.escape()?,
                0x20.. => {}
                _ => return None,
            }
        }
    }

    /// Only what cannot stand for itself is escaped, and in the shortest way.
    fn escape(&mut self) -> Option<()> {
        match self.next()? {
            b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = self.text.get(self.at..self.at + 4)?;
                let code = u32::from_str_radix(digits, 16).ok()?;
                let short = matches!(code, 8 | 9 | 10 | 12 | 13);
                let shortest = code < 0x20 && !short && digits == format!("{code:04x}");
                shortest.then(|| self.at += 4)
            }
            _ => None,
        }
    }

    fn number(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let part = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e');
        let length = rest.bytes().take_while(|byte| part(*byte)).count();
        let number = rest.get(..length)?;
        is_number(number).then(|| self.at += length)
    }
}

/// Whether this is how a double is written.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let integer = digits.bytes().all(|byte| byte.is_ascii_digit());
    // so few digits are exact, and written as they are
    if integer && (1..=15).contains(&digits.len()) && !digits.starts_with('0') {
        return true;
    }
    let Ok(number) = text.parse::<f64>() else { return false };
    serde_json_canonicalizer::to_string(&number).is_ok_and(|canonical| canonical == text)
}

/// Whether keys, as they stand between their quotes, are in order: that of UTF-16.
fn ascends(before: &str, key: &str) -> bool {
    let plain = |key: &str| key.bytes().all(|byte| byte.is_ascii() && byte != b'\\');
    if plain(before) && plain(key) {
        return before < key;
    }
    let unescaped = |key: &str| serde_json::from_str::<String>(&format!("\"{key}\""));
    match (unescaped(before), unescaped(key)) {
        (Ok(before), Ok(key)) => before.encode_utf16().lt(key.encode_utf16()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written() {
        let value = json!({"b": [1.0, -0.0, 1e21, 1e-7, 0.1], "a": "\u{1f}\u{7f}/é\"\\\n",
            "safe": 9_007_199_254_740_992_u64, "above": 9_007_199_254_740_993_u64,
            "below": -9_007_199_254_740_993_i64, "\u{e000}": 1, "\u{1f600}": 2});
        let text = write(&value).unwrap();
        assert_eq!(
            text,
            "{\"a\":\"\\u001f\u{7f}/é\\\"\\\\\\n\",\"above\":\"9007199254740993\",\
             \"b\":[1,0,1e+21,1e-7,0.1],\"below\":\"-9007199254740993\",\
             \"safe\":9007199254740992,\"\u{1f600}\":2,\"\u{e000}\":1}"
        );
        assert!(is_object(&text));
    }

    #[test]
    fn what_cannot_be_written() {
        for value in [json!([]), json!(1), Value::Null, json!("x")] {
            assert_eq!(write(&value), Err("expected an object as the body".to_owned()));
        }
        let nested = |levels| (1..levels).fold(json!({}), |value, _| json!({"a": value}));
        assert!(is_object(&write(&nested(100)).unwrap()));
        assert_eq!(write(&nested(101)), Err("expected at most 100 levels".to_owned()));
        assert!(!is_object(&nested(101).to_string()));
    }

    #[test]
    fn what_is_not_canonical() {
        for text in [
            "",
            " {}",
            "{} ",
            "{}{}",
            "[]",
            "1",
            "{",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,}",
            "{\"a\": 1}",
            "{\"b\":1,\"a\":1}",
            "{\"a\":1,\"a\":1}",
            "{\"a\":1.0}",
            "{\"a\":-0}",
            "{\"a\":01}",
            "{\"a\":+1}",
            "{\"a\":1e3}",
            "{\"a\":1E21}",
            "{\"a\":1e21}",
            "{\"a\":-}",
            "{\"a\":9007199254740993}",
            "{\"a\":.5}",
            "{\"a\":0.50}",
            "{\"a\":inf}",
            "{\"a\":nan}",
            "{\"a\":tru}",
            "{\"a\":nul",
            "{\"a\":\"\\/\"}",
            "{\"a\":\"\\u0041\"}",
            "{\"a\":\"\\u000a\"}",
            "{\"a\":\"\\u001F\"}",
            "{\"a\":\"\\u+01f\"}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":[1 ]}",
            "{\"a\":[1,]}",
            "{\"a\":[,1]}",
            "{\"a\":[1}",
            "{\"\u{e000}\":1,\"\u{1f600}\":2}",
            "{\"a\":1e400}",
        ] {
            assert!(!is_object(text), "{text}");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            (-1000..1000_i32).prop_map(|number| Value::from(f64::from(number) / 8.0)),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(Value::from_iter),
            ]
        })
    }

    proptest! {
        /// What the library writes is canonical here too, and nothing else with the same value is.
        #[test]
        fn agrees_with_the_library(value in value(), at in any::<prop::sample::Index>(), byte in 0_u8..128) {
            let text = write(&json!({ "v": value })).unwrap();
            prop_assert!(is_object(&text), "{}", text);
            let mut bytes = text.clone().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(other) = String::from_utf8(bytes) {
                let same = serde_json::from_str::<Value>(&other)
                    .is_ok_and(|value| value.is_object()
                        && serde_json_canonicalizer::to_string(&value).is_ok_and(|text| text == other));
                prop_assert_eq!(is_object(&other), same, "{}", other);
            }
        }
    }
}
