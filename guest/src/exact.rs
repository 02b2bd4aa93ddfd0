//! Arithmetic on doubles as integers, correctly rounded: the bits are those of the hardware.
//!
//! In the component every float operator is a call of a routine that has to be ready for anything.
//! Where many doubles are divided by the same one, or the operands are known to be plain, the same
//! result is had for less. What is not plain goes the general way.

const FRACTION_BITS: u32 = 52;
const HIDDEN: u64 = 1 << FRACTION_BITS;
const EXPONENT: u64 = 0x7ff;
const BIAS: u64 = 1023;

/// Whether this is NaN.
pub const fn is_nan(value: f64) -> bool {
    value.to_bits() & (u64::MAX >> 1) > EXPONENT << FRACTION_BITS
}

/// Whether the upper bits of a double, sign and exponent, are those of a positive normal number.
const fn is_plain(exponent: u64) -> bool {
    exponent.wrapping_sub(1) < EXPONENT - 1
}

/// A divisor that many numbers are divided by.
///
/// For a positive normal one, what division by it needs (Möller and Granlund, "Improved division by
/// invariant integers", algorithm 4).
#[derive(Clone, Copy, Debug)]
pub struct Divisor {
    value: f64,
    /// With the bias; 0 for a divisor that is not plain.
    exponent: u64,
    /// The significand, at the top of 64 bits.
    divisor: u64,
    /// ⌊(2^128 − 1) / divisor⌋ − 2^64
    reciprocal: u64,
}

impl Divisor {
    pub fn new(value: f64) -> Self {
        let exponent = value.to_bits() >> FRACTION_BITS;
        if !is_plain(exponent) {
            return Self { value, exponent: 0, divisor: 0, reciprocal: 0 };
        }
        let divisor = (value.to_bits() | HIDDEN) << 11;
        Self { value, exponent, divisor, reciprocal: long_division(!divisor, u64::MAX, divisor) }
    }

    /// `dividend / value`
    #[inline]
    pub fn divide(&self, dividend: f64) -> f64 {
        let bits = dividend.to_bits();
        let exponent = bits >> FRACTION_BITS;
        // the quotient of the significands lies in [1, 2), scaled by 2^63 below
        let significand = (bits | HIDDEN) << 11;
        let less = significand < self.divisor;
        let high = if less { significand } else { significand >> 1 };
        let result = (exponent + BIAS).wrapping_sub(self.exponent + u64::from(less));
        if self.exponent == 0 || !is_plain(exponent) || !is_plain(result) {
            return dividend / self.value; // or the quotient is subnormal, or too large
        }
        let (product_high, product_low) = wide(self.reciprocal, high);
        let mut quotient = product_high.wrapping_add(high).wrapping_add(1);
        let mut rest = 0_u64.wrapping_sub(quotient.wrapping_mul(self.divisor));
        if rest > product_low {
            quotient = quotient.wrapping_sub(1);
            rest = rest.wrapping_add(self.divisor);
        }
        if rest >= self.divisor {
            quotient = quotient.wrapping_add(1);
            rest -= self.divisor;
        }
        // a rest is less than half of the last bit and more than nothing
        rounded(result, quotient | u64::from(rest > 0))
    }
}

/// The number `value · 2^(exponent − bias − 63)`, to nearest, ties to even; a carry goes into the
/// exponent. The top bit of the value is set.
#[inline]
const fn rounded(exponent: u64, value: u64) -> f64 {
    let significand = value >> 11;
    let half = (value & 0x7ff) + (significand & 1) > 0x400;
    f64::from_bits(((exponent - 1) << FRACTION_BITS) + significand + half as u64)
}

/// The product of two numbers, high and low half.
const fn wide(left: u64, right: u64) -> (u64, u64) {
    const LOW: u64 = u32::MAX as u64;
    let (a, b) = (left >> 32, left & LOW);
    let (c, d) = (right >> 32, right & LOW);
    let (bd, ad, bc) = (b * d, a * d, b * c);
    let middle = (bd >> 32) + (ad & LOW) + (bc & LOW);
    let high = a * c + (ad >> 32) + (bc >> 32) + (middle >> 32);
    (high, left.wrapping_mul(right))
}

/// ⌊(high · 2^64 + low) / divisor⌋, for `high < divisor` and a divisor of 64 bits (Knuth, volume 2,
/// algorithm D, with digits of 32 bits).
const fn long_division(high: u64, low: u64, divisor: u64) -> u64 {
    const LOW: u64 = u32::MAX as u64;
    let (top, bottom) = (divisor >> 32, divisor & LOW);
    let first = digit(high, low >> 32, top, bottom);
    let rest = (high << 32 | low >> 32).wrapping_sub(first.wrapping_mul(divisor));
    let second = digit(rest, low & LOW, top, bottom);
    first << 32 | second
}

