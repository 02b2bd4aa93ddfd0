//! Sums and differences.

use super::parts::{EXPONENT, FRACTION_BITS, SIGN, aligned, is_plain, rounded};

const ONE: u64 = 1.0_f64.to_bits();

/// `left + right`
#[inline]
pub fn add(left: f64, right: f64) -> f64 {
    let (left_bits, right_bits) = (left.to_bits(), right.to_bits());
    let (more, less) = (left_bits.max(right_bits), left_bits.min(right_bits));
    let exponent = more >> FRACTION_BITS;
    let distance = exponent - (less >> FRACTION_BITS);
    if less == 0 && exponent < EXPONENT {
        return f64::from_bits(more); // one of them is zero
    }
    if distance >= 64 || !is_plain(exponent + 1) || less >> FRACTION_BITS == 0 {
        return mixed(left, right);
    }
    let sum = aligned(more, 0) + aligned(less, distance);
    let carry = sum >> 63;
    rounded(exponent + carry, sum << (1 - carry))
}

/// The sum where a sign is set, or where something is not plain.
fn mixed(left: f64, right: f64) -> f64 {
    let (left_size, right_size) = (left.to_bits() & !SIGN, right.to_bits() & !SIGN);
    match (left.to_bits() > left_size, right.to_bits() > right_size) {
        (false, true) if left_size > right_size => subtract(left, -right),
        (false, true) if left_size < right_size => -subtract(-right, left),
        (true, false) if left_size > right_size => -subtract(-left, right),
        (true, false) if left_size < right_size => subtract(right, -left),
        (true, true) => -add(-left, -right),
        _ => left + right,
    }
}

/// `left - right`
#[inline]
pub fn subtract(left: f64, right: f64) -> f64 {
    let (more, less) = (left.to_bits(), right.to_bits());
    let (exponent, other) = (more >> FRACTION_BITS, less >> FRACTION_BITS);
    let distance = exponent.wrapping_sub(other);
    if less == 0 && is_plain(exponent) {
        return left;
    }
    if more <= less || distance >= 64 || !is_plain(exponent) || other == 0 {
        return left - right;
    }
    let difference = aligned(more, 0) - aligned(less, distance);
    let zeros = u64::from(difference.leading_zeros());
    let result = (exponent + 1).wrapping_sub(zeros);
    if difference == 0 || !is_plain(result) {
        return left - right;
    }
    rounded(result, difference << zeros)
}

/// `1.0 - value`
#[inline]
pub fn complement(value: f64) -> f64 {
    match value.to_bits() {
        0 => 1.0,
        ONE => 0.0,
        _ => subtract(1.0, value),
    }
}
