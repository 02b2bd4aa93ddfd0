//! The generator of seeded choices: Lehmer's, modulo the Mersenne prime 2^31 − 1.

use crate::arithmetic::Divisor;

/// A state of the generator is from 1 up to this, exclusive.
pub const MODULUS: u64 = 2_147_483_647;

/// A state as a number in (0, 1).
pub fn fraction(state: u64) -> f64 {
    const WHOLE: Divisor = Divisor::new(MODULUS as f64);
    WHOLE.divide(state as f64)
}

/// A stream of draws in (0, 1).
#[derive(Clone, Debug)]
pub struct Lehmer(u64);

impl Lehmer {
    /// Starts from an integer seed; nothing counts as 0.
    pub fn new(seed: Option<f64>) -> Self {
        let mut generator = Self(match floored(seed) {
            0 => MODULUS - 1,
            state => state,
        });
        for _ in 0..4 {
            generator.step();
        }
        generator
    }

    /// The stream of a purpose: seeds of one request must not repeat each other.
    pub fn substream(seed: Option<f64>, salt: impl Iterator<Item = u8>) -> Self {
        let hash = salt.fold(0, |hash, byte| (31 * hash + u64::from(byte)) % MODULUS);
        // the sum is a double's: near 2^53 it rounds before the modulus is taken
        Self::new(Some(seed.unwrap_or_default() + hash as f64))
    }

    /// The next number in (0, 1).
    pub fn draw(&mut self) -> f64 {
        fraction(self.step())
    }

    /// The next state.
    pub fn step(&mut self) -> u64 {
        self.0 = self.0 * 16807 % MODULUS;
        self.0
    }
}

/// The seed modulo 2^31 − 1, never negative.
pub fn floored(seed: Option<f64>) -> u64 {
    (seed.unwrap_or_default() as i64).rem_euclid(MODULUS as i64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minimal_standard() {
        // Park and Miller, 1988: from state 1, the 10,000th is 1043618065.
        let mut generator = Lehmer(1);
        for _ in 0..9_999 {
            generator.step();
        }
        assert_eq!(generator.step(), 1_043_618_065);
    }

    #[test]
    fn seeds_that_are_congruent_are_equal() {
        assert_eq!(floored(Some(-1.0)), MODULUS - 1);
        assert_eq!(floored(Some(2_147_483_648.0)), 1);
        assert_eq!(Lehmer::new(None).0, Lehmer::new(Some(0.0)).0);
    }
}
