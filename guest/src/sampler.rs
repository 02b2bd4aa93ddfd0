//! Weighted sampling without replacement: ranks are drawn by weight and not put back.
//!
//! What a draw is, to the last bit, is [`Sampler::scan`]: the weights left are summed as doubles, front
//! to back, a number of the generator is multiplied by the sum, and the first rank whose running sum
//! reaches the product is drawn. Done so, each draw walks over all ranks twice.
//!
//! Almost always a far coarser sum tells which rank that is. So weights are also kept as integers,
//! rounded down, in a tree of sums, where a draw takes a logarithm of steps. Rounding moves what is
//! compared by less than a margin, and only a draw that falls within the margin of a boundary has to
//! be made in doubles.
//!
//! The margin, with n ranks left, integers f, their sum F, and doubles in units of those integers:
//! - a running sum of the weights is above that of the f by less than n;
//! - a running sum of doubles differs from the sum by less than n · 2^-53 of it;
//! - the product is rounded by 2^-53 of it, or by half of the smallest double, which is no more than
//!   half a unit; the number of the generator by 2^-53; its integer counterpart is off by 5 at most.
//!
//! Both sides of the comparison together are off by less than (n + 2) · (F · 2^-51 + 3).

use alloc::vec::Vec;

use crate::arithmetic::{Factor, add};
use crate::prng::{MODULUS, fraction};
use crate::sum_tree::{SIGN, SumTree, length};

/// What is left to draw.
#[derive(Debug)]
pub struct Sampler {
    /// The weight of each rank, as bits: never more than that of the rank before. A rank that was
    /// drawn has its sign set.
    weights: Vec<u64>,
    left: usize,
    /// The first rank that is left.
    front: usize,
    tree: SumTree,
}

impl Sampler {
    /// A rank's weight is q times that of the rank before it; q is from 0 to 1.
    pub fn new(ranks: usize, q: f64) -> Self {
        let factor = Factor::new(q);
        let mut weights = Vec::with_capacity(ranks);
        let mut weight = 1.0_f64;
        while weights.len() < ranks {
            weights.push(weight.to_bits());
            let next = factor.multiply(weight);
            if next.to_bits() == weight.to_bits() {
                weights.resize(ranks, weight.to_bits()); // it stays: at 0, or at the smallest double
            }
            weight = next;
        }
        let mut sampler = Self { weights, left: ranks, front: 0, tree: SumTree::default() };
        sampler.look();
        sampler
    }

    /// Takes out a rank, by a state of the generator; nothing when none is left.
    pub fn draw(&mut self, state: u64) -> Option<usize> {
        if self.left < 2 || self.tree.is_exact() && self.tree.sum == 0 {
            return self.take(self.front); // the last one, or nothing that is left weighs anything
        }
        // where a draw in doubles would no longer be rare, a new tree is sooner made
        if self.tree.unit > 1 && self.tree.sum >> 16 < self.margin() {
            self.look();
        }
        let rank = if self.tree.is_exact() {
            self.tree.reach(self.tree.target(state)).map_or(self.front, |(rank, ..)| rank)
        } else {
            self.guess(state).unwrap_or_else(|| self.scan(state))
        };
        self.take(rank)
    }

    /// The rank that integers tell, unless it might be another.
    fn guess(&self, state: u64) -> Option<usize> {
        let sum = self.tree.sum;
        let product = (sum >> 31) * state + (((sum & MODULUS) * state) >> 31);
        let (rank, into, weight) = self.tree.reach(product + (product >> 31))?;
        let margin = self.margin();
        let sure = into + margin <= weight && (into > margin || rank == self.front);
        sure.then_some(rank)
    }

    fn margin(&self) -> u64 {
        (self.left as u64 + 2) * ((self.tree.sum >> 51) + 4)
    }

    /// The rank as it is defined.
    fn scan(&self, state: u64) -> usize {
        let total = self.running().last().map_or(0.0, |(_, sum)| sum);
        let target = fraction(state) * total;
        let reached = self.running().find(|(_, sum)| target <= *sum);
        let last = || self.weights.iter().rposition(|bits| bits & SIGN == 0).unwrap_or_default();
        reached.map_or_else(last, |(rank, _)| rank)
    }

    /// The running sums, up to where they no longer change.
    fn running(&self) -> impl Iterator<Item = (usize, f64)> {
        let left = self.weights.iter().enumerate().skip(self.front);
        let left = left.filter(|(_, bits)| **bits & SIGN == 0);
        left.scan(None, |before, (rank, bits)| {
            let sum = add(before.unwrap_or_default(), f64::from_bits(*bits));
            let same = *before == Some(sum);
            *before = Some(sum);
            (!same).then_some((rank, sum))
        })
    }

