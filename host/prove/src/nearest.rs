//! The word that was probably meant.

/// Bytes of the longest word that is compared with others: a name that somebody typed.
const WORD_BYTES: usize = 64;

/// How many words are looked at: a large catalog has thousands of families.
const WORDS: usize = 4096;

/// The nearest of the known words, if one is near: at most a third of its letters are other ones.
/// The first of several at the same distance.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if word.len() > WORD_BYTES {
        return None;
    }
    known
        .into_iter()
        .take(WORDS)
        .filter(|known| known.len() <= WORD_BYTES && *known != word)
        .map(|known| (distance(word, known), known))
        .filter(|(distance, known)| distance * 3 <= word.len().max(known.len()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// Bytes to insert, delete or replace to make one word of the other (Levenshtein), two neighbours
/// that are swapped counting as one.
fn distance(from: &str, to: &str) -> usize {
    let (from, to) = (from.as_bytes(), to.as_bytes());
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (row, a) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, b) in to.iter().enumerate() {
            let cell = |line: &[usize], at: usize| line.get(at).copied().unwrap_or(usize::MAX - 1);
            let mut least = (cell(&above, column) + usize::from(a != b))
                .min(cell(&above, column + 1) + 1)
                .min(cell(&current, column) + 1);
            let swapped = row > 0
                && column > 0
                && from.get(row - 1) == Some(b)
                && to.get(column - 1) == Some(a);
            if swapped {
                least = least.min(cell(&before, column - 1) + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or_default()
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
            ("base_ulr", "base_url", 1),
            ("same", "same", 0),
        ] {
            assert_eq!(distance(from, to), expected, "{from} {to}");
        }
    }

    #[test]
    fn only_what_is_near() {
        let known = ["rate_limit", "timeout", "price_in", "price_out"];
        for (word, expected) in [
            ("time_out", Some("timeout")),
            ("ratelimit", Some("rate_limit")),
            ("price_inn", Some("price_in")),
            ("cost", None),
            ("timeout", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
        let long = "x".repeat(65);
        assert_eq!(nearest(&long, [format!("{long}y").as_str()]), None);
    }
}
