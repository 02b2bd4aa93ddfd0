//! How much of a text from outside is repeated in what the engine says.

use alloc::borrow::Cow;
use alloc::format;

use crate::limits::{MESSAGE_BYTES, STRING_BYTES};

/// A name as reasons have it: whole, or where it begins and how long it is. A reason is repeated for
/// each candidate that it rejects. No policy of the `strict` profile has a name that is cut.
pub fn name(name: &str) -> Cow<'_, str> {
    cut(name, STRING_BYTES, 0)
}

/// A message as refusals have it. It may repeat a key, and what was expected stands at its end.
pub fn message(message: &str) -> Cow<'_, str> {
    cut(message, MESSAGE_BYTES - MESSAGE_BYTES / 4, MESSAGE_BYTES / 4)
}

/// The beginning and the end of a text that has more bytes than both may have.
fn cut(text: &str, beginning: usize, end: usize) -> Cow<'_, str> {
    if text.len() <= beginning + end {
        return text.into();
    }
    let (begin, _) = text.split_at(text.floor_char_boundary(beginning));
    let (_, rest) = text.split_at(text.ceil_char_boundary(text.len() - end));
    let more = if rest.is_empty() { "" } else { " …" };
    format!("{begin}… ({} bytes){more}{rest}", text.len()).into()
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    #[test]
    fn what_is_short_is_whole() {
        for text in [String::new(), "a".repeat(256), "é".repeat(128)] {
            assert_eq!(name(&text), text);
        }
        for text in [String::new(), "a".repeat(2_048), "é".repeat(1_024)] {
            assert_eq!(message(&text), text);
        }
    }

    #[test]
    fn what_is_long_is_cut_at_a_character() {
        for (text, expected) in [
            ("a".repeat(257), format!("{}… (257 bytes)", "a".repeat(256))),
            (format!("a{}", "é".repeat(225_000)), format!("a{}… (450001 bytes)", "é".repeat(127))),
        ] {
            assert_eq!(name(&text), expected);
        }
        let long = format!("ctx: unknown key '{}', expected id", "é".repeat(5_000));
        let (begin, end) = ("é".repeat(759), "é".repeat(249));
        assert_eq!(
            message(&long),
            format!("ctx: unknown key '{begin}… (10032 bytes) …{end}', expected id")
        );
    }
}
