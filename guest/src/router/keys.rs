//! Keys that mean something. Any other is refused, with the nearest that does.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::json::{Member, Members, Value};
use crate::limits::STRING_BYTES;

/// Refuses a key that is not in `known`.
pub fn only(position: &str, value: &Value, known: &[&str]) -> Result<(), String> {
    let unknown = |(key, _): &&Member| !known.contains(&&**key);
    match value.as_object().unwrap_or(&[]).iter().find(unknown) {
        Some((key, _)) => Err(refusal(&format!("{position}: unknown key"), key, known)),
        None => Ok(()),
    }
}

/// Refuses a name that `entries` does not have.
pub fn one_of(position: &str, name: &str, entries: &Members) -> Result<(), String> {
    let known: Vec<&str> = entries.iter().map(|(name, _)| &**name).collect();
    if known.contains(&name) {
        return Ok(());
    }
    Err(refusal(&format!("{position}: unknown name"), name, &known))
}

/// `<what> '<word>', the nearest known one is '<…>'`.
pub fn refusal(what: &str, word: &str, known: &[&str]) -> String {
    // the work is a product of lengths: of a long word the beginning is looked at, and no long one
    // is near; the first of several at the same distance
    let near = word.as_bytes();
    let near = near.get(..STRING_BYTES).unwrap_or(near);
    let known = known.iter().filter(|known| known.len() <= STRING_BYTES);
    match known.min_by_key(|known| distance(near, known)) {
        Some(nearest) => format!("{what} '{word}', the nearest known one is '{nearest}'"),
        None => format!("{what} '{word}', none is known"),
    }
}

/// Bytes to insert, delete or replace to make one word of the other (Levenshtein).
fn distance(from: &[u8], to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, a) in from.iter().enumerate() {
        let mut diagonal = above;
        let mut left = above + 1;
        for (at, b) in to.bytes().enumerate() {
            let up = row.get(at + 1).copied().unwrap_or_default();
            let cost = (diagonal + usize::from(*a != b)).min(up + 1).min(left + 1);
            if let Some(cell) = row.get_mut(at) {
                *cell = left;
            }
            diagonal = up;
            left = cost;
        }
        if let Some(cell) = row.last_mut() {
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (from, to, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
            ("base_ulr", "base_url", 2),
            ("same", "same", 0),
        ] {
            assert_eq!(distance(from.as_bytes(), to), expected, "{from} {to}");
        }
    }
}
