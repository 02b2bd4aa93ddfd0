//! What is written and read, against the standard library, which takes other ways.

use alloc::format;
use alloc::string::{String, ToString as _};

use num_bigint::BigUint;

use super::digits::parts;
use super::*;

/// Digits as the standard library writes them: `1.25e-7`.
fn digits_of(text: &str) -> Digits {
    let (mantissa, exponent) = text.split_once('e').unwrap();
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    Digits {
        digits: format!("{whole}{fraction}").parse().unwrap(),
        exponent: exponent.parse::<i32>().unwrap() - fraction.len() as i32,
    }
}

fn assert_printed(value: f64) {
    let value = value.abs();
    for precision in [17, 14] {
        let expected = digits_of(&format!("{value:.*e}", precision as usize - 1));
        assert_eq!(rounded(value, precision), expected, "{value:e} in {precision} digits");
    }
    if value != 0.0 {
        assert_eq!(shortest(value), shortest_digits(value), "{value:e}");
    }
}

/// As the standard library has them, which takes the greater of two that are as near, where
/// ECMAScript and RFC 8785 take the even one.
fn shortest_digits(value: f64) -> Digits {
    let Digits { digits, exponent } = digits_of(&format!("{value:e}"));
    let nearest = Digits { digits, exponent };
    let below = digits - 1;
    let is_read = || format!("{below}e{exponent}").parse() == Ok(value);
    // half way there are no more than 18 digits
    let is_tie = || {
        let all = format!("{value:.60e}").replace('.', "");
        all.split('e').next().unwrap().trim_end_matches('0') == format!("{below}5")
    };
    let even = digits % 2 == 1 && is_read() && is_tie();
    if even { Digits { digits: below, ..nearest } } else { nearest }
}

fn assert_read(text: &str) {
    let expected: f64 = text.parse().unwrap();
    let bits = nearest_of_text(text).map(f64::to_bits);
    assert_eq!(bits, expected.is_finite().then_some(expected.to_bits()), "{text}");
}

