//! Numbers and texts that look like chance, and are the same each time.

/// xorshift64*
#[derive(Debug)]
pub struct Random(u64);

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

/// What may stand for a value: other sorts, ends of ranges, names that mean something.
const VALUES: [&str; 24] = [
    "null",
    "true",
    "false",
    "0",
    "-1",
    "0.5",
    "1e999",
    "-1e-400",
    "9007199254740993",
    "18446744073709551616",
    "1e15",
    "\"\"",
    "\"x\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"none\"",
    "\"default\"",
    "\"http://[::1]:0/\"",
    "[]",
    "[[]]",
    "[null]",
    "{}",
    "{\"\":0}",
    "{\"kind\":\"none\"}",
];

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The numbers of a case.
    pub fn case(seed: u64, number: u64) -> Self {
        let mut random = Self::new(seed ^ number.wrapping_mul(0xD134_2543_DE82_EF95));
        random.next();
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number from 0, less than the limit.
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap();
        usize::try_from((self.next() >> 16) % limit).unwrap()
    }

    /// Whether it is the one of so many.
    pub fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub fn one<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// Bytes of any kind, words among them.
    pub fn bytes(&mut self, most: usize) -> Vec<u8> {
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

    /// One of these texts, changed in some places, cut off, or put together with another.
    pub fn almost(&mut self, texts: &[&str]) -> Vec<u8> {
        let mut bytes = self.one(texts).as_bytes().to_vec();
        for _ in 0..self.below(4) {
            self.mutate(&mut bytes, texts);
        }
        bytes
    }

    /// One change.
    fn mutate(&mut self, bytes: &mut Vec<u8>, texts: &[&str]) {
        let at = self.below(bytes.len() + 1);
        let to = at + self.below((bytes.len() - at).min(40) + 1);
        match self.below(12) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..to)),
            2 => {
                let part = bytes[at..to].to_vec();
                bytes.splice(at..at, part);
            }
            3 => {
                let other = self.one(texts).as_bytes();
                bytes.truncate(at);
                bytes.extend_from_slice(&other[other.len().min(at)..]);
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
            6 | 7 => {
                let word = *self.one(&WORDS);
                bytes.splice(at..at, word.bytes());
            }
            _ => self.value(bytes, at),
        }
    }

    /// Puts another value after the next mark that a value follows, and leaves the rest in order.
    fn value(&mut self, bytes: &mut Vec<u8>, at: usize) {
        let value = *self.one(&VALUES);
        let Some(mark) = bytes[at..].iter().position(|byte| b":[,=".contains(byte)) else { return };
        let start = at + mark + 1;
        let ends = |byte: &u8| b",]}\n{[".contains(byte);
        let end = bytes[start..].iter().position(ends).map_or(bytes.len(), |end| start + end);
        bytes.splice(start..end, value.bytes());
    }
}
