//! A set of rows, one bit each.

use alloc::vec::Vec;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits(Vec<u64>);

impl Bits {
    /// No row.
    pub const NONE: Self = Self(Vec::new());

    /// Every one of so many rows, or none.
    pub fn all(rows: usize, set: bool) -> Self {
        let word = if set { u64::MAX } else { 0 };
        Self(core::iter::repeat_n(word, rows.div_ceil(64)).collect())
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
}
