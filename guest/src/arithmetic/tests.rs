use super::add::subtract;
use super::parts::{BIAS, rounded};
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
