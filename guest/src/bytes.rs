//! Bytes, looked at a word at a time.
//!
//! In the component every comparison of text comes here, by way of `memcmp`. That of the target's
//! library looks at single bytes, so that names which begin alike took ten times as long to sort.

/// How many bytes both begin with.
#[inline]
pub fn common(left: &[u8], right: &[u8]) -> usize {
    let length = left.len().min(right.len());
    let cut = |bytes| <[u8]>::get(bytes, ..length).unwrap_or_default();
    common_of_equal_length(cut(left), cut(right))
}

/// The same for two of one length. The last word has some of the bytes before it once more, so that
/// few are looked at one by one.
#[inline]
pub fn common_of_equal_length(left: &[u8], right: &[u8]) -> usize {
    let mut same = 0;
    for (word, other) in left.as_chunks().0.iter().zip(right.as_chunks().0) {
        let differing = u64::from_le_bytes(*word) ^ u64::from_le_bytes(*other);
        if differing != 0 {
            return same + first_byte(differing);
        }
        same += 8;
    }
    if let (Some(word), Some(other)) = (left.last_chunk(), right.last_chunk()) {
        let differing = u64::from_le_bytes(*word) ^ u64::from_le_bytes(*other);
        return left.len() - 8 + first_byte(differing);
    }
    if let (Some(word), Some(other)) = (left.first_chunk(), right.first_chunk()) {
        let differing = u32::from_le_bytes(*word) ^ u32::from_le_bytes(*other);
        if differing != 0 {
            return first_byte(u64::from(differing));
        }
    }
    if let (Some(word), Some(other)) = (left.last_chunk(), right.last_chunk()) {
        let differing = u64::from(u32::from_le_bytes(*word) ^ u32::from_le_bytes(*other));
        return left.len() - 4 + first_byte(differing | 1 << 32);
    }
    left.iter().zip(right).take_while(|(byte, other)| byte == other).count()
}

/// The first byte that is not 0, which is the lowest; 8 for none.
const fn first_byte(word: u64) -> usize {
    (word.trailing_zeros() >> 3) as usize
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// Every two lengths, a difference in every place, and after it bytes that are the same again.
    #[test]
    fn the_first_difference_is_found() {
        let bytes: Vec<u8> = (0..40_u32).map(|at| (at * 37 + 127) as u8).collect();
        for length in 0..bytes.len() {
            for other in 0..bytes.len() {
                assert_eq!(common(&bytes[..length], &bytes[..other]), length.min(other));
            }
            for at in 0..length {
                for bit in 0..8 {
                    let mut changed = bytes.clone();
                    changed[at] ^= 1 << bit;
                    assert_eq!(common(&bytes[..length], &changed), at);
                    assert_eq!(common(&changed[..length], &bytes[..length]), at);
                }
            }
        }
    }
}
