//! Choices, and the JSON that is written with them.

use arbitrary::Unstructured;

/// Bytes as choices. How a text is written is chosen once a case: spaces or none, escapes or none,
/// and whether anything in it may be out of order.
#[derive(Debug)]
pub struct Draw<'a> {
    data: Unstructured<'a>,
    spaces: bool,
    escapes: bool,
    wrong: bool,
}

/// Tokens that readers and writers of numbers get wrong.
const ODD: [&str; 28] = [
    "-0",
    "0.0",
    "0e0",
    "-0.0",
    "-0e0",
    "-1e-400",
    "1e-400",
    "5e-324",
    "-5e-324",
    "2e-324",
    "2.2250738585072011e-308",
    "2.2250738585072014e-308",
    "1e308",
    "-1e308",
    "1.7976931348623157e308",
    "-1.7976931348623157E+308",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "0.1",
    "0.30000000000000004",
    "0.1000000000000000055511151231257827",
    "1e16",
    "1e17",
    "123456789012345678",
    "1e21",
    "0.0000010",
];

impl<'a> Draw<'a> {
    /// Choices by these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        let data = Unstructured::new(bytes);
        let mut draw = Self { data, spaces: false, escapes: false, wrong: false };
        draw.spaces = draw.one_in(4);
        draw.escapes = draw.one_in(4);
        draw.wrong = draw.one_in(6);
        draw
    }

    /// The bytes that are left.
    pub fn rest(&mut self) -> &'a [u8] {
        self.data.bytes(self.data.len()).unwrap_or_default()
    }

    /// A number below a bound, which is at least 1.
    pub fn below(&mut self, bound: usize) -> usize {
        self.data.int_in_range(0..=bound - 1).unwrap_or(0)
    }

    /// Any 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.data.arbitrary().unwrap_or(0)
    }

    /// Yes once in so many times.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// The same, in a case that may have things out of order; else no.
    pub fn wrong(&mut self, times: usize) -> bool {
        self.wrong && self.one_in(times)
    }

    /// One of several.
    pub fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    /// One of several, the first two more often, so that names meet.
    pub fn known<'n>(&mut self, names: &[&'n str]) -> &'n str {
        let count = if self.one_in(2) { names.len().min(2) } else { names.len() };
        names[self.below(count)]
    }

    /// Some of several, in their order.
    pub fn some<T: Clone>(&mut self, items: &[T], times: usize) -> Vec<T> {
        items.iter().filter(|_| self.one_in(times)).cloned().collect()
    }

    fn space(&mut self) -> &'static str {
        match self.spaces {
            true => self.pick(&["", "", " ", "\n", "\t ", "  \r\n"]),
            false => "",
        }
    }

    /// A number as text, small, plain or odd.
    pub fn number(&mut self) -> String {
        match self.below(16) {
            0..=5 => self.below(10).to_string(),
            6..=8 => format!("{}.{}", self.below(4), self.below(100)),
            9 => format!("-{}.{}", self.below(4), self.below(10)),
            10 => self.below(200_000).to_string(),
            11 => format!("{}e{}", self.below(100), self.pick(&["-3", "2", "+4", "-12"])),
            12 | 13 => self.pick(&ODD).to_owned(),
            14 => self.digits(),
            _ => self.double(),
        }
    }

    /// Up to 34 digits.
    fn digits(&mut self) -> String {
        let mut digits = format!("{}.", self.below(10));
        for _ in 0..=self.below(33) {
            digits.push(char::from(b'0' + self.below(10) as u8));
        }
        digits
    }

    /// Any finite double.
    fn double(&mut self) -> String {
        match f64::from_bits(self.bits()) {
            number if !number.is_finite() => "0.5".to_owned(),
            number if self.one_in(2) => format!("{number:e}"),
            number => format!("{number:.16e}"),
        }
    }

    /// An integer that a double holds, or nearly.
    pub fn integer(&mut self) -> String {
        const ENDS: [&str; 9] = [
            "9007199254740991",
            "-9007199254740991",
            "2147483646",
            "2147483647",
            "-2147483647",
            "4294967296",
            "-1",
            "1e3",
            "7.0",
        ];
        match self.below(8) {
            0..=3 => self.below(1_000).to_string(),
            4 => format!("-{}", 1 + self.below(1_000)),
            5 => (self.bits() >> 12).to_string(),
            _ => self.pick(&ENDS).to_owned(),
        }
    }

    /// A string of JSON.
    pub fn string(&mut self, text: &str) -> String {
        let mut out = String::from('"');
        for character in text.chars() {
            let escape = match character {
                '"' => Some("\\\""),
                '\\' => Some("\\\\"),
                '\n' => Some("\\n"),
                '\t' => Some("\\t"),
                _ => None,
            };
            if (self.escapes && self.one_in(4)) || (escape.is_none() && character < ' ') {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    out += &match self.below(2) {
                        0 => format!("\\u{unit:04x}"),
                        _ => format!("\\u{unit:04X}"),
                    };
                }
            } else if let Some(escape) = escape {
                out += escape;
            } else {
                out.push(character);
            }
        }
        out + "\""
    }

    /// An array of values.
    pub fn array(&mut self, items: &[String]) -> String {
        let mut out = String::from('[');
        for (index, item) in items.iter().enumerate() {
            out += if index > 0 { "," } else { "" };
            out += self.space();
            out += item;
            out += self.space();
        }
        out + "]"
    }

    /// An object of members, in any order where spaces are varied too.
    pub fn object(&mut self, mut members: Vec<(&str, String)>) -> String {
        if self.spaces && members.len() > 1 {
            let by = self.below(members.len());
            members.rotate_left(by);
        }
        if !members.is_empty() && self.wrong(60) {
            let twice = self.pick(&members);
            members.push(twice);
        }
        let members: Vec<String> = members
            .into_iter()
            .map(|(key, value)| {
                format!("{}{}:{}{value}", self.string(key), self.space(), self.space())
            })
            .collect();
        let inner = self.array(&members);
        format!("{{{}}}", &inner[1..inner.len() - 1])
    }

    /// Any value, a shallow one.
    pub fn anything(&mut self, room: usize) -> String {
        match self.below(if room == 0 { 4 } else { 7 }) {
            0 => self.number(),
            1 => self.pick(&["true", "false"]).to_owned(),
            2 => self.string("é"),
            3 => self.string("x"),
            4 => {
                let items: Vec<_> = (0..self.below(3)).map(|_| self.anything(room - 1)).collect();
                self.array(&items)
            }
            5 => match self.wrong(2) {
                true => "null".to_owned(),
                false => self.pick(&["{}", "[]"]).to_owned(),
            },
            _ => {
                let members = ["a", "type", "é"];
                let members = self.some(&members, 2).into_iter();
                let members = members.map(|key| (key, self.anything(room - 1))).collect();
                self.object(members)
            }
        }
    }
}
