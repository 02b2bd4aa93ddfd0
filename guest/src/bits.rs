//! A set of rows, one bit each.

use alloc::vec::Vec;
use core::ops::Range;

/// How many rows a word has.
pub const ROWS: usize = 64;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits(Vec<u64>);

impl Bits {
    /// No row.
    pub const NONE: Self = Self(Vec::new());

    /// Every one of so many rows, or none.
    pub fn all(rows: usize, set: bool) -> Self {
        let mut bits = Self(core::iter::repeat_n(0, rows.div_ceil(ROWS)).collect());
        if set {
            bits.0.fill(u64::MAX);
            if let (Some(last), rest @ 1..) = (bits.0.last_mut(), rows % ROWS) {
                *last = (1 << rest) - 1;
            }
        }
        bits
    }

    pub fn get(&self, row: usize) -> bool {
        self.0.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Sets a row, also one that is not there yet.
    pub fn set(&mut self, row: usize, value: bool) {
        let at = row / 64;
        if at >= self.0.len() {
            if !value {
                return;
            }
            self.0.resize(at + 1, 0);
        }
        if let Some(word) = self.0.get_mut(at) {
            let bit = 1 << (row % 64);
            *word = if value { *word | bit } else { *word & !bit };
        }
    }

    /// Puts a row in; whether it was not in before.
    pub fn add(&mut self, row: usize) -> bool {
        let new = !self.get(row);
        self.set(row, true);
        new
    }

    /// 64 rows from `64 · at` on.
    pub fn word(&self, at: usize) -> u64 {
        self.0.get(at).copied().unwrap_or(0)
    }

    /// Puts rows of a word in.
    pub fn add_word(&mut self, at: usize, rows: u64) {
        if let Some(word) = self.0.get_mut(at) {
            *word |= rows;
        }
    }

    /// The words, to be changed.
    pub fn words(&mut self) -> impl Iterator<Item = (usize, &mut u64)> {
        (0..).zip(&mut self.0)
    }

    /// The rows of the set, in order.
    pub fn rows(&self) -> impl Iterator<Item = usize> {
        self.0
            .iter()
            .enumerate()
            .flat_map(|(at, word)| ones(*word).map(move |place| ROWS * at + place))
    }

    /// The rows of the set, in order, as ranges. Ranges end with words.
    pub fn runs(&self) -> impl Iterator<Item = Range<usize>> {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            core::iter::from_fn(move || {
                let start = rest.trailing_zeros();
                let end = start + (!rest.checked_shr(start)?).trailing_zeros();
                rest &= u64::MAX.checked_shl(end).unwrap_or(0);
                Some(ROWS * at + start as usize..ROWS * at + end as usize)
            })
        })
    }
}

/// The places of the bits that are set, from the lowest.
pub fn ones(word: u64) -> impl Iterator<Item = usize> {
    let rests = core::iter::successors(Some(word), |rest| Some(rest & rest.wrapping_sub(1)));
    rests.take_while(|rest| *rest != 0).map(|rest| rest.trailing_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_order() {
        let mut bits = Bits::NONE;
        for row in [200, 0, 63, 64, 199] {
            bits.set(row, true);
        }
        bits.set(199, false);
        assert_eq!(bits.rows().collect::<Vec<_>>(), [0, 63, 64, 200]);
        assert_eq!(bits.runs().collect::<Vec<_>>(), [0..1, 63..64, 64..65, 200..201]);
        assert_eq!(Bits::all(70, true).runs().collect::<Vec<_>>(), [0..64, 64..70]);
        assert_eq!(ones(u64::MAX).count(), 64);
        assert_eq!(Bits::all(70, true).rows().count(), 70);
    }
}
