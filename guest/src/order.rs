//! Sorting. The engine has two sorts, by text and by score, and each is compiled once.

use alloc::vec::Vec;

/// Sorts by text, bytewise; what is equal keeps its order.
pub fn by_text<T>(items: Vec<T>, text: impl Fn(&T) -> &str) -> Vec<T> {
    let mut keys: Vec<(&str, usize)> = items.iter().map(&text).zip(0..).collect();
    keys.sort_unstable();
    let order: Vec<usize> = keys.into_iter().map(|(_, at)| at).collect();
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| items.get_mut(at)?.take()).collect()
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
pub const fn ascending(value: f64) -> i64 {
    let bits = value.to_bits().cast_signed();
    if bits == i64::MIN {
        0
    } else if bits < 0 {
        bits ^ i64::MAX
    } else {
        bits
    }
}

/// The value that [`ascending`] made this of; of the zeros the positive one.
pub const fn from_ascending(order: i64) -> f64 {
    f64::from_bits(if order < 0 { order ^ i64::MAX } else { order }.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_order_is_bytewise_and_stable() {
        let items = Vec::from([("b", 1), ("é", 2), ("a", 3), ("b", 4), ("Z", 5)]);
        let sorted: Vec<i32> = by_text(items, |item| item.0).iter().map(|item| item.1).collect();
        assert_eq!(sorted, [5, 3, 1, 4, 2]);
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
        assert_eq!(descending(0.0), descending(-0.0));
        assert_eq!(ascending(0.0), ascending(-0.0));
    }
}
