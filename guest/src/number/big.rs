//! An integer of many bits, for numbers with more digits than fit 64 bits.

use core::cmp::Ordering;

use super::power::wide;

/// Limbs of 64 bits. The longest integers are those of a subnormal double with 769 digits: below
/// 2^2624.
const LIMBS: usize = 42;

/// Not negative; the lowest limb first.
pub struct Big {
    limbs: [u64; LIMBS],
    /// Limbs that may be other than zero.
    used: usize,
}

impl Big {
    pub const fn new(value: u64) -> Self {
        let mut limbs = [0; LIMBS];
        let [lowest, ..] = &mut limbs;
        *lowest = value;
        Self { limbs, used: 1 }
    }

    /// `self · factor + more`
    pub fn multiply(&mut self, factor: u64, more: u64) {
        let mut carry = more;
        for limb in self.limbs.iter_mut().take(self.used) {
            (*limb, carry) = wide(*limb, factor, carry);
        }
        if let Some(limb) = self.limbs.get_mut(self.used).filter(|_| carry != 0) {
            *limb = carry;
            self.used += 1;
        }
    }

    /// `self · 5^exponent`
    pub fn multiply_power_of_5(&mut self, exponent: u32) {
        const STEP: u32 = 27; // 5^27 is the last in 64 bits
        for _ in 0..exponent / STEP {
            self.multiply(5_u64.pow(STEP), 0);
        }
        self.multiply(5_u64.pow(exponent % STEP), 0);
    }

    /// `self · 2^bits`
    pub fn shift(&mut self, bits: u32) {
        self.multiply(1 << (bits % 64), 0);
        let whole = (bits / 64) as usize;
        for at in (0..self.used).rev() {
            let limb = self.limbs.get(at).copied().unwrap_or_default();
            if let Some(to) = self.limbs.get_mut(at + whole) {
                *to = limb;
            }
        }
        self.limbs.iter_mut().take(whole).for_each(|limb| *limb = 0);
        self.used += whole;
    }

    pub fn compare(&self, other: &Self) -> Ordering {
        self.limbs.iter().rev().cmp(other.limbs.iter().rev())
    }
}
