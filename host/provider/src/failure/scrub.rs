//! Takes a credential out of what a provider says, however the provider has written it.

use serde_json::Value;

use crate::config::Secret;

/// What stands in its place.
const MARK: &str = "***";
/// How often a text is decoded: it may have been written into one JSON text after another.
const LAYERS: usize = 4;
/// Of base64, the shortest part that is looked for. Less is found in any text.
const PART: usize = 8;

/// The longest credential that is looked for as a list of its bytes. Longer ones are tokens of clouds,
/// and what they would be written as is longer than what is read of a failure.
const LISTED: usize = 256;

/// Looks for a credential in its forms: as it is, in capitals or without, in base64, in hexadecimal
/// digits and as a list of bytes, each of them also behind escapes of JSON, of programs, of addresses,
/// of mail and of HTML.
#[derive(Clone, Debug)]
pub(crate) struct Scrub {
    forms: Vec<Vec<char>>,
    /// What a form begins with, of ASCII: most characters begin none.
    first: [bool; 128],
}

impl Default for Scrub {
    fn default() -> Self {
        Self { forms: Vec::new(), first: [false; 128] }
    }
}

/// A character, and where what it was written as begins and ends.
type Written = (char, usize, usize);

impl Scrub {
    /// For the credential of a call, if there is one.
    pub(crate) fn new(secret: Option<&Secret>) -> Self {
        let Some(secret) = secret.map(Secret::expose) else { return Self::default() };
        let mut forms = vec![secret.to_owned()];
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        forms.push(hex);
        if secret.len() <= LISTED {
            forms.extend(lists(secret.as_bytes()));
        }
        for alphabet in [STANDARD, URL] {
            forms.extend((0..3).map(|before| base64(secret.as_bytes(), before, alphabet)));
        }
        let is_long = |(index, form): &(usize, String)| *index == 0 || form.len() >= PART;
        let mut forms: Vec<Vec<char>> = forms
            .into_iter()
            .enumerate()
            .filter(is_long)
            .map(|(_, form)| form.chars().collect())
            .collect();
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        let mut first = [false; 128];
        for character in forms.iter().filter_map(|form| form.first()) {
            for case in [character.to_ascii_lowercase(), character.to_ascii_uppercase()] {
                match first.get_mut(case as usize) {
                    Some(begins) => *begins = true,
                    None => first = [true; 128], // a key that no header can carry
                }
            }
        }
        Self { forms, first }
    }

    /// The text without the credential. Only then is it cut: a part of a key is part of a key.
    pub(crate) fn text(&self, text: &str) -> String {
        if self.forms.is_empty() {
            return text.to_owned();
        }
        let mut written: Vec<Written> = text
            .char_indices()
            .map(|(start, character)| (character, start, start + character.len_utf8()))
            .collect();
        let mut found = Vec::new();
        for _ in 0..LAYERS {
            found.extend(self.find(&written));
            let decoded = decode(&written);
            if decoded.len() == written.len() {
                break;
            }
            written = decoded;
        }
        cut(text, found)
    }

