//! Division by the same double, many times.

use super::add::subtract;
use super::parts::{BIAS, FRACTION_BITS, HIDDEN, aligned, is_nan, is_plain, nearest};

/// A divisor that many numbers are divided by.
///
/// A quotient is made of two digits of 26 and 27 bits, each from the product of the upper 32 bits of
/// what is left and a reciprocal of 32 bits; the remainder then says how to round. Division has no
/// ties: a quotient half way between two doubles would need a divisor of more bits than there are.
#[derive(Clone, Copy, Debug)]
pub struct Divisor {
    value: f64,
    /// With the bias; 0 for a divisor that is not plain.
    pub(super) exponent: u64,
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
