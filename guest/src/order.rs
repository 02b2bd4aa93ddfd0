//! Sorting: by text, by number and by a comparison, each compiled once.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// Sorts by text, bytewise; what is equal keeps its order.
pub fn by_text<T>(items: Vec<T>, text: impl Fn(&T) -> &str) -> Vec<T> {
    let order = if items.len() <= FEW {
        order_of_few(items.iter().map(text).zip(0..))
    } else {
        order_of(&items.iter().map(text).collect::<Vec<_>>())
    };
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| items.get_mut(at as usize)?.take()).collect()
}

/// The places of the texts from the least on. By words, from the first to the last, of those whose
/// words before are the same: a word of many texts is looked at once, so the work is that of the
/// bytes, and of a sort of words.
fn order_of(texts: &[&str]) -> Vec<u32> {
    let text = |place: &u32| texts.get(*place as usize).copied().unwrap_or_default();
    let mut order: Vec<u32> = (0..texts.len() as u32).collect();
    // texts that have so many words in common
    let mut alike = Vec::from([(0..order.len(), 0)]);
    while let Some((range, words)) = alike.pop() {
        let Some(places) = order.get_mut(range.clone()) else { continue };
        if places.len() <= FEW {
            places.copy_from_slice(&order_of_few(places.iter().map(|at| (text(at), *at))));
            continue;
        }
        let keys: Vec<u64> = places.iter().map(|at| word(text(at), words)).collect();
        let sorted = by_number(&keys);
        let at = |place: &u32| places.get(*place as usize).copied().unwrap_or_default();
        let moved: Vec<u32> = sorted.iter().map(at).collect();
        places.copy_from_slice(&moved);
        let key = |place: &u32| keys.get(*place as usize).copied().unwrap_or_default();
        let mut start = range.start;
        for same in sorted.chunk_by(|left, right| key(left) == key(right)) {
            let end = start + same.len();
            let more = same.first().is_some_and(|at| key(at) as u8 as usize > WORD);
            if same.len() > 1 && more {
                alike.push((start..end, words + 1));
            }
            start = end;
        }
    }
    order
}

/// Places in the order of their texts, by comparisons.
fn order_of_few<'t>(texts: impl Iterator<Item = (&'t str, u32)>) -> Vec<u32> {
    let mut texts: Vec<_> = texts.collect();
    texts.sort_unstable();
    texts.into_iter().map(|(_, place)| place).collect()
}

/// Bytes of a text in a word.
const WORD: usize = 7;

/// A word of a text: its bytes, the first the highest, and below them how many there are from here
/// on, or that there are more than fit.
fn word(text: &str, at: usize) -> u64 {
    let rest = text.as_bytes().get(at * WORD..).unwrap_or_default();
    let whole = rest.first_chunk().map(|bytes| u64::from_be_bytes(*bytes));
    let part = || {
        let bytes = rest.iter().chain(core::iter::repeat(&0)).take(WORD);
        bytes.fold(0, |word, byte| word << 8 | u64::from(*byte)) << 8
    };
    whole.map_or_else(part, |bytes| bytes & !0xff) | rest.len().min(WORD + 1) as u64
}

/// Sorts few items by a comparison that takes long: places are inserted, those of a run that is in
/// order already at the end. What is equal keeps its order. By hand, since the sort of the library is
/// 8 kB for the one place that needs it.
pub fn by<T>(items: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let less = |left: usize, right: usize| match (items.get(left), items.get(right)) {
        (Some(left), Some(right)) => compare(left, right).is_lt(),
        _ => false,
    };
    let mut order: Vec<usize> = Vec::with_capacity(items.len());
    for at in 0..items.len() {
        let place = match order.last() {
            Some(last) if less(at, *last) => order.partition_point(|other| !less(at, *other)),
            _ => order.len(),
        };
        order.insert(place, at);
    }
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| items.get_mut(at)?.take()).collect()
}

/// Up to so many a sort by comparison takes less than counting digits.
const FEW: usize = 64;

