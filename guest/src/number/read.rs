//! Decimal digits to the nearest double, ties to the one with an even significand.

use core::cmp::Ordering;

use super::big::Big;
use super::digits::parts;
use super::power::{PowerOf10, log2_of_power_of_10};

/// Digits that fit 64 bits whatever they are.
pub const SHORT: usize = 19;

/// Digits that can decide: half way between two doubles there are no more, so whatever follows them
/// says no more than that there is something.
const DECIDING: usize = 768;

/// The nearest double to `digits · 10^exponent`; none if that is beyond the largest. `digits` is at
/// most 10^19.
pub fn nearest(digits: u64, exponent: i64) -> Option<f64> {
    if exponent == 0 && digits <= 1 << 53 {
        return Some(digits as f64);
    }
    match Rounding::of(digits, exponent) {
        Some(rounding) => finite(rounding.nearest),
        None => (digits == 0 || exponent < 0).then_some(0.0),
    }
}

/// The nearest double to the magnitude of a number as JSON has it, of any length.
///
/// The first 19 digits alone decide unless a number half way between two doubles begins with the
/// same digits. Then all digits are compared with it.
#[inline(never)] // its integers are not for the stack of a reader that calls itself
pub fn nearest_of_text(text: &str) -> Option<f64> {
    let number = Number::of(text);
    let exponent = number.exponent;
    if !number.more {
        return nearest(number.digits, exponent);
    }
    let (Some(least), Some(most)) =
        (Rounding::of(number.digits, exponent), Rounding::of(number.digits + 1, exponent))
    else {
        return nearest(number.digits, exponent);
    };
    let mut bits = least.nearest;
    if bits != most.nearest {
        let (significand, binary) = parts(f64::from_bits(least.below));
        let half_way = (2 * significand + 1, binary - 1);
        bits = least.below
            + match compare(text, exponent as i32, half_way) {
                Ordering::Less => 0,
                Ordering::Equal => significand % 2,
                Ordering::Greater => 1,
            };
    }
    finite(bits)
}

fn finite(bits: u64) -> Option<f64> {
    (bits < f64::INFINITY.to_bits()).then_some(f64::from_bits(bits))
}

/// The bits of doubles, where the one after the largest is infinity.
struct Rounding {
    /// The last one that is not more than the number.
    below: u64,
    nearest: u64,
}

impl Rounding {
    /// None for zero, and where no double is near.
    #[inline(never)] // as above
    fn of(digits: u64, exponent: i64) -> Option<Self> {
        // 10^19 · 10^-344 is less than half of the least double, 10^309 more than the largest
        let exponent = i32::try_from(exponent).ok().filter(|k| (-343..309).contains(k))?;
        if digits == 0 {
            return None;
        }
        if (-9..=0).contains(&exponent) {
            return Some(Self::of_quotient(digits, 10_u64.pow(exponent.unsigned_abs())));
        }
        // from 2^power up to 2^(power + 2)
        let power = log2_of_power_of_10(exponent) + 63 - digits.leading_zeros() as i32;
        // a quarter of the distance between two doubles, or less
        let unit = (power - 57).max(-1076);
        Some(Self::of_scaled(PowerOf10::new(exponent).scaled(digits, -unit), unit))
    }

    /// Most numbers are short: long division with a divisor below 2^32 is a fifth of the work.
    fn of_quotient(digits: u64, divisor: u64) -> Self {
        let (zeros, bits) = (digits.leading_zeros(), 63 - divisor.leading_zeros());
        let dividend = digits << zeros;
        let rest = (dividend % divisor) << bits;
        // from 2^62 up to 2^64
        let quotient = ((dividend / divisor) << bits) | (rest / divisor);
        let inexact = u64::from(!rest.is_multiple_of(divisor));
        Self::of_scaled(quotient | inexact, -((zeros + bits) as i32))
    }

    /// Of `scaled · 2^unit`, where the last bit stands for all that follow.
    fn of_scaled(scaled: u64, unit: i32) -> Self {
        // the bits beyond a significand; of a subnormal double, those below 2^-1074
        let cut = (11 - scaled.leading_zeros() as i32).max(-1074 - unit);
        let significand = scaled >> cut;
        let (rest, half) = (scaled & ((1 << cut) - 1), 1 << (cut - 1));
        // the highest bit of a significand adds 1 to the exponent, that of a subnormal 0
        let below = significand + (((unit + cut + 1074) as u64) << 52);
        let up = rest > half || rest == half && below % 2 == 1;
        Self { below, nearest: below + u64::from(up) }
    }
}

/// The first 19 digits of a number.
struct Number {
    digits: u64,
    /// The power of ten of the last of them.
    exponent: i64,
    /// There are others than zero behind them.
    more: bool,
}

impl Number {
    fn of(text: &str) -> Self {
        let mut number = Self { digits: 0, exponent: 0, more: false };
        let (mut count, mut after_point) = (0, false);
        let mut bytes = text.bytes();
        for byte in bytes.by_ref() {
            match byte {
                b'0'..=b'9' if count < SHORT => {
                    number.digits = 10 * number.digits + u64::from(byte - b'0');
                    count += usize::from(number.digits != 0);
                    number.exponent -= i64::from(after_point);
                }
                b'0'..=b'9' => {
                    number.more |= byte != b'0';
                    number.exponent += i64::from(!after_point);
                }
                b'.' => after_point = true,
                b'e' | b'E' => break,
                _ => (), // a sign
            }
        }
        let (mut exponent, mut negative) = (0_i64, false);
        for byte in bytes {
            match byte {
                b'-' => negative = true,
                b'+' => (),
                // beyond what digits can make up for
                _ => exponent = (10 * exponent + i64::from(byte - b'0')).min(1 << 40),
            }
        }
        number.exponent += if negative { -exponent } else { exponent };
        number
    }
}

/// Compares a number with more than 19 digits, the 19th of them at 10^exponent, with
/// `significand · 2^binary`.
fn compare(text: &str, exponent: i32, (significand, binary): (u64, i32)) -> Ordering {
    let mut number = Big::new(0);
    let (mut chunk, mut power, mut count, mut more) = (0, 1, 0, false);
    for byte in text.bytes() {
        match byte {
            b'0' if count == 0 => (),
            b'0'..=b'9' if count < DECIDING => {
                chunk = 10 * chunk + u64::from(byte - b'0');
                power *= 10;
                count += 1;
                if power == 10_u64.pow(SHORT as u32) {
                    number.multiply(power, chunk);
                    (chunk, power) = (0, 1);
                }
            }
            b'0'..=b'9' => more |= byte != b'0',
            b'e' | b'E' => break,
            _ => (),
        }
    }
    number.multiply(power, chunk);
    // one more digit stands for all that follow
    number.multiply(10, u64::from(more));
    let exponent = exponent - (count + 1 - SHORT) as i32;

    let mut other = Big::new(significand);
    let tens = if exponent < 0 { &mut other } else { &mut number };
    tens.multiply_power_of_5(exponent.unsigned_abs());
    let twos = binary - exponent;
    let larger = if twos < 0 { &mut number } else { &mut other };
    larger.shift(twos.unsigned_abs());
    number.compare(&other)
}
