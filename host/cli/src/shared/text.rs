//! Text from outside, made harmless for a terminal.
//!
//! Answers, names of models, errors of providers and messages that quote them are written by
//! others. In a terminal, a control character starts an order (a title, a link, the clipboard), and
//! a bidirectional mark makes a line read as another one.

use std::io::{self, IsTerminal as _, Write};

/// Whether a terminal would act on a character instead of showing it: C0, DEL and C1, marks that
/// turn the direction of text, and separators of lines and paragraphs.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// One line of text from outside: `\n`, `\u{1b}`, `\u{202e}` in place of such characters.
pub(crate) fn safe(text: &str) -> String {
    escaped(text, |_| false, |character, line| line.extend(character.escape_default()))
}

/// The most characters of a line; what is cut out of the middle of a longer one is the path into
/// a deep term, or text of the input.
const LINE_CHARS: usize = 1000;

/// A message may quote the input: nothing of it commands a terminal, and no more of it is shown than
/// a person reads.
pub(crate) fn one_line(text: &str) -> String {
    let line = safe(text);
    let length = line.chars().count();
    if length <= LINE_CHARS {
        return line;
    }
    let half = LINE_CHARS / 2;
    let start = line.chars().take(half);
    let end = line.chars().skip(length - half);
    start.chain(['…']).chain(end).collect()
}

/// As [`safe`], of several lines: line ends and tabs stay.
pub(crate) fn safe_lines(text: &str) -> String {
    let kept = |character| matches!(character, '\n' | '\t');
    escaped(text, kept, |character, lines| lines.extend(character.escape_default()))
}

/// JSON, where such characters may stand in strings: `\u009b` in their place is the same JSON.
pub(crate) fn safe_json(json: &str) -> String {
    let kept = |character| matches!(character, '\n' | '\r' | '\t');
    escaped(json, kept, |character, text| {
        text.push_str(&format!("\\u{:04x}", u32::from(character)));
    })
}

fn escaped(text: &str, kept: impl Fn(char) -> bool, escape: impl Fn(char, &mut String)) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match is_unsafe(character) && !kept(character) {
            true => escape(character, &mut out),
            false => out.push(character),
        }
    }
    out
}

/// Where an answer goes, or what else is not ours to change: a file or a pipe gets it as it is, a
/// terminal as [`safe_lines`]. What is written at once has to be whole characters.
pub(crate) struct AsItIs<'o, W> {
    out: &'o mut W,
    is_terminal: bool,
}

impl<'o, W: Write> AsItIs<'o, W> {
    /// `out` is, in the end, standard output.
    pub(crate) fn to_stdout(out: &'o mut W) -> Self {
        Self { out, is_terminal: io::stdout().is_terminal() }
    }

    #[cfg(test)]
    pub(crate) const fn to_terminal(out: &'o mut W) -> Self {
        Self { out, is_terminal: true }
    }
}

impl<W: Write> Write for AsItIs<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_terminal {
            return self.out.write(bytes);
        }
        self.out.write_all(safe_lines(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A title by OSC, a C1 that begins a sequence, text that reads backwards.
    const HOSTILE: &str = "a\u{1b}]0;title\u{7}\u{9b}2J\u{202e}txt\u{2069}\u{200f}\u{61c}\u{2028}z";

    #[test]
    fn one_line() {
        assert_eq!(
            safe(HOSTILE),
            r"a\u{1b}]0;title\u{7}\u{9b}2J\u{202e}txt\u{2069}\u{200f}\u{61c}\u{2028}z"
        );
        assert_eq!(safe("a\tb\r\nc\u{7f}\0"), r"a\tb\r\nc\u{7f}\u{0}");
        for plain in ["", "naïve → 日本語 🙂", "שלום", "a\u{200d}b"] {
            assert_eq!(safe(plain), plain);
        }
    }

    #[test]
    fn every_mark_that_turns_text() {
        let marks = ('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}');
        for mark in marks.chain(['\u{200e}', '\u{200f}', '\u{61c}', '\u{2028}', '\u{2029}']) {
            assert_eq!(safe(&mark.to_string()), format!("\\u{{{:x}}}", u32::from(mark)));
        }
        for control in ('\0'..='\u{1f}').chain('\u{7f}'..='\u{9f}') {
            assert!(!safe(&control.to_string()).contains(control));
        }
    }

    #[test]
    fn several_lines() {
        assert_eq!(safe_lines("a\tb\r\nc\u{1b}[31m"), "a\tb\\r\nc\\u{1b}[31m");
    }

    #[test]
    fn json_stays_the_same() {
        let json = serde_json::to_string_pretty(&[HOSTILE, "\u{7f}\u{85}"]).unwrap();
        let harmless = safe_json(&json);
        assert!(harmless.contains(r"\u009b2J\u202etxt\u2069"), "{harmless}");
        assert!(!harmless.chars().any(|character| is_unsafe(character) && character != '\n'));
        let [first, second]: [String; 2] = serde_json::from_str(&harmless).unwrap();
        assert_eq!((first.as_str(), second.as_str()), (HOSTILE, "\u{7f}\u{85}"));
    }

    #[test]
    fn a_terminal_and_a_pipe() {
        let mut shown = Vec::new();
        AsItIs::to_terminal(&mut shown).write_all("a\u{9b}\n".as_bytes()).unwrap();
        assert_eq!(shown, b"a\\u{9b}\n");
        let mut piped = Vec::new();
        let mut pipe = AsItIs { out: &mut piped, is_terminal: false };
        pipe.write_all("a\u{9b}\n".as_bytes()).unwrap();
        assert_eq!(piped, "a\u{9b}\n".as_bytes());
    }
}
