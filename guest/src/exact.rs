//! Arithmetic on doubles as integers, correctly rounded: the bits are those of the hardware.
//!
//! In the component every float operator is a call of a routine that has to be ready for anything.
//! Where many doubles are divided by the same one, or the operands are known to be plain, the same
//! result is had for less. What is not plain goes the general way.

const FRACTION_BITS: u32 = 52;
const HIDDEN: u64 = 1 << FRACTION_BITS;
const EXPONENT: u64 = 0x7ff;
const BIAS: u64 = 1023;
const SIGN: u64 = 1 << 63;
const ONE: u64 = 1.0_f64.to_bits();
/// The 26 bits that are the lower half of a significand.
const LOWER: u64 = (1 << 26) - 1;

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
/// A quotient is made of two digits of 26 and 27 bits, each from the product of the upper 32 bits of
/// what is left and a reciprocal of 32 bits; the remainder then says how to round. Division has no
/// ties: a quotient half way between two doubles would need a divisor of more bits than there are.
#[derive(Clone, Copy, Debug)]
pub struct Divisor {
    value: f64,
    /// With the bias; 0 for a divisor that is not plain.
    exponent: u64,
    /// The significand, from 2^52 up to 2^53.
    significand: u64,
    /// 2^84 / significand, less by one part in 2^30 at most, and never more.
    reciprocal: u64,
}

impl Divisor {
    pub const fn new(value: f64) -> Self {
        let exponent = value.to_bits() >> FRACTION_BITS;
        if !is_plain(exponent) {
            return Self { value, exponent: 0, significand: 0, reciprocal: 0 };
        }
        let significand = value.to_bits() & (HIDDEN - 1) | HIDDEN;
        Self { value, exponent, significand, reciprocal: (1 << 63) / ((significand >> 21) + 1) }
    }

    /// `dividend / value`
    #[inline]
    pub fn divide(&self, dividend: f64) -> f64 {
        let bits = dividend.to_bits();
        let exponent = bits >> FRACTION_BITS;
        let significand = bits & (HIDDEN - 1) | HIDDEN;
        // the quotient of the significands lies in [1, 2)
        let less = u64::from(significand < self.significand);
        let result = (exponent + BIAS).wrapping_sub(self.exponent + less);
        if self.exponent == 0 || !is_plain(exponent) || !is_plain(result) {
            return dividend / self.value; // or the quotient is subnormal, or too large
        }
        f64::from_bits(((result - 1) << FRACTION_BITS) + self.quotient(significand << less))
    }

    /// `dividend · 2^52 / significand` to nearest, for one to two significands: from 2^52 up to 2^53,
    /// which carries into the exponent.
    #[inline]
    const fn quotient(&self, dividend: u64) -> u64 {
        let (first, rest) = self.digit(dividend);
        let (second, rest) = self.digit(rest);
        (first << 26) + second + (rest << 1 > self.significand) as u64
    }

    /// `left · 2^26 / significand` and what is left then, for up to two significands. The
    /// quotient may be too small by one, so that what is left is below 1¼ significands.
    #[inline]
    const fn digit(&self, left: u64) -> (u64, u64) {
        let digit = ((left >> 22) * self.reciprocal) >> 36;
        (digit, (left << 26).wrapping_sub(digit.wrapping_mul(self.significand)))
    }
}

/// Where many numbers lie between two.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    least: f64,
    range: Divisor,
    /// The numbers and their differences are plain, whatever lies between them.
    plain: bool,
}

impl Span {
    pub fn new(least: f64, greatest: f64) -> Self {
        let range = Divisor::new(subtract(greatest, least));
        let low = least.to_bits() >> FRACTION_BITS;
        let distance = (greatest.to_bits() >> FRACTION_BITS).wrapping_sub(low);
        // the least of differences is 2^-52 of the least number, the greatest below 2^64 of it
        let plain = is_plain(low) && low > 128 && distance < 64 && range.exponent != 0;
        Self { least, range, plain }
    }

    /// `(value - least) / (greatest - least)` for a value between them, 0 where that is NaN.
    #[inline]
    pub fn position(&self, value: f64) -> f64 {
        if !self.plain {
            let position = self.range.divide(subtract(value, self.least));
            return if is_nan(position) { 0.0 } else { position };
        }
        let (more, less) = (value.to_bits(), self.least.to_bits());
        let exponent = more >> FRACTION_BITS;
        let difference = aligned(more, 0) - aligned(less, exponent - (less >> FRACTION_BITS));
        let zeros = u64::from(difference.leading_zeros());
        let significand = nearest(difference << zeros);
        let less = u64::from(significand < self.range.significand);
        let result = exponent + 1 + BIAS - zeros - self.range.exponent - less;
        f64::from_bits(((result - 1) << FRACTION_BITS) + self.range.quotient(significand << less))
    }
}

/// A factor that many numbers are multiplied by.
#[derive(Clone, Copy, Debug)]
pub struct Factor {
    value: f64,
    /// With the bias; 0 for a factor that is not plain.
    exponent: u64,
    /// The significand, and its upper 27 and lower 26 bits.
    significand: u64,
    upper: u64,
    lower: u64,
}

