//! Whether a text is canonical JSON.
//!
//! It is asked of every record that is read, and answered without building the value: that is what
//! makes checking a ledger fast.

use crate::limits::LEVELS;

/// Whether the text is one canonical object, of no more levels than are written.
pub(crate) fn is_object(text: &str) -> bool {
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
