//! Bytes from a seed.

/// Sebastiano Vigna's SplitMix64: eight bytes a step, the same on every machine.
#[derive(Clone, Debug)]
pub struct Seed(u64);

impl Seed {
    /// The bytes of case `number` of a run of cases with this seed.
    pub fn case(seed: u64, number: u64) -> Vec<u8> {
        // mixed once, so that the cases of one seed are not those of the next, a step further on
        let mut this = Self(Self(seed).next() ^ number);
        // most cases are small, some have room for hundreds of candidates or thousands of nodes
        let words = match this.next() % 64 {
            0 => 4_096,
            1..=7 => 512,
            _ => 64 + this.next() % 128,
        };
        (0..words).flat_map(|_| this.next().to_le_bytes()).collect()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
