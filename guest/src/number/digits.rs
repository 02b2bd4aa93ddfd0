//! A double in decimal digits: so many of them, or as few as name it.

use super::power::{PowerOf10, log10_of_power_of_2, log10_of_three_quarters};

/// Bits of a double that are its fraction.
const FRACTION_BITS: u32 = 52;

/// `digits · 10^exponent`, the last digit not a zero, except for zero itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digits {
    pub digits: u64,
    pub exponent: i32,
}

impl Digits {
    const fn trimmed(mut digits: u64, mut exponent: i32) -> Self {
        while digits != 0 && digits.is_multiple_of(10) {
            digits /= 10;
            exponent += 1;
        }
        Self { digits, exponent }
    }
}

/// The magnitude of a finite double as `significand · 2^exponent`.
pub const fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits() & (u64::MAX >> 1);
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    match (bits >> FRACTION_BITS) as i32 {
        0 => (fraction, -1074),
        exponent => (fraction | 1 << FRACTION_BITS, exponent - 1075),
    }
}

/// The magnitude of a finite double rounded to so many digits, 17 at most, ties to the even one.
pub fn rounded(value: f64, precision: u32) -> Digits {
    let (significand, exponent) = parts(value);
    if significand == 0 {
        return Digits { digits: 0, exponent: 0 };
    }
    // from 10^power up to 2·10^(power + 1)
    let power = log10_of_power_of_2(exponent + 63 - significand.leading_zeros() as i32);
    // in quarters of the 17th digit, or of the 18th
    let quarters = PowerOf10::new(16 - power).scaled(significand, exponent + 2);
    let count = 17 + u32::from(quarters >= 4 * 10_u64.pow(17));
    let cut = count - precision;
    let unit = 4 * 10_u64.pow(cut);
    let (digits, rest) = (quarters / unit, quarters % unit);
    // half a unit is even, so that `quarters` compares with it as the number does
    let up = rest > unit / 2 || rest == unit / 2 && digits % 2 == 1;
    Digits::trimmed(digits + u64::from(up), power - 16 + cut as i32)
}

/// The shortest digits that are read as the same double; of those, the ones nearest to it, and of
/// two as near the even one. For the magnitude of a finite double other than zero.
///
/// This is Schubfach (Giulietti, "The Schubfach way to render doubles"): what is read as the double
/// is an interval at least as wide as 10^k and less than 10^(k+1), so it has one multiple of
/// 10^(k+1) at most, which is the shortest then, or else it has multiples of 10^k on either side of
/// the double.
pub fn shortest(value: f64) -> Digits {
    let (significand, exponent) = parts(value);
    // below a power of two the doubles are twice as dense
    let narrow = significand == 1 << FRACTION_BITS && exponent > -1074;
    let k = if narrow { log10_of_three_quarters(exponent) } else { log10_of_power_of_2(exponent) };
    // the double and both ends of its interval, in quarters of 10^k
    let power = PowerOf10::new(-k);
    let quarters = |fourfold| power.scaled(fourfold, exponent);
    let middle = quarters(4 * significand);
    // the ends themselves are read as the double whose significand is even
    let open = significand % 2;
    let least = quarters(4 * significand - if narrow { 1 } else { 2 }) + open;
    let most = quarters(4 * significand + 2) - open;
    let inside = |digits| least <= 4 * digits && 4 * digits <= most;

    let below = middle / 4;
    let tens = below / 10;
    match (inside(10 * tens), inside(10 * tens + 10)) {
        (true, _) => return Digits::trimmed(tens, k + 1),
        (_, true) => return Digits::trimmed(tens + 1, k + 1),
        _ => (),
    }
    let above = match (inside(below), inside(below + 1)) {
        (true, true) => {
            let half = 4 * below + 2;
            middle > half || middle == half && below % 2 == 1
        }
        (_, above) => above,
    };
    Digits { digits: below + u64::from(above), exponent: k }
}
