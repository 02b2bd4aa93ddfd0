//! Multiplication with the same double, many times.

use super::parts::{BIAS, EXPONENT, FRACTION_BITS, HIDDEN, SIGN, is_plain, rounded};

/// The 26 bits that are the lower half of a significand.
const LOWER: u64 = (1 << 26) - 1;

/// A factor that many numbers are multiplied by.
#[derive(Clone, Copy, Debug)]
pub struct Factor {
    value: f64,
    /// With the bias; 0 for a factor that is not plain.
    pub(super) exponent: u64,
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
