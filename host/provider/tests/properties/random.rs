//! Numbers that look like chance, and are the same each time.

use super::super::properties::shapes::Shape;

/// xorshift64*
pub(crate) struct Random(u64);

/// What tells parsers apart.
const WORDS: [&str; 44] = [
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "0",
    "-1",
    "1e400",
    "18446744073709551616",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    " ",
    "\t",
    "\u{0}",
    "\u{FEFF}",
    "\u{2028}",
    "é",
    "\\ud83d",
    "\\u0000",
    "data:",
    "data: ",
    "event: error\n",
    ": x\n",
    "id: 1\n",
    "[DONE]",
    "data: [DONE]\n\n",
    "<html>",
    "\"error\":",
    "\"finish_reason\":\"error\"",
    "\"index\":0",
    "\"id\":\"\"",
    "\"choices\":[]",
    "{}",
    "[[[[[[[[",
    "\"KEY\"",
    "sk-0123456789abcdef",
    "KEY",
];

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number from 0, less than the limit.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap();
        usize::try_from((self.next() >> 16) % limit).unwrap()
    }

    pub(crate) fn one<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// Bytes of any kind, words among them.
    pub(crate) fn bytes(&mut self, most: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let length = self.below(most);
        while bytes.len() < length {
            if self.below(3) == 0 {
                bytes.push((self.next() >> 32) as u8);
            } else {
                bytes.extend_from_slice(self.one(&WORDS).as_bytes());
            }
        }
        bytes
    }

    /// One change.
    pub(crate) fn mutate(&mut self, bytes: &mut Vec<u8>, shapes: &[Shape]) {
        let at = self.below(bytes.len() + 1);
        let to = at + self.below((bytes.len() - at).min(40) + 1);
        match self.below(8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..to)),
            2 => {
                let part = bytes[at..to].to_vec();
                bytes.splice(at..at, part);
            }
            3 => {
                let (_, _, other) = self.one(shapes);
                bytes.truncate(at);
                bytes.extend_from_slice(&other.as_bytes()[other.len().min(at)..]);
            }
            4 => {
                let byte = (self.next() >> 32) as u8;
                bytes.splice(at..to.min(at + 1), [byte]);
            }
            5 => {
                let count = self.below(200);
                let word = self.one(&WORDS).repeat(count);
                bytes.splice(at..at, word.into_bytes());
            }
            _ => {
                let word = *self.one(&WORDS);
                bytes.splice(at..at, word.bytes());
            }
        }
    }
}