/// The places of the keys from the least on; equal keys keep their order.
pub fn by_number(keys: &[u64]) -> Vec<u32> {
    if keys.len() <= FEW || keys.is_sorted() {
        let sorted = by_comparison(keys, 0..keys.len() as u32).into_iter();
        return sorted.map(|(_, place)| place).collect();
    }
    let first = keys.first().copied().unwrap_or_default();
    let differing = keys.iter().fold(0, |differing, key| differing | key ^ first);
    // from the first bit that differs on, 32 bits; the place in the lower half
    let shift = differing.leading_zeros() & 63;
    let top = |key: &u64| key << shift & !u64::from(u32::MAX);
    let items = keys.iter().zip(0_u64..).map(|(key, place)| top(key) | place);
    let mut items = by_digits(items.collect());
    // where the digits are equal, the rest of the key decides
    for same in items.chunk_by_mut(|left, right| left >> COUNTED == right >> COUNTED) {
        if same.len() > 1 {
            let sorted = by_comparison(keys, same.iter().map(|item| *item as u32));
            for (item, (_, place)) in same.iter_mut().zip(sorted) {
                *item = u64::from(place);
            }
        }
    }
    items.into_iter().map(|item| item as u32).collect()
}

/// Sorts the keys at some places, each with its place.
fn by_comparison(keys: &[u64], places: impl Iterator<Item = u32>) -> Vec<(u64, u32)> {
    let key = |place: u32| keys.get(place as usize).copied().unwrap_or_default();
    let mut pairs: Vec<(u64, u32)> = places.map(|place| (key(place), place)).collect();
    pairs.sort_unstable();
    pairs
}

/// The digits of 8 bits that are counted, and the bits below them.
const DIGITS: [u32; 3] = [40, 48, 56];
const COUNTED: u32 = 40;

/// Sorts by the upper digits, from the lowest of them to the highest; equal ones keep their order.
fn by_digits(mut items: Vec<u64>) -> Vec<u64> {
    let mut counts = [[0_u32; 256]; DIGITS.len()];
    for item in &items {
        for (counts, digit) in counts.iter_mut().zip(DIGITS) {
            if let Some(count) = counts.get_mut((item >> digit) as u8 as usize) {
                *count += 1;
            }
        }
    }
    let mut sorted = items.clone();
    for (mut starts, digit) in counts.into_iter().zip(DIGITS) {
        let mut start = 0;
        for count in &mut starts {
            start += core::mem::replace(count, start);
        }
        for item in &items {
            if let Some(start) = starts.get_mut((item >> digit) as u8 as usize) {
                if let Some(slot) = sorted.get_mut(*start as usize) {
                    *slot = *item;
                }
                *start += 1;
            }
        }
        core::mem::swap(&mut items, &mut sorted);
    }
    items
}

/// A number that is less where the score is greater. Scores are not NaN; zeros are equal.
pub fn descending(score: f64) -> u64 {
    const SIGN: u64 = 1 << 63;
    let bits = score.to_bits();
    if bits & SIGN == 0 {
        !(bits | SIGN)
    } else if bits == SIGN {
        !SIGN
    } else {
        bits
    }
}

/// A number that is greater where the value is. Not for NaN; zeros are equal.
#[inline]
pub const fn ascending(value: f64) -> i64 {
    let order = in_order(value);
    order + (order == NEGATIVE_ZERO) as i64
}

/// As [`ascending`], but the negative zero has a place of its own.
#[inline]
pub const fn in_order(value: f64) -> i64 {
    let bits = value.to_bits().cast_signed();
    bits ^ i64::MAX & bits >> 63
}

const NEGATIVE_ZERO: i64 = in_order(-0.0);

/// A range of [`ascending`] numbers as one of [`in_order`], with both zeros or none of them.
pub const fn around_zeros([low, high]: [i64; 2]) -> [i64; 2] {
    let low = if low == 0 { NEGATIVE_ZERO } else { low };
    [low, if high == NEGATIVE_ZERO { NEGATIVE_ZERO - 1 } else { high }]
}

