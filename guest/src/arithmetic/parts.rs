//! The parts of a double: sign, exponent and significand.

pub const FRACTION_BITS: u32 = 52;
pub const HIDDEN: u64 = 1 << FRACTION_BITS;
pub const EXPONENT: u64 = 0x7ff;
pub const BIAS: u64 = 1023;
pub const SIGN: u64 = 1 << 63;

/// Whether this is NaN.
pub const fn is_nan(value: f64) -> bool {
    value.to_bits() & (u64::MAX >> 1) > EXPONENT << FRACTION_BITS
}

/// Whether the upper bits of a double, sign and exponent, are those of a positive normal number.
pub const fn is_plain(exponent: u64) -> bool {
    exponent.wrapping_sub(1) < EXPONENT - 1
}

/// The number `value · 2^(exponent − bias − 63)`, to nearest, ties to even; a carry goes into the
/// exponent. The top bit of the value is set.
#[inline]
pub const fn rounded(exponent: u64, value: u64) -> f64 {
    f64::from_bits(((exponent - 1) << FRACTION_BITS) + nearest(value))
}

/// `value / 2^11` to nearest, ties to even.
#[inline]
pub const fn nearest(value: u64) -> u64 {
    let significand = value >> 11;
    significand + ((value & 0x7ff) + (significand & 1) > 0x400) as u64
}

/// The significand of a normal number, moved down: ten bits below it, the last of them for all that
/// falls off.
#[inline]
pub const fn aligned(bits: u64, distance: u64) -> u64 {
    let significand = (bits & (HIDDEN - 1) | HIDDEN) << 10;
    let shifted = significand >> distance;
    shifted | (shifted << distance != significand) as u64
}
