//! Doubles as text: the canonical grammar, C's `%g`, and JSON.

use alloc::format;
use alloc::string::String;

/// 2^53: up to here every integer is a double of its own.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

/// The canonical encoding: `0` for either zero, integers up to 2^53 plainly, else C99 `%.17g`.
pub fn canonical(value: f64, out: &mut String) {
    match as_integer(value) {
        Some(integer) => write_integer(integer, out),
        None => out.push_str(&general(value, 17)),
    }
}

/// The nearest number that JSON has: what overflowed is the largest of its sign.
pub fn finite(value: f64) -> f64 {
    const SIGN: u64 = 1 << 63;
    let bits = value.to_bits();
    let largest = f64::MAX.to_bits();
    if bits & !SIGN == f64::INFINITY.to_bits() {
        f64::from_bits(bits & SIGN | largest)
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
            let decimal = Decimal::of(&format!("{value:e}"));
            let exponent = decimal.exponent;
            if (-6..21).contains(&exponent) {
                out.push_str(&decimal.plain());
            } else {
                out.push_str(&format!("{}e{exponent:+}", decimal.scientific()));
            }
        }
    }
}

/// C's `%.<precision>g`. `value` is finite.
pub fn general(value: f64, precision: usize) -> String {
    let mut decimal = Decimal::of(&format!("{value:.*e}", precision - 1));
    let significant = decimal.digits.trim_end_matches('0').len();
    decimal.digits.truncate(significant.max(1));
    let exponent = decimal.exponent;
    if (-4..precision as i32).contains(&exponent) {
        decimal.plain()
    } else {
        let mark = if exponent < 0 { '-' } else { '+' };
        format!("{}e{mark}{:02}", decimal.scientific(), exponent.unsigned_abs())
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
    let mut digits = [0_u8; 20];
    let mut rest = value.unsigned_abs();
    let mut start = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        start -= 1;
        if rest == 0 {
            break;
        }
    }
    let digits = digits.get(start..).and_then(|digits| core::str::from_utf8(digits).ok());
    if value < 0 {
        out.push('-');
    }
    out.push_str(digits.unwrap_or_default());
}

/// The double nearest to so many digits, the last of them a fraction, where they are so few that
/// one rounding makes it (Clinger, "How to read floating point numbers accurately").
pub fn decimal(negative: bool, digits: u64, count: usize, fraction: usize) -> Option<f64> {
    const TENS: [f64; 16] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    // 15 digits are below 2^53
    if count > 15 {
        return None;
    }
    let whole = digits as f64;
    let value = match fraction {
        0 => whole,
        _ => whole / TENS.get(fraction)?,
    };
    Some(if negative && digits != 0 { -value } else { value })
}

/// `±d.ddd × 10^exponent`, the point dropped from the digits.
struct Decimal {
    sign: &'static str,
    digits: String,
    exponent: i32,
}

impl Decimal {
    /// Reads what `{:e}` prints: the shortest digits that round-trip, or an exact count of them.
    fn of(text: &str) -> Self {
        let (sign, text) = match text.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", text),
        };
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        Self {
            sign,
            digits: mantissa.chars().filter(char::is_ascii_digit).collect(),
            exponent: exponent.parse().unwrap_or(0),
        }
    }

    /// Without an exponent: `0.00012`, `1200` or `1.2`.
    fn plain(&self) -> String {
        let Self { sign, digits, exponent } = self;
        let whole = usize::try_from(exponent + 1).unwrap_or(0);
        match (digits.get(..whole), digits.get(whole..)) {
            (Some(""), _) => {
                let zeros = "0".repeat((-exponent - 1).unsigned_abs() as usize);
                format!("{sign}0.{zeros}{digits}")
            }
            (Some(whole), Some(fraction)) if !fraction.is_empty() => {
                format!("{sign}{whole}.{fraction}")
            }
            _ => format!("{sign}{digits}{}", "0".repeat(whole - digits.len())),
        }
    }

    /// The part before the exponent: `1.2`.
    fn scientific(&self) -> String {
        let Self { sign, digits, .. } = self;
        let point = if digits.len() > 1 { "." } else { "" };
        let (first, rest) = digits.split_at_checked(1).unwrap_or_default();
        format!("{sign}{first}{point}{rest}")
    }
}

#[cfg(test)]
mod short_tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn one_rounding_is_enough() {
        for (negative, digits, count, fraction, text) in [
            (false, 0, 1, 0, "0"),
            (true, 0, 1, 0, "0"), // zero has no sign here
            (true, 12, 2, 0, "-12"),
            (false, 1, 2, 1, "0.1"),
            (false, 1005, 4, 3, "1.005"),
            (false, 123_456_789_012_345, 15, 9, "123456.789012345"),
            (true, 1, 13, 12, "-0.000000000001"),
            (false, 999_999_999_999_999, 15, 15, "0.999999999999999"),
        ] {
            let exact: f64 = text.parse().unwrap();
            let bits = decimal(negative, digits, count, fraction).map(f64::to_bits);
            assert_eq!(bits, Some(exact.to_bits()), "{text}");
        }
        assert_eq!(decimal(false, 1_000_000_000_000_000, 16, 0), None);
    }

    #[test]
    fn integers() {
        for value in [0, 1, -1, 10, -987_654_321, 9_007_199_254_740_992, i64::MAX, i64::MIN] {
            let mut text = String::new();
            write_integer(value, &mut text);
            assert_eq!(text, value.to_string());
        }
        for (value, integral) in [
            (0.0, true),
            (-0.0, true),
            (0.5, false),
            (-1.0, true),
            (1.5, false),
            (4096.0, true),
            (4503599627370495.5, false),
            (4503599627370497.0, true),
            (1e300, true),
            (5e-324, false),
            (-2.25, false),
        ] {
            assert_eq!(is_integral(value), integral, "{value}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::excessive_precision, reason = "ties need every digit")]
    fn canonical_grammar() {
        // C99 printf("%.17g") and printf("%.0f") of the same doubles.
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (5.0, "5"),
            (-3.0, "-3"),
            (0.1, "0.10000000000000001"),
            (0.5, "0.5"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (9_007_199_254_740_994.0, "9007199254740994"),
            (1e17, "1e+17"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (1e16, "10000000000000000"),
            (1e100, "1e+100"),
            (1e-4, "0.0001"),
            (1e-5, "1.0000000000000001e-05"),
            (5e-324, "4.9406564584124654e-324"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"),
            // exact ties at the 17th digit go to the even one
            (1_125_899_906_842_624.25, "1125899906842624.2"),
            (1_125_899_906_842_624.75, "1125899906842624.8"),
        ] {
            let mut written = String::new();
            canonical(value, &mut written);
            assert_eq!(written, text);
        }
    }

    #[test]
    fn general_with_fourteen_digits() {
        for (value, text) in [
            (2.5, "2.5"),
            (1e22, "1e+22"),
            (123_456_789_012_345.0, "1.2345678901234e+14"),
            (-0.0, "-0"),
            (0.1, "0.1"),
        ] {
            assert_eq!(general(value, 14), text);
        }
    }

    #[test]
    fn json_as_ecmascript_prints_it() {
        // The number samples of RFC 8785, appendix B.
        for (bits, text) in [
            (0x0000_0000_0000_0000_u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        ] {
            let mut written = String::new();
            json(f64::from_bits(bits), &mut written);
            assert_eq!(written, text);
        }
    }
}
