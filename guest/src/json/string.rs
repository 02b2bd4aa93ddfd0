//! The part of a string that needs no look at each byte; reading and writing share it.

/// How many bytes a string starts with that stand for themselves: no quote, no backslash, no
/// control character.
pub fn unescaped(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const TOPS: u64 = ONES << 7;
    let mut length = 0;
    // eight at a time: the top bit of a byte is set where it is less than another
    let (words, _) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        let (quotes, backslashes) = (word ^ (ONES * 0x22), word ^ (ONES * 0x5c));
        let less = word.wrapping_sub(ONES * 0x20) & !word;
        let zero = |word: u64| word.wrapping_sub(ONES) & !word;
        if (less | zero(quotes) | zero(backslashes)) & TOPS != 0 {
            break;
        }
        length += 8;
    }
    let rest = bytes.get(length..).unwrap_or_default();
    length + rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_stand_for_themselves() {
        for byte in 0..=255_u8 {
            let escaped = byte < 0x20 || byte == b'"' || byte == b'\\';
            for place in 0..20 {
                // each neighbour that a borrow could come from
                for other in [0x20, 0x21, 0x5b, 0x7f, 0x80, 0xff] {
                    let mut bytes = [other; 20];
                    bytes[place] = byte;
                    let expected = if escaped { place } else { 20 };
                    assert_eq!(unescaped(&bytes), expected, "{byte} at {place} after {other}");
                }
            }
        }
        assert_eq!(unescaped(b""), 0);
    }
}
