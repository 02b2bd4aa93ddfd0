//! Records that are sealed right and say what no writer would.

use crate::{
    digest::Digest,
    format::{FORMAT, opening},
    line,
    tests::random::Random,
};

pub(crate) const AT: &str = "2026-02-24T12:00:30.000000Z";

/// Lines, each on the seal of the one before.
pub(crate) struct Chain {
    pub(crate) lines: Vec<String>,
    pub(crate) number: u64,
    pub(crate) prev: Digest,
}

impl Chain {
    pub(crate) fn new() -> Self {
        Self { lines: Vec::new(), number: 0, prev: Digest::ZERO }
    }

    /// The first segment of a whole ledger, with so many records after the first.
    pub(crate) fn of(records: u64) -> Self {
        let mut chain = Self::new();
        chain.open(1);
        for n in 0..records {
            chain.push("note", &format!("{{\"n\":{n}}}"));
        }
        chain
    }

    pub(crate) fn open(&mut self, segment: u64) {
        let (kind, body) = opening(segment);
        self.push(kind, &body);
    }

    pub(crate) fn push(&mut self, kind: &str, body: &str) {
        let (line, seal) = line::seal(AT, body, kind, self.number, self.prev);
        self.lines.push(line);
        self.number = self.number.wrapping_add(1);
        self.prev = seal;
    }

    /// Pushes a record that may be anything; says what.
    pub(crate) fn push_any(&mut self, random: &mut Random) -> &'static str {
        let nested = |levels: usize| {
            format!("{{\"a\":{}1{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1))
        };
        let text = format!("text {}", random.below(5));
        let sha256 = Digest::of(&text);
        match random.below(24) {
            0 => {
                self.push("note", &nested(random.pick(&[2, 101, 5_000, 200_000])));
                "levels"
            }
            1 => {
                let body = format!("{{\"sha256\":\"{sha256}\",\"text\":\"{text}\",\"z\":1}}");
                self.push("text", &body);
                "a text with one more member"
            }
            2 => {
                let other = Digest::of("other");
                self.push("text", &format!("{{\"sha256\":\"{other}\",\"text\":\"{text}\"}}"));
                "a text of another digest"
            }
            3 => {
                let named = vec![format!("\"{sha256}\""); 2_000].join(",");
                self.push("note", &format!("{{\"of\":[{named}]}}"));
                "a text that is named many times"
            }
            4 => {
                self.number = random.pick(&[u64::MAX, u64::MAX - 1, 0, 1 << 53]);
                self.push("note", "{}");
                "a number"
            }
            5 => {
                self.push(random.pick(&["genesis", "segment", "recovered"]), "{}");
                "a kind of the ledger's"
            }
            6 => {
                let body = format!(
                    "{{\"bytes\":1,\"offset\":1,\"segment\":1,\"sha256\":\"{sha256}\",\"z\":\"\"}}"
                );
                self.push("recovered", &body);
                "a recovery with one more member"
            }
            7 => {
                self.push("note", random.pick(&["{\"a\":1e400}", "{\"b\":1,\"a\":1}", "[]", ""]));
                "a body that is not canonical"
            }
            8 => {
                self.push(random.pick(&["No", "", "\u{1b}[2J"]), "{}");
                "a kind that is none"
            }
            9 => {
                let format = random.pick(&["sigmapol-ledger/v2", "\u{1b}[2J", FORMAT]);
                let format = format.repeat(random.pick(&[1, 1, 10_000]));
                self.push("genesis", &format!("{{\"format\":\"{format}\"}}"));
                "a format"
            }
            10..16 => {
                self.push("text", &format!("{{\"sha256\":\"{sha256}\",\"text\":\"{text}\"}}"));
                "text"
            }
            _ => {
                self.push("note", "{\"n\":0.5}");
                "note"
            }
        }
    }
}
