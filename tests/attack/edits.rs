//! Texts that are made of real ones by edits, which are bytes: for fuzzers, which look for the bytes
//! that lead somewhere.

/// A text with edits: where, how many bytes go, and how many of those that follow come.
pub fn edited(text: &[u8], mut edits: &[u8]) -> Vec<u8> {
    let mut bytes = text.to_vec();
    while let [high, low, gone, come, rest @ ..] = edits {
        let place = usize::from(u16::from_be_bytes([*high, *low]));
        let start = place % (bytes.len() + 1);
        let end = (start + usize::from(*gone)).min(bytes.len());
        let (new, after) = rest.split_at(usize::from(*come).min(rest.len()));
        bytes.splice(start..end, new.iter().copied());
        edits = after;
    }
    bytes
}

/// Bytes as they are, or one of the texts with edits: the first two bytes say which.
pub fn text(texts: &[&str], input: &[u8]) -> Vec<u8> {
    match input {
        [0, rest @ ..] => rest.to_vec(),
        [_, which, edits @ ..] if !texts.is_empty() => {
            edited(texts[usize::from(*which) % texts.len()].as_bytes(), edits)
        }
        _ => Vec::new(),
    }
}