/// The value that [`ascending`] made this of; of the zeros the positive one.
pub const fn from_ascending(order: i64) -> f64 {
    f64::from_bits(if order < 0 { order ^ i64::MAX } else { order }.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    #[test]
    fn text_order_is_bytewise_and_stable() {
        let items = Vec::from([("b", 1), ("é", 2), ("a", 3), ("b", 4), ("Z", 5)]);
        let sorted: Vec<i32> = by_text(items, |item| item.0).iter().map(|item| item.1).collect();
        assert_eq!(sorted, [5, 3, 1, 4, 2]);
    }

    /// As the standard library sorts them: few and many, of every length around a word, with zeros
    /// at their end, and some of them twice.
    #[test]
    fn many_texts_that_begin_alike() {
        let mut state = 1_u64;
        for len in [FEW, FEW + 1, 100, 1000] {
            for same in [0, 5, 6, 7, 8, 30] {
                let next = |at| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let (kind, more) = ((state >> 33) % 7, (state >> 40) as usize % 17);
                    let end = ["", "\0", "a", "é", "\u{7f}"][(state >> 50) as usize % 5];
                    (alloc::format!("{}{kind}{}{end}", "x".repeat(same), "\0".repeat(more)), at)
                };
                let items: Vec<(String, usize)> = (0..len).map(next).collect();
                let mut expected = items.clone();
                expected.sort();
                assert_eq!(by_text(items, |item| &item.0), expected);
            }
        }
    }

    #[test]
    fn order_by_comparison_is_stable() {
        let mut state = 1_u64;
        for len in [0, 1, 2, 3, 7, 8, 9, 100, 1000] {
            for kinds in [1, 2, 10, 1_000_000] {
                let next = |at| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    ((state >> 33) % kinds, at)
                };
                let items: Vec<(u64, usize)> = (0..len).map(next).collect();
                let mut expected = items.clone();
                expected.sort();
                assert_eq!(by(items, |left, right| left.0.cmp(&right.0)), expected);
                let sorted = by(expected.clone(), |left, right| left.0.cmp(&right.0));
                assert_eq!(sorted, expected);
            }
        }
    }

    #[test]
    fn number_order_is_stable() {
        let mut state = 1_u64;
        // how many bits of a key differ, and which
        for (bits, shift) in [(0, 0), (1, 63), (3, 0), (8, 20), (20, 44), (33, 31), (64, 0)] {
            for len in [0, 1, 2, FEW, FEW + 1, 300, 3000] {
                let mask = u64::MAX.checked_shr(64 - bits).unwrap_or(0) << shift;
                let next = |_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state ^ state >> 29) & mask
                };
                let mut keys: Vec<u64> = (0..len).map(next).collect();
                for _ in 0..2 {
                    let mut expected: Vec<u32> = (0..len as u32).collect();
                    expected.sort_by_key(|place| keys[*place as usize]);
                    assert_eq!(by_number(&keys), expected, "{len} keys of {bits} bits");
                    keys.sort(); // sorted already, the second time
                }
            }
        }
    }

    #[test]
    fn greater_scores_come_first() {
        let scores =
            [f64::INFINITY, 1e300, 1.5, 1.0, 5e-324, 0.0, -5e-324, -1.0, f64::NEG_INFINITY];
        for pair in scores.windows(2) {
            assert!(descending(pair[0]) < descending(pair[1]), "{pair:?}");
            assert!(ascending(pair[0]) > ascending(pair[1]), "{pair:?}");
            assert_eq!(from_ascending(ascending(pair[0])), pair[0]);
        }
        for bound in scores {
            let at = ascending(bound);
            for range in
                [[i64::MIN, at - 1], [i64::MIN, at], [at, at], [at, i64::MAX], [at + 1, i64::MAX]]
            {
                let [low, high] = around_zeros(range);
                for score in scores.into_iter().chain([-0.0]) {
                    let (plain, order) = (ascending(score), in_order(score));
                    assert_eq!(
                        low <= order && order <= high,
                        range[0] <= plain && plain <= range[1]
                    );
                }
            }
        }
        assert_eq!(descending(0.0), descending(-0.0));
        assert_eq!(ascending(0.0), ascending(-0.0));
    }
}
