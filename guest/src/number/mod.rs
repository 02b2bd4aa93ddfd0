//! Doubles as text: the canonical grammar, C's `%g`, and JSON, written and read.
//!
//! All of it is done on integers, with a bound on the work that does not depend on the number. The
//! standard library's way is to try something fast and to fall back on big integers, which takes ten
//! times as long to write `1e-310`, and hundreds of times to read twenty digits close to half way
//! between two doubles.

mod big;
mod digits;
mod power;
#[cfg(test)]
mod proof;
mod read;
#[cfg(test)]
mod tests;

use alloc::string::String;
use core::ops::Range;

use digits::{Digits, rounded, shortest};
pub use read::{SHORT, nearest, nearest_of_text};

/// 2^53: up to here every integer is a double of its own.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

/// The canonical encoding: `0` for either zero, integers up to 2^53 plainly, else C99 `%.17g`.
pub fn canonical(value: f64, out: &mut String) {
    match as_integer(value) {
        Some(integer) => write_integer(integer, out),
        None => write_general(value, 17, out),
    }
}

/// The nearest number that JSON has: what overflowed is the largest of its sign.
pub fn finite(value: f64) -> f64 {
    const SIGN: u64 = 1 << 63;
    let bits = value.to_bits();
    if bits & !SIGN == f64::INFINITY.to_bits() {
        f64::from_bits(bits & SIGN | f64::MAX.to_bits())
    } else {
        value
    }
}

/// JSON as ECMAScript prints it, which is what RFC 8785 asks for. `value` is finite: any other is
/// written as what no reader takes.
pub fn json(value: f64, out: &mut String) {
    match as_integer(value) {
        _ if !value.is_finite() => out.push_str("null"),
        Some(integer) => write_integer(integer, out),
        None => {
            write_sign(value, out);
            write(shortest(value), -6..21, 1, out);
        }
    }
}

/// C's `%.<precision>g`, for 17 digits at most. `value` is finite.
pub fn general(value: f64, precision: u32) -> String {
    let mut text = String::new();
    write_general(value, precision, &mut text);
    text
}

fn write_general(value: f64, precision: u32, out: &mut String) {
    write_sign(value, out);
    write(rounded(value, precision), -4..precision as i32, 2, out);
}

fn write_sign(value: f64, out: &mut String) {
    if value.is_sign_negative() {
        out.push('-');
    }
}

/// Whether the value is integral. A double of 2^52 or more has no fraction.
pub const fn is_integral(value: f64) -> bool {
    const FRACTION_BITS: i64 = 52;
    let bits = value.to_bits() & (u64::MAX >> 1);
    let exponent = (bits >> FRACTION_BITS) as i64 - 1023;
    if exponent < 0 { bits == 0 } else { exponent >= FRACTION_BITS || bits << (12 + exponent) == 0 }
}

fn as_integer(value: f64) -> Option<i64> {
    // as bits: positive doubles are ordered as their bits are
    let magnitude = value.to_bits() & (u64::MAX >> 1);
    (magnitude <= EXACT_INTEGERS.to_bits() && is_integral(value)).then_some(value as i64)
}

/// An integer in decimal digits.
fn write_integer(value: i64, out: &mut String) {
    if value < 0 {
        out.push('-');
    }
    out.push_str(decimal(value.unsigned_abs(), &mut [0; 20]));
}

fn decimal(value: u64, buffer: &mut [u8; 20]) -> &str {
    let mut rest = value;
    let mut start = buffer.len();
    for digit in buffer.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        start -= 1;
        if rest == 0 {
            break;
        }
    }
    let digits = buffer.get(start..).and_then(|digits| core::str::from_utf8(digits).ok());
    digits.unwrap_or_default()
}

/// Digits with a point where the first of them is at a power of ten in `plain`: `0.00012`, `1200`,
/// `1.2`. Else one before the point and an exponent of so many digits or more: `1.2e-07`.
fn write(number: Digits, plain: Range<i32>, exponent_digits: usize, out: &mut String) {
    let mut buffer = [0; 20];
    let digits = decimal(number.digits, &mut buffer);
    let whole = number.exponent + digits.len() as i32;
    let exponent = whole - 1;
    if !plain.contains(&exponent) {
        let (first, rest) = digits.split_at_checked(1).unwrap_or_default();
        write_point(first, rest, out);
        out.push_str(if exponent < 0 { "e-" } else { "e+" });
        let mut buffer = [0; 20];
        let digits = decimal(u64::from(exponent.unsigned_abs()), &mut buffer);
        write_zeros(exponent_digits.saturating_sub(digits.len()), out);
        out.push_str(digits);
    } else if whole <= 0 {
        out.push_str("0.");
        write_zeros(whole.unsigned_abs() as usize, out);
        out.push_str(digits);
    } else {
        let whole = whole as usize;
        let (before, after) = digits.split_at_checked(whole).unwrap_or((digits, ""));
        write_point(before, after, out);
        write_zeros(whole - before.len(), out);
    }
}

fn write_point(before: &str, after: &str, out: &mut String) {
    out.push_str(before);
    if !after.is_empty() {
        out.push('.');
        out.push_str(after);
    }
}

fn write_zeros(count: usize, out: &mut String) {
    out.extend(core::iter::repeat_n('0', count));
}