impl Factor {
    pub const fn new(value: f64) -> Self {
        let exponent = value.to_bits() >> FRACTION_BITS & EXPONENT;
        let exponent = if is_plain(exponent) { exponent } else { 0 };
        let significand = value.to_bits() & (HIDDEN - 1) | HIDDEN;
        Self { value, exponent, significand, upper: significand >> 26, lower: significand & LOWER }
    }

    /// `value * other`
    #[inline]
    pub fn multiply(&self, other: f64) -> f64 {
        let bits = other.to_bits();
        let exponent = bits >> FRACTION_BITS & EXPONENT;
        let result = (exponent + self.exponent).wrapping_sub(BIAS);
        let sign = (bits ^ self.value.to_bits()) & SIGN;
        if self.exponent == 0 || !is_plain(exponent) || !is_plain(result) || result + 2 > EXPONENT {
            if self.exponent != 0 && exponent == 0 && bits & (HIDDEN - 1) == 0 {
                return f64::from_bits(sign); // zero
            }
            return self.value * other; // or the product is subnormal, or too large
        }
        let significand = bits & (HIDDEN - 1) | HIDDEN;
        let (upper, lower) = (significand >> 26, significand & LOWER);
        let middle = upper * self.lower + lower * self.upper + ((lower * self.lower) >> 26);
        // the product without its lower 52 bits, and the product without its upper 42
        let high = upper * self.upper + (middle >> 26);
        let low = significand.wrapping_mul(self.significand) & (HIDDEN - 1);
        let rest = low >> 42 | u64::from(low << 22 != 0);
        // the product of the significands lies in [1, 4)
        let carry = high >> 53;
        let product = rounded(result + carry, (high << 10 | rest) << (1 - carry));
        f64::from_bits(product.to_bits() | sign)
    }
}

/// The number `value · 2^(exponent − bias − 63)`, to nearest, ties to even; a carry goes into the
/// exponent. The top bit of the value is set.
#[inline]
const fn rounded(exponent: u64, value: u64) -> f64 {
    f64::from_bits(((exponent - 1) << FRACTION_BITS) + nearest(value))
}

/// `value / 2^11` to nearest, ties to even.
#[inline]
const fn nearest(value: u64) -> u64 {
    let significand = value >> 11;
    significand + ((value & 0x7ff) + (significand & 1) > 0x400) as u64
}

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

/// The significand of a normal number, moved down: ten bits below it, the last of them for all that
/// falls off.
#[inline]
const fn aligned(bits: u64, distance: u64) -> u64 {
    let significand = (bits & (HIDDEN - 1) | HIDDEN) << 10;
    let shifted = significand >> distance;
    shifted | (shifted << distance != significand) as u64
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

    fn hardware_agrees(sign: char, ours: impl Fn(f64, f64) -> f64, theirs: fn(f64, f64) -> f64) {
        for (left, right) in pairs() {
            for (left, right) in [(left, right), (-left, right), (left, -right), (-left, -right)] {
                let (ours, theirs) = (ours(left, right), theirs(left, right));
                let same = ours.to_bits() == theirs.to_bits() || ours.is_nan() && theirs.is_nan();
                assert!(same, "{left:e} {sign} {right:e}: {ours:e}, not {theirs:e}");
            }
        }
    }

    #[test]
    fn quotients_are_those_of_the_hardware() {
        hardware_agrees('/', |left, right| Divisor::new(right).divide(left), |l, r| l / r);
    }

    #[test]
    fn positions_are_those_of_the_hardware() {
        let mut doubles = Doubles(2);
        for (left, right) in pairs() {
            let near = f64::from_bits(left.to_bits().wrapping_add(doubles.next().to_bits() >> 44));
            for (low, high) in [(left, right), (right, left), (left, near)] {
                let span = Span::new(low, high);
                let middle = f64::midpoint(low, high);
                let part = low + (high - low) * (doubles.next() % 1.0).abs();
                for value in [middle, part, low.next_up(), high.next_down()] {
                    if low < value && value < high {
                        let plain = (value - low) / (high - low);
                        let plain = if plain.is_nan() { 0.0 } else { plain };
                        assert_eq!(span.position(value), plain, "{value:e} in {low:e} to {high:e}");
                    }
                }
            }
        }
    }

    #[test]
    fn products_are_those_of_the_hardware() {
        hardware_agrees('*', |left, right| Factor::new(right).multiply(left), |l, r| l * r);
    }

    #[test]
    fn sums_are_those_of_the_hardware() {
        hardware_agrees('+', add, |l, r| l + r);
    }

    #[test]
    fn differences_are_those_of_the_hardware() {
        hardware_agrees('-', subtract, |l, r| l - r);
    }

    #[test]
    fn complements_are_those_of_the_hardware() {
        hardware_agrees('c', |left, _| complement(left), |l, _| 1.0 - l);
    }

    #[test]
    fn plain_operands_take_the_short_way() {
        assert_eq!(Divisor::new(3.0).exponent, BIAS + 1);
        assert_eq!(Factor::new(-3.0).exponent, BIAS + 1);
        for other in [0.0, -3.0, 5e-324, f64::INFINITY, f64::NAN] {
            assert_eq!(Divisor::new(other).exponent, 0, "{other}");
            assert_eq!(Factor::new(other).exponent == 0, other != -3.0, "{other}");
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