    /// The same for all strings of a value.
    pub(crate) fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(list) => list.iter_mut().for_each(|value| self.value(value)),
            Value::Object(members) => {
                for (key, mut value) in std::mem::take(members) {
                    self.value(&mut value);
                    members.insert(self.text(&key), value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The most bytes that a credential is written with: each character as `\\u0041`.
    pub(crate) fn longest(&self) -> usize {
        self.forms.iter().map(Vec::len).max().unwrap_or_default() * 12
    }

    fn find(&self, written: &[Written]) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some((character, ..)) = written.get(at) {
            if !self.first.get(*character as usize).copied().unwrap_or(self.first[0]) {
                at += 1;
                continue;
            }
            let rest = written.get(at..).unwrap_or_default();
            let here = self.forms.iter().find(|form| {
                rest.len() >= form.len()
                    && form.iter().zip(rest).all(|(wanted, (character, ..))| {
                        let any_case = form.len() >= PART;
                        wanted == character || any_case && wanted.eq_ignore_ascii_case(character)
                    })
            });
            let length = here.map_or(0, Vec::len);
            if let (Some((_, start, _)), Some((.., end))) =
                (rest.first(), rest.get(length.wrapping_sub(1)))
            {
                found.push((*start, *end));
            }
            at += length.max(1);
        }
        found
    }
}

/// The text with marks in place of what was found.
fn cut(text: &str, mut found: Vec<(usize, usize)>) -> String {
    found.sort_unstable();
    let mut clean = String::with_capacity(text.len());
    let mut done = 0;
    for (start, end) in found {
        if end <= done {
            continue;
        }
        if start >= done {
            clean.push_str(text.get(done..start).unwrap_or_default());
            clean.push_str(MARK);
        }
        done = end;
    }
    clean.push_str(text.get(done..).unwrap_or_default());
    clean
}

/// One layer of escapes off: `\u0041`, `\u{41}`, `\x41`, `\101`, `\/`, `%41`, `%u0041`, `=41`, `&#65;`,
/// `&#x41;`, `&sol;`.
fn decode(written: &[Written]) -> Vec<Written> {
    let mut decoded = Vec::with_capacity(written.len());
    let mut at = 0;
    while let Some(&(character, start, end)) = written.get(at) {
        let rest = written.get(at + 1..).unwrap_or_default();
        let (character, length) = match character {
            '\\' => backslash(rest),
            '%' => match rest.first() {
                Some(('u' | 'U', ..)) => rest
                    .get(1..)
                    .and_then(|rest| digits(rest, 4, 16))
                    .map(|character| (character, 5)),
                _ => digits(rest, 2, 16).map(|character| (character, 2)),
            },
            '=' => digits(rest, 2, 16).map(|character| (character, 2)),
            '&' => entity(rest),
            _ => None,
        }
        .unwrap_or((character, 0));
        let last = length.checked_sub(1).and_then(|last| rest.get(last));
        decoded.push((character, start, last.map_or(end, |(.., end)| *end)));
        at += length + 1;
    }
    decoded
}

fn backslash(rest: &[Written]) -> Option<(char, usize)> {
    match rest.first()?.0 {
        'u' | 'U' if rest.get(1)?.0 == '{' => {
            let inner = rest.get(2..)?;
            let end = inner.iter().take(7).position(|(character, ..)| *character == '}')?;
            Some((digits(inner, end, 16)?, end + 3))
        }
        'u' | 'U' => Some((digits(rest.get(1..)?, 4, 16)?, 5)),
        '0'..='7' => Some((digits(rest, 3, 8)?, 3)),
        'x' => Some((digits(rest.get(1..)?, 2, 16)?, 3)),
        escaped @ ('/' | '\\' | '"' | '\'' | '-' | '_' | '.') => Some((escaped, 1)),
        _ => None,
    }
}

fn entity(rest: &[Written]) -> Option<(char, usize)> {
    let end = rest.iter().take(9).position(|(character, ..)| *character == ';')?;
    let body: String = rest.get(..end)?.iter().map(|(character, ..)| character).collect();
    let Some(body) = body.strip_prefix('#') else {
        let (_, character) = NAMED.iter().find(|(name, _)| *name == body)?;
        return Some((*character, end + 1));
    };
    let code = match body.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => body.parse(),
    };
    Some((char::from_u32(code.ok()?)?, end + 1))
}

/// Entities of HTML for what keys have beside letters and digits.
const NAMED: [(&str, char); 20] = [
    ("amp", '&'),
    ("apos", '\''),
    ("bsol", '\\'),
    ("colon", ':'),
    ("comma", ','),
    ("commat", '@'),
    ("dash", '-'),
    ("dollar", '$'),
    ("equals", '='),
    ("excl", '!'),
    ("gt", '>'),
    ("hyphen", '-'),
    ("lowbar", '_'),
    ("lt", '<'),
    ("num", '#'),
    ("percnt", '%'),
    ("period", '.'),
    ("plus", '+'),
    ("quot", '"'),
    ("sol", '/'),
];

fn digits(rest: &[Written], count: usize, radix: u32) -> Option<char> {
    let digits = rest.get(..count)?.iter();
    let mut code = digits.map(|(character, ..)| character.to_digit(radix));
    let code = code.try_fold(0, |code, digit| Some(code * radix + digit?))?;
    char::from_u32(code)
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The bytes one after the other: in hexadecimal digits, as tools print them, and as numbers of an array.
fn lists(bytes: &[u8]) -> impl Iterator<Item = String> {
    let list = |write: fn(&u8) -> String, between: &str| {
        bytes.iter().map(write).collect::<Vec<_>>().join(between)
    };
    let hex = |byte: &u8| format!("{byte:02x}");
    let program = |byte: &u8| format!("0x{byte:02x}");
    [
        list(hex, ":"),
        list(hex, " "),
        list(hex, "-"),
        list(program, ","),
        list(program, ", "),
        list(u8::to_string, ","),
        list(u8::to_string, ", "),
    ]
    .into_iter()
}

/// What base64 makes of bytes that stand after so many others, as far as it depends on them alone.
fn base64(bytes: &[u8], before: usize, alphabet: &[u8; 64]) -> String {
    let bits: Vec<bool> = std::iter::repeat_n(false, before * 8)
        .chain(bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)))
        .collect();
    let whole = bits.chunks_exact(6).skip((before * 8).div_ceil(6));
    let digit = |bits: &[bool]| bits.iter().fold(0, |digit, bit| digit * 2 + usize::from(*bit));
    whole.filter_map(|bits| alphabet.get(digit(bits)).copied().map(char::from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk-Secret/1+x";

    fn scrub(text: &str) -> String {
        Scrub::new(Secret::new(KEY).as_ref()).text(text)
    }

    fn json_escaped(text: &str) -> String {
        text.chars().map(|character| format!("\\u{:04x}", u32::from(character))).collect()
    }

    #[test]
    fn as_it_is() {
        assert_eq!(scrub("key sk-Secret/1+x, sk-Secret/1+x2"), "key ***, ***2");
        assert_eq!(scrub("sk-Secret/1+"), "sk-Secret/1+");
        assert_eq!(Scrub::new(None).text(KEY), KEY);
    }

    #[test]
    fn behind_escapes() {
        let percent: String = KEY.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let twice = percent.replace('%', "%25");
        let html: String = KEY.chars().map(|c| format!("&#{};", u32::from(c))).collect();
        let hex: String = KEY.chars().map(|c| format!("&#x{:x};", u32::from(c))).collect();
        let escaped = json_escaped(KEY);
        let again = escaped.replace('\\', "\\\\");
        for form in [
            "sk-Secret\\/1+x",
            "sk-Secret%2F1%2Bx",
            "s\\u006b-Secret/1&#43;x",
            &percent,
            &twice,
            &html,
            &hex,
            &escaped,
            &again,
            &json_escaped(&percent),
        ] {
            assert_eq!(scrub(&format!("é {form}!")), "é ***!", "{form}");
        }
    }

    /// Each way in which a server may write what it was sent.
    #[test]
    fn in_any_way() {
        let each = |write: fn(char) -> String| KEY.chars().map(write).collect::<String>();
        let list = |write: fn(u8) -> String, between: &str| {
            KEY.bytes().map(write).collect::<Vec<_>>().join(between)
        };
        let mixed: String = KEY
            .char_indices()
            .map(|(at, c)| if at % 2 == 0 { c.to_ascii_uppercase() } else { c })
            .collect();
        let ways = [
            ("as it is", KEY.to_owned()),
            ("capitals", KEY.to_uppercase()),
            ("no capitals", KEY.to_lowercase()),
            ("some capitals", mixed),
            ("JSON", json_escaped(KEY)),
            ("JSON in JSON", json_escaped(KEY).replace('\\', "\\\\")),
            ("JSON, capitals", json_escaped(&KEY.to_uppercase())),
            ("JSON, a slash", KEY.replace('/', "\\/")),
            ("JavaScript", each(|c| format!("\\u{{{:x}}}", u32::from(c)))),
            ("bytes of a program", each(|c| format!("\\x{:02x}", u32::from(c)))),
            ("octal", each(|c| format!("\\{:03o}", u32::from(c)))),
            ("address", each(|c| format!("%{:02x}", u32::from(c)))),
            ("address, twice", each(|c| format!("%25{:02X}", u32::from(c)))),
            ("address, of scripts", each(|c| format!("%u{:04x}", u32::from(c)))),
            ("mail", each(|c| format!("={:02X}", u32::from(c)))),
            ("HTML", each(|c| format!("&#{};", u32::from(c)))),
            ("HTML, hexadecimal", each(|c| format!("&#X{:X};", u32::from(c)))),
            (
                "HTML, named",
                KEY.replace('/', "&sol;").replace('+', "&plus;").replace('-', "&hyphen;"),
            ),
            ("HTML in JSON", KEY.replace('/', "\\u0026#47;")),
            ("hexadecimal", list(|b| format!("{b:02x}"), "")),
            ("hexadecimal, mixed", list(|b| format!("{b:02x}"), "").replace('b', "B")),
            ("hexadecimal, colons", list(|b| format!("{b:02X}"), ":")),
            ("hexadecimal, spaces", list(|b| format!("{b:02x}"), " ")),
            ("an array of a program", list(|b| format!("0x{b:02x}"), ", ")),
            ("an array", format!("[{}]", list(|b| b.to_string(), ","))),
            ("an array, spaces", format!("[{}]", list(|b| b.to_string(), ", "))),
        ];
        for (way, written) in ways {
            let scrubbed = scrub(&format!("é {written}!"));
            let expected = ["é ***!", "é [***]!"];
            assert!(expected.contains(&scrubbed.as_str()), "{way}: {scrubbed}");
        }
        // a short key in other letters is a word
        let short = Scrub::new(Secret::new("Key").as_ref());
        assert_eq!(short.text("a key, the Key"), "a key, the ***");
    }

    #[test]
    fn in_other_digits() {
        // coreutils' base64 and xxd of "sk-Secret/1+x", of ":sk-Secret/1+x" and of "a:sk-Secret/1+x"
        assert!(!scrub("Basic c2stU2VjcmV0LzEreA==").contains("c2stU2VjcmV0"));
        assert!(!scrub("OnNrLVNlY3JldC8xK3g=").contains("NrLVNlY3JldC8xK3"));
        assert!(!scrub("YTpzay1TZWNyZXQvMSt4").contains("zay1TZWNyZXQvMSt4"));
        assert_eq!(scrub("736b2d5365637265742f312b78"), "***");
        assert_eq!(scrub("736B2D5365637265742F312B78"), "***");
    }

    #[test]
    fn in_values() {
        let mut value = serde_json::json!({"a": [KEY, {"b": format!("x{KEY}")}], "c": 1, KEY: {}});
        Scrub::new(Secret::new(KEY).as_ref()).value(&mut value);
        assert_eq!(value, serde_json::json!({"a": ["***", {"b": "x***"}], "c": 1, "***": {}}));
    }
}