    fn take(&mut self, rank: usize) -> Option<usize> {
        let weight = self.weights.get_mut(rank)?;
        self.tree.remove(rank);
        *weight |= SIGN;
        self.left -= 1;
        let rest = self.weights.get(self.front..).unwrap_or_default();
        self.front += rest.iter().take_while(|bits| **bits & SIGN != 0).count();
        Some(rank)
    }

    /// Makes the tree of the ranks that weigh most now.
    fn look(&mut self) {
        let rest = self.weights.get(self.front..).unwrap_or_default();
        let most = rest.first().map_or(0, |weight| length(*weight));
        // as many weights as there are, each of fewer than so many bits, sum up below 2^62
        let unit = most + u64::from(usize::BITS - self.left.leading_zeros());
        self.tree.fill(self.front, unit.saturating_sub(61).max(1), rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prng::Lehmer;

    /// The definition: everything is summed again for every draw.
    fn plainly(ranks: usize, q: f64, mut generator: Lehmer) -> Vec<usize> {
        let mut pool = Vec::new();
        let mut weight = 1.0;
        for rank in 0..ranks {
            pool.push((rank, weight));
            weight *= q;
        }
        let mut drawn = Vec::new();
        while !pool.is_empty() {
            let total = pool.iter().fold(0.0, |sum, (_, weight)| sum + weight);
            let target = generator.draw() * total;
            let mut sum = 0.0;
            let reached = pool.iter().position(|(_, weight)| {
                sum += weight;
                target <= sum
            });
            drawn.push(pool.remove(reached.unwrap_or(pool.len() - 1)).0);
        }
        drawn
    }

    fn sampler(ranks: usize, q: f64, mut generator: Lehmer) -> Vec<usize> {
        let mut sampler = Sampler::new(ranks, q);
        core::iter::from_fn(|| sampler.draw(generator.step())).collect()
    }

    fn temperatures() -> impl Iterator<Item = f64> {
        let temperatures = [0.0, 1e-300, 1e-3, 0.1, 0.5, 1.0, 2.0, 3.0, 10.0, 100.0, 1e6, 1e17];
        temperatures.into_iter().map(|temperature: f64| temperature / (temperature + 1.0))
    }

    #[test]
    fn draws_are_those_of_the_definition() {
        for q in temperatures() {
            for (ranks, seeds) in [(0, 1), (1, 2), (2, 50), (3, 50), (17, 50), (150, 20), (2000, 2)]
            {
                for seed in 0..seeds {
                    let generator = || Lehmer::new(Some(f64::from(seed) * 1e9));
                    let (ours, plain) =
                        (sampler(ranks, q, generator()), plainly(ranks, q, generator()));
                    assert_eq!(ours, plain, "{ranks} ranks, q = {q}, seed {seed}");
                }
            }
        }
    }

    /// Weights so small that sums and products are rounded to whole units.
    #[test]
    fn draws_among_the_smallest_doubles() {
        for (numerator, denominator) in [(1, 2), (2, 3), (9, 10), (99, 100)] {
            let q = f64::from(numerator) / f64::from(denominator);
            // so many ranks that most weights are far below the smallest normal double
            let ranks = (1100.0 / -q.log2()).min(4000.0) as usize;
            let generator = || Lehmer::new(Some(7.0));
            assert_eq!(sampler(ranks, q, generator()), plainly(ranks, q, generator()), "{q}");
        }
    }

    /// Once nothing that is left weighs more than the smallest double, all draws are by integers.
    #[test]
    fn the_smallest_doubles_are_exact() {
        let mut sampler = Sampler::new(3000, 2.0 / 3.0);
        let mut generator = Lehmer::new(None);
        for _ in 0..2000 {
            sampler.draw(generator.step());
        }
        assert!(sampler.tree.is_exact());
        assert_eq!((sampler.left, sampler.tree.unit), (1000, 1));
    }

    /// Every draw by integers is the one by doubles, whatever the state of the generator.
    #[test]
    fn a_guess_is_never_wrong() {
        let (mut certain, mut doubtful) = (0, 0);
        for q in temperatures() {
            let mut sampler = Sampler::new(300, q);
            let mut generator = Lehmer::new(Some(1.0));
            for _ in 0..298 {
                for state in [1, 2, 1 << 29, (1 << 30) - 1, 1 << 30, MODULUS - 2, MODULUS - 1] {
                    for state in [state, generator.step()] {
                        if sampler.tree.is_exact() {
                            continue;
                        }
                        match sampler.guess(state) {
                            None => doubtful += 1,
                            Some(rank) => {
                                assert_eq!(rank, sampler.scan(state), "q = {q}, state {state}");
                                certain += 1;
                            }
                        }
                    }
                }
                sampler.draw(generator.step());
            }
        }
        assert!(certain > 20_000 && doubtful > 100, "{certain}, {doubtful}");
    }
}
