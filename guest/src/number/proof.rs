//! Why one product of 256 bits is exact: what `power.rs` says of its numbers, for all of them.

use alloc::vec::Vec;
use std::mem::swap;

use num_bigint::BigUint;

use super::power::{PowerOf10, log2_of_power_of_10, log10_of_power_of_2, log10_of_three_quarters};

/// A fraction that is not zero: the numerator and the denominator, without common factors of 2 and 5.
type Fraction = (BigUint, BigUint);

/// `2^q · 10^k`
fn fraction(q: i32, k: i32) -> Fraction {
    let (mut above, mut below) = (BigUint::from(1_u8), BigUint::from(1_u8));
    *(if k < 0 { &mut below } else { &mut above }) *= BigUint::from(5_u8).pow(k.unsigned_abs());
    *(if q + k < 0 { &mut below } else { &mut above }) <<= (q + k).unsigned_abs();
    (above, below)
}

/// How near `c · above / below` comes to an integer without being one, for c from 1 to `most`: the
/// distance times `below`. None if one of the products is an integer.
///
/// The least remainder found and the greatest, as a distance from `below`, lead to the next ones as
/// in Euclid's algorithm: with the smaller taken from the larger as often as c allows.
fn nearest_to_integer((above, below): &Fraction, most: u64) -> Option<BigUint> {
    if *below <= BigUint::from(most) {
        return None;
    }
    let (mut larger, mut larger_at) = (above % below, 1_u64);
    let (mut smaller, mut smaller_at) = (below - &larger, 1_u64);
    loop {
        if smaller > larger {
            swap(&mut smaller, &mut larger);
            swap(&mut smaller_at, &mut larger_at);
        }
        // never to zero: that takes a c of `below`
        let times = (&larger - 1_u8) / &smaller;
        let allowed = (most - larger_at) / smaller_at;
        let times = u64::try_from(times).map_or(allowed, |times| times.min(allowed));
        if times == 0 {
            return Some(smaller);
        }
        larger -= &smaller * times;
        larger_at += smaller_at * times;
    }
}

#[test]
fn nearest_of_few() {
    for below in 2..60_u64 {
        for above in 1..below {
            for most in 1..below {
                let remainders: Vec<_> = (1..=most).map(|c| c * above % below).collect();
                if remainders.contains(&0) {
                    continue; // not in lowest terms
                }
                let near = remainders.iter().map(|rest| *rest.min(&(below - rest))).min();
                let found = nearest_to_integer(&(above.into(), below.into()), most);
                assert_eq!(found, near.map(BigUint::from), "{above} / {below}, {most}");
            }
        }
    }
}

/// Products that are no integers are at least 2^-80 away from one.
fn assert_far(q: i32, k: i32, most: u64) {
    let fraction = fraction(q, k);
    if let Some(near) = nearest_to_integer(&fraction, most) {
        assert!(near << 80 >= fraction.1, "2^{q} · 10^{k} up to {most}");
    }
}

#[test]
fn what_is_printed_is_far_from_integers() {
    for exponent in -1074..972 {
        // subnormal doubles have any number of bits, others have 53
        for bits in if exponent == -1074 { 1..=53 } else { 53..=53 } {
            let power = log10_of_power_of_2(exponent + bits - 1);
            assert_far(exponent + 2, 16 - power, (1 << bits) - 1);
        }
        for k in [log10_of_power_of_2(exponent), log10_of_three_quarters(exponent)] {
            assert_far(exponent, -k, (1 << 55) - 2);
        }
    }
}

#[test]
fn what_is_read_is_far_from_integers() {
    for k in -343..309 {
        // Digits of fewer bits, with a smaller unit for them, are the same numbers.
        let unit = log2_of_power_of_10(k) + 63 - 57;
        assert_far(-unit, k, u64::MAX);
        if unit < -1076 + 63 {
            assert_far(1076, k, u64::MAX);
        }
    }
}

#[test]
fn powers_of_10() {
    for k in -351..351 {
        let PowerOf10 { limbs, exponent } = PowerOf10::new(k);
        let [low, middle, high] = limbs.map(BigUint::from);
        let integer: BigUint = low + (middle << 64) + (high << 128);
        assert!(integer.bits() >= 190, "10^{k}");
        // 10^k in units of the last bit
        let (above, below) = fraction(-exponent, k);
        assert!((&integer - 2_u8) * &below <= above, "10^{k}");
        assert!(integer * below >= above, "10^{k}");
    }
}

#[test]
fn logarithms() {
    let at_most = |(a, b): &Fraction, (c, d): &Fraction| a * d <= c * b;
    for n in -400..=400 {
        let log = log2_of_power_of_10(n);
        assert!(at_most(&fraction(log, 0), &fraction(0, n)), "10^{n}");
        assert!(!at_most(&fraction(log + 1, 0), &fraction(0, n)), "10^{n}");
    }
    for n in -1100..=1100 {
        let log = log10_of_power_of_2(n);
        assert!(at_most(&fraction(0, log), &fraction(n, 0)), "2^{n}");
        assert!(!at_most(&fraction(0, log + 1), &fraction(n, 0)), "2^{n}");
        let log = log10_of_three_quarters(n);
        let (above, below) = fraction(n, 0);
        let three_quarters = (above * 3_u8, below * 4_u8);
        assert!(at_most(&fraction(0, log), &three_quarters), "3/4 of 2^{n}");
        assert!(!at_most(&fraction(0, log + 1), &three_quarters), "3/4 of 2^{n}");
    }
}

#[test]
fn scaled_numbers() {
    for (c, q, k, result) in [
        (1, 0, 0, 1),
        (1, 59, 0, 1 << 59),
        (7, -1, 0, 3),     // 3½
        (9, -2, 0, 2 | 1), // 2¼
        (3, 0, 17, 3 * 10_u64.pow(17)),
        (5_u64.pow(27), 27, -27, 1),
        (5_u64.pow(27) + 1, 27, -27, 1), // and a fraction
        (2 * 5_u64.pow(27) + 1, 27, -27, 2 | 1),
        (2 * 5_u64.pow(27) - 1, 27, -27, 1), // almost 2
        (1, -1074, 323, 1),                  // 0.49…
        (1, -1074, -351, 1),                 // next to nothing
    ] {
        assert_eq!(PowerOf10::new(k).scaled(c, q), result, "{c} · 2^{q} · 10^{k}");
    }
}
