//! The tokens of JSON: numbers, strings and single bytes, and the position for messages.
//!
//! What is `inline(always)` here is a loop over every text that comes in: as calls they are 1 to 2 %
//! more fuel for every verb.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::ToString;

use super::string::unescaped;
use super::value::Value;
use crate::number::{SHORT, nearest, nearest_of_text};
use crate::refusal::{Refusal, RefusalCode};

/// How far a text is read.
pub struct Cursor<'w, 't> {
    /// The name of the text in messages.
    what: &'w str,
    text: &'t str,
    /// Bytes read. Always at a character boundary when an error is made.
    at: usize,
}

impl<'w, 't> Cursor<'w, 't> {
    pub const fn new(what: &'w str, text: &'t str) -> Self {
        Self { what, text, at: 0 }
    }

    /// Steps over bytes that were looked at.
    #[inline]
    pub const fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    #[inline(always)]
    pub fn number(&mut self) -> Result<Value<'t>, Refusal> {
        let start = self.at;
        let negative = self.eats(b'-');
        let first = self.at;
        let mut digits = 0;
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits(&mut digits)?,
        }
        let mut count = if digits == 0 { 0 } else { self.at - first };
        let mut fraction = 0;
        if self.eats(b'.') {
            let point = self.at;
            self.digits(&mut digits)?;
            fraction = self.at - point;
            count += fraction;
        }
        let mut exponent = 0;
        let mut exponent_count = 0;
        let mut exponent_negative = false;
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            exponent_negative = self.peek() == Some(b'-');
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            let first = self.at;
            self.digits(&mut exponent)?;
            exponent_count = self.at - first;
        }
        let magnitude = if count <= SHORT && exponent_count < SHORT {
            let exponent = exponent as i64;
            let exponent = if exponent_negative { -exponent } else { exponent };
            nearest(digits, exponent - fraction as i64)
        } else {
            nearest_of_text(self.text.get(start..self.at).unwrap_or_default())
        };
        match magnitude {
            // either zero is read as the positive one: they have one encoding
            Some(number) if negative && number.to_bits() != 0 => Ok(Value::Number(-number)),
            Some(number) => Ok(Value::Number(number)),
            None => {
                self.at = start;
                Err(self.refuse(RefusalCode::JsonNumber, "a number that a double can hold"))
            }
        }
    }

    /// One digit or more, appended to a number. It wraps where there are too many to be used.
    #[inline(always)]
    fn digits(&mut self, number: &mut u64) -> Result<(), Refusal> {
        let start = self.at;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            *number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(self.syntax("a digit")) }
    }

    #[inline(always)]
    pub fn string(&mut self) -> Result<Cow<'t, str>, Refusal> {
        self.at += 1;
        let part = self.part();
        if self.eats(b'"') {
            return Ok(Cow::Borrowed(part));
        }
        let mut text = part.to_string();
        while !self.eats(b'"') {
            if self.peek() != Some(b'\\') {
                return Err(self.syntax("'\"' at the end of the string"));
            }
            text.push(self.escape()?);
            text.push_str(self.part());
        }
        Ok(Cow::Owned(text))
    }

    /// The part of a string up to an escape, its end, or what it must not have.
    fn part(&mut self) -> &'t str {
        let start = self.at;
        self.at += unescaped(self.text.as_bytes().get(start..).unwrap_or_default());
        self.text.get(start..self.at).unwrap_or_default()
    }

    #[inline(always)]
    fn escape(&mut self) -> Result<char, Refusal> {
        let character = match self.rest().as_bytes().get(1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.syntax("an escape")),
        };
        self.at += 2;
        Ok(character)
    }

    /// One `\u` escape, or two of them that make one character.
    fn unicode(&mut self) -> Result<char, Refusal> {
        let first = self.unit(0).ok_or_else(|| self.syntax("four hexadecimal digits"))?;
        let low = self.unit(6).filter(|low| (0xdc00..0xe000).contains(low));
        let (code, length) = match (first, low) {
            (0xd800..0xdc00, Some(low)) => {
                (0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00), 12)
            }
            _ => (first, 6),
        };
        let character = char::from_u32(code).ok_or_else(|| self.syntax("no lone surrogate"))?;
        self.at += length;
        Ok(character)
    }

    /// The value of a `\u` escape so many bytes ahead.
    fn unit(&self, ahead: usize) -> Option<u32> {
        let digits = self.rest().get(ahead..ahead + 6)?.strip_prefix("\\u")?;
        digits.chars().try_fold(0, |value, digit| Some(value << 4 | digit.to_digit(16)?))
    }

    #[inline]
    pub fn skip_spaces(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Steps over a byte, if it is the next one.
    #[inline]
    pub fn eats(&mut self, byte: u8) -> bool {
        let next = self.peek() == Some(byte);
        self.at += usize::from(next);
        next
    }

    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub fn syntax(&self, expected: &str) -> Refusal {
        let got = match self.rest().chars().next() {
            None => "the end".to_string(),
            Some(control) if control.is_ascii_control() => {
                format!("U+{:04X}", u32::from(control))
            }
            Some(character) => format!("'{character}'"),
        };
        self.refuse(RefusalCode::JsonSyntax, &format!("{expected}, got {got}"))
    }

    pub fn refuse(&self, code: RefusalCode, expected: &str) -> Refusal {
        let before = self.text.get(..self.at).unwrap_or_default();
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        let column = 1 + before.bytes().rev().take_while(|byte| *byte != b'\n').count();
        let what = self.what;
        Refusal::new(code, format!("{what}: line {line} column {column}: expected {expected}"))
    }
}