/// SplitMix64: every sequence of bits, and the same ones each time.
fn random(seed: u64) -> impl Iterator<Item = u64> {
    (1..).map(move |at: u64| {
        let mut bits = at.wrapping_add(seed << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ bits >> 31
    })
}

/// A power of two or of ten, and those next to it.
fn neighbours(value: f64) -> impl Iterator<Item = f64> {
    let bits = value.to_bits();
    (bits.saturating_sub(3)..=bits + 3).map(f64::from_bits).filter(|value| value.is_finite())
}

fn powers() -> impl Iterator<Item = f64> {
    let twos = (0..64).map(|shift| 1_u64 << shift).chain((1..2047).map(|exponent| exponent << 52));
    let tens = (-323..=308).map(|exponent| format!("1e{exponent}").parse().unwrap());
    twos.map(f64::from_bits).chain(tens)
}

#[test]
fn powers_are_printed() {
    powers().flat_map(neighbours).for_each(assert_printed);
}

/// A half, a quarter, … at or behind the last digit: exactly half way, and next to it.
#[test]
fn ties_are_printed() {
    for precision in [14, 17] {
        for exponent in -20..80 {
            for low in 0..200_u64 {
                // odd and short in binary, with as many digits as decide
                for high in [10_u64.pow(precision - 1), 10_u64.pow(precision) / 7, 1 << 46] {
                    let value = (2 * (high / 4 + low) + 1) as f64 * 2_f64.powi(exponent - 20);
                    assert_printed(value);
                }
            }
        }
    }
}

#[test]
fn random_doubles_are_printed() {
    random(1)
        .take(200_000)
        .map(f64::from_bits)
        .filter(|value| value.is_finite())
        .for_each(assert_printed);
}

/// Other doubles than random bits are: few digits, few bits, whole numbers above 2^53.
#[test]
fn plain_doubles_are_printed() {
    for bits in random(2).take(50_000) {
        assert_printed((bits >> 11) as f64 * 2_f64.powi((bits % 24) as i32));
        assert_printed((bits >> 48) as f64 / 10_f64.powi((bits % 20) as i32));
        assert_printed(f64::from_bits(bits >> 12 & (u64::MAX << (bits % 64))));
    }
}

/// The decimal digits of what lies half way between a double and the next one, and the power of ten
/// of the last of them.
fn half_way(bits: u64) -> (String, i32) {
    let (significand, exponent) = parts(f64::from_bits(bits));
    let (odd, exponent) = (BigUint::from(2 * significand + 1), exponent - 1);
    if exponent < 0 {
        ((odd * BigUint::from(5_u8).pow(exponent.unsigned_abs())).to_string(), exponent)
    } else {
        ((odd << exponent).to_string(), 0)
    }
}

fn assert_half_way_read(bits: u64) {
    let (digits, last) = half_way(bits);
    let length = digits.len();
    let lengths = [15, 17, 18, 19, 20, 21, 25, 38, 39, 57, 58, 100, 700, 766, 767, 768, 769, 800];
    for count in lengths.into_iter().filter(|count| *count <= length).chain([length]) {
        let digits = &digits[..count];
        let exponent = last + (length - count) as i32;
        for more in ["", "0", "1", "5", "0000000000000000000000001"] {
            let exponent = exponent - more.len() as i32;
            assert_read(&format!("{digits}{more}e{exponent}"));
            assert_read(&format!(
                "0.00{digits}{more}e{}",
                exponent + (count + more.len()) as i32 + 2
            ));
            let (first, rest) = digits.split_at(7);
            assert_read(&format!(
                "{first}.{rest}{more}E{:+}",
                exponent + (count + more.len()) as i32 - 7
            ));
        }
        // one less in the last place
        let less = (digits.parse::<BigUint>().unwrap() - 1_u8).to_string();
        assert_read(&format!("{less}e{exponent}"));
        assert_read(&format!("{less}{}e{}", "9".repeat(800), exponent - 800));
    }
    assert_read(&format!("{digits}{}e{}", "0".repeat(900), last - 900));
    assert_read(&format!("{digits}{}1e{}", "0".repeat(900), last - 901));
}

#[test]
fn half_way_is_read() {
    let largest = f64::MAX.to_bits();
    for bits in
        [0, 1, 2, 3, (1 << 52) - 1, 1 << 52, (1 << 52) + 1, (2 << 52) - 1, largest - 1, largest]
    {
        assert_half_way_read(bits);
    }
    powers().step_by(37).map(f64::to_bits).for_each(assert_half_way_read);
    random(3)
        .take(60)
        .map(|bits| bits >> 1)
        .filter(|bits| *bits <= largest)
        .for_each(assert_half_way_read);
}

#[test]
fn random_digits_are_read() {
    for bits in random(4).take(100_000) {
        let exponent = (bits % 700) as i32 - 370;
        assert_read(&format!("{}e{exponent}", bits >> (bits % 61)));
        assert_read(&format!("{bits}{}.{bits}e{exponent}", bits % 7));
    }
}

#[test]
fn what_is_printed_is_read() {
    for value in random(5).take(100_000).map(f64::from_bits).filter(|value| value.is_finite()) {
        let value = value.abs();
        for Digits { digits, exponent } in [rounded(value, 17), shortest(value)] {
            let read = nearest(digits, i64::from(exponent)).map(f64::to_bits);
            assert_eq!(read, Some(value.to_bits()), "{value:e}");
        }
    }
}

#[test]
fn the_ends_of_what_is_read() {
    for text in [
        "0",
        "0.0",
        "0e9",
        "0e-9",
        "1",
        "10",
        "1e0",
        "1E+2",
        "0.1",
        "1e-310",
        "5e-324",
        "2e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "1e-343",
        "9e-344",
        "1e-400",
        "9999999999999999999e-344",
        "1e308",
        "1e309",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "9007199254740993e0",
        "9007199254740993",
        "9007199254740993.0000000000000000000000000001",
        "18446744073709551615",
        "18446744073709551616",
        "9999999999999999999",
        "99999999999999999999",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "2.2250738585072014e-308",
        "0e99999999999999999999999",
        "0e-99999999999999999999999",
        "1e99999999999999999999999",
        "1e-99999999999999999999999",
        "0.0000000000000000000000000001e28",
    ] {
        assert_read(text);
    }
    let zeros = "0".repeat(100_000);
    assert_read(&format!("1{zeros}e-100000"));
    assert_read(&format!("0.{zeros}1e100001"));
    assert_read(&format!("1.{zeros}1"));
    assert_read(&format!("9007199254740993.{zeros}"));
    assert_read(&format!("9007199254740993.{zeros}1"));
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
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        // as near to two of 17 digits: 2^-25, 78125000000.015625, 78125000000.046875
        (0x3e60_0000_0000_0000, "2.9802322387695312e-8"),
        (0x4232_309c_e540_0400, "78125000000.01562"),
        (0x4232_309c_e540_0c00, "78125000000.04688"),
    ] {
        let mut written = String::new();
        json(f64::from_bits(bits), &mut written);
        assert_eq!(written, text);
    }
}