/// One digit of a quotient: of `(rest · 2^32 + next) / (top · 2^32 + bottom)`.
const fn digit(rest: u64, next: u64, top: u64, bottom: u64) -> u64 {
    let mut digit = rest / top;
    let mut left = rest % top;
    while digit >> 32 != 0 || digit * bottom > left << 32 | next {
        digit -= 1;
        left += top;
        if left >> 32 != 0 {
            break;
        }
    }
    digit
}

/// `left - right`
#[inline]
pub fn subtract(left: f64, right: f64) -> f64 {
    let (more, less) = (left.to_bits(), right.to_bits());
    let (exponent, other) = (more >> FRACTION_BITS, less >> FRACTION_BITS);
    let distance = exponent.wrapping_sub(other);
    if more <= less || distance >= 64 || !is_plain(exponent) || other == 0 {
        return left - right;
    }
    // ten bits below the significand, the last of them for all that falls off
    let high = (more & (HIDDEN - 1) | HIDDEN) << 10;
    let shifted = (less & (HIDDEN - 1) | HIDDEN) << 10;
    let low = shifted >> distance;
    let sticky = low << distance != shifted;
    let difference = high - (low | u64::from(sticky));
    let zeros = u64::from(difference.leading_zeros());
    let result = (exponent + 1).wrapping_sub(zeros);
    if difference == 0 || !is_plain(result) {
        return left - right;
    }
    rounded(result, difference << zeros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// Doubles of every kind: seeded, so repeatable.
    struct Doubles(u64);

    impl Doubles {
        fn next(&mut self) -> f64 {
            // splitmix64
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut bits = self.0;
            bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            bits ^= bits >> 31;
            match bits % 5 {
                // any bits at all
                0 => f64::from_bits(bits.rotate_left(17)),
                // few bits in the significand: ties and exact results
                1 => f64::from_bits(bits & 0xfff8_0000_0000_0000 | bits >> 60),
                // near one another
                2 => f64::from_bits(0x3ff0_0000_0000_0000 + (bits >> 8 & 0xffff)),
                3 => (bits >> 40) as f64 / 1024.0,
                _ => f64::from_bits(0x3fc0_0000_0000_0000 + (bits >> 9)),
            }
        }
    }

    const CORNERS: [f64; 12] = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        f64::MIN_POSITIVE,
        5e-324,
        f64::MAX,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        0.333_333_333_333_333_3,
        4_503_599_627_370_497.5,
    ];

    fn pairs() -> Vec<(f64, f64)> {
        let mut doubles = Doubles(1);
        let mut pairs: Vec<_> = (0..400_000).map(|_| (doubles.next(), doubles.next())).collect();
        for left in CORNERS {
            pairs.extend(CORNERS.map(|right| (left, right)));
            pairs.extend((0..100).map(|_| (left, doubles.next())));
            pairs.extend((0..100).map(|_| (doubles.next(), left)));
        }
        pairs
    }

    #[test]
    fn quotients_are_those_of_the_hardware() {
        for (left, right) in pairs() {
            let (ours, theirs) = (Divisor::new(right).divide(left), left / right);
            let same = ours.to_bits() == theirs.to_bits() || ours.is_nan() && theirs.is_nan();
            assert!(same, "{left:e} / {right:e}: {ours:e}, not {theirs:e}");
        }
    }

    #[test]
    fn differences_are_those_of_the_hardware() {
        for (left, right) in pairs() {
            let (ours, theirs) = (subtract(left, right), left - right);
            let same = ours.to_bits() == theirs.to_bits() || ours.is_nan() && theirs.is_nan();
            assert!(same, "{left:e} - {right:e}: {ours:e}, not {theirs:e}");
        }
    }

    #[test]
    fn plain_operands_take_the_short_way() {
        assert_eq!(Divisor::new(3.0).exponent, BIAS + 1);
        assert_eq!(Divisor::new(3.0).divisor, 0b11 << 62);
        for other in [0.0, -3.0, 5e-324, f64::INFINITY, f64::NAN] {
            assert_eq!(Divisor::new(other).exponent, 0, "{other}");
        }
        assert_eq!(rounded(BIAS, 1 << 63), 1.0);
        assert_eq!(rounded(BIAS, u64::MAX), 2.0);
    }

    #[test]
    fn what_is_nan() {
        for (left, right) in pairs() {
            assert_eq!(is_nan(left), left.is_nan());
            assert_eq!(is_nan(right), right.is_nan());
        }
    }
}
