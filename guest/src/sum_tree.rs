//! Sums of integer weights in a tree: the rank that a running sum reaches is found in a logarithm of
//! steps.

use alloc::vec::Vec;

use crate::prng::fraction;

/// Set in the weight of a rank that was drawn.
pub const SIGN: u64 = 1 << 63;
const FRACTION_BITS: u32 = 52;

/// A draw looks at half as many numbers in each level.
const FAN: usize = 16;

/// The weights, as integers, of the ranks from one on that weigh at least a unit.
#[derive(Debug, Default)]
pub struct SumTree {
    start: usize,
    /// The exponent of the unit: 1 for the smallest double.
    pub unit: u64,
    /// The weights in units; then the sums of each [`FAN`] of them, the sums of those, and so on
    /// up to a level that has no more than that.
    levels: Vec<Vec<u64>>,
    /// Of all weights in the tree; below 2^62.
    pub sum: u64,
}

impl SumTree {
    pub fn fill(&mut self, start: usize, unit: u64, weights: &[u64]) {
        let in_units = weights.iter().map(|weight| (weight & SIGN == 0, units(*weight, unit)));
        let in_window = in_units.take_while(|(_, units)| *units > 0);
        let mut level: Vec<u64> =
            in_window.map(|(left, units)| if left { units } else { 0 }).collect();
        (self.start, self.unit) = (start, unit);
        self.levels.clear();
        while level.len() > FAN {
            let above = level.chunks(FAN).map(|part| part.iter().sum()).collect();
            self.levels.push(core::mem::replace(&mut level, above));
        }
        self.sum = level.iter().sum();
        self.levels.push(level);
    }

    /// Whether the integers are the weights, and all sums of them as doubles are exact.
    pub const fn is_exact(&self) -> bool {
        self.unit == 1 && self.sum < 1 << 53
    }

    /// What the running sum has to reach, where it is exact: such a double's bits are its units.
    pub fn target(&self, state: u64) -> u64 {
        (fraction(state) * f64::from_bits(self.sum)).to_bits()
    }

    /// The first rank whose running sum reaches a target, how far into its weight that is, and the
    /// weight. A target of 0 is as good as 1: what weighs a unit reaches both.
    pub fn reach(&self, target: u64) -> Option<(usize, u64, u64)> {
        let (mut place, mut into, mut weight) = (0, target.max(1), 0);
        for level in self.levels.iter().rev() {
            place *= FAN;
            // it is among as many as the level above has sums of
            weight = *level.get(place..)?.iter().find(|sum| {
                let found = into <= **sum;
                if !found {
                    into -= **sum;
                    place += 1;
                }
                found
            })?;
        }
        Some((self.start + place, into, weight))
    }

    pub fn remove(&mut self, rank: usize) {
        let mut place = rank - self.start;
        let units = self.levels.first().and_then(|level| level.get(place)).copied();
        let units = units.unwrap_or_default();
        for level in &mut self.levels {
            if let Some(sum) = level.get_mut(place) {
                *sum -= units;
            }
            place /= FAN;
        }
        self.sum -= units;
    }
}

/// How many bits a weight has in units of the smallest double.
pub const fn length(weight: u64) -> u64 {
    let exponent = (weight & !SIGN) >> FRACTION_BITS;
    if exponent > 0 { exponent + 52 } else { 64 - (weight & !SIGN).leading_zeros() as u64 }
}

/// A weight in units of an exponent, rounded down.
const fn units(weight: u64, unit: u64) -> u64 {
    const HIDDEN: u64 = 1 << FRACTION_BITS;
    let exponent = (weight & !SIGN) >> FRACTION_BITS;
    let hidden = if exponent > 0 { HIDDEN } else { 0 };
    let significand = weight & (HIDDEN - 1) | hidden;
    let exponent = exponent + (exponent == 0) as u64;
    if exponent >= unit {
        significand << (exponent - unit)
    } else if unit - exponent < 64 {
        significand >> (unit - exponent)
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_in_units() {
        let units_of = |weight: f64, unit| units(weight.to_bits(), unit);
        assert_eq!(units_of(5e-324, 1), 1);
        assert_eq!(units_of(f64::MIN_POSITIVE, 1), 1 << 52);
        assert_eq!(units_of(f64::MIN_POSITIVE, 2), 1 << 51);
        assert_eq!(units_of(1.0, 1023 - 5), 1 << 57);
        assert_eq!(units_of(1.5, 1023 + 52), 1);
        assert_eq!(units_of(1.0, 1023 + 53), 0);
        assert_eq!(units_of(1.0, 1023 + 64), 0);
        for (weight, expected) in [(0.0, 0), (5e-324, 1), (f64::MIN_POSITIVE, 53), (1.0, 1075)] {
            let bits: u64 = f64::to_bits(weight);
            assert_eq!([length(bits), length(bits | SIGN)], [expected; 2], "{weight}");
        }
    }
}
