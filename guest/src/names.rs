//! Names as small numbers, so that rows compare numbers.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::bytes::common;

/// The number that stands for no name.
pub const NONE: u32 = u32::MAX;

/// Names, numbered as they come, found by the bits in which they differ: a crit-bit tree (D. J.
/// Bernstein, <https://cr.yp.to/critbit.html>). A way down looks at a bit at each place and at the
/// name at its end, so it takes no more than the name is long, however many there are, and does not
/// depend on who chose them.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// By number.
    names: Vec<String>,
    /// One fewer than there are names.
    forks: Vec<Fork>,
    /// Where the way down begins, once there is a name.
    root: u32,
    /// Neighbours often have the same name.
    last: u32,
}

/// A bit in which the names below differ: all bits before it are the same in all of them.
#[derive(Clone, Copy, Debug)]
struct Fork {
    /// The byte that the bit is in.
    at: u32,
    /// The bit. Above the eight of a byte there is one more: whether the name goes on.
    bit: u32,
    /// Where the bit is not set, and where it is: twice the number of a fork, or twice that of a
    /// name and one.
    below: [u32; 2],
}

/// Set in a byte of a name, and not after its end.
const GOES_ON: u32 = 1 << 8;

impl Names {
    /// The number of a name, a new one if need be.
    #[inline(never)] // there are many calls
    pub fn intern(&mut self, name: &str) -> u32 {
        if self.name(self.last) == Some(name) {
            return self.last;
        }
        let number = self.names.len() as u32;
        self.last = match self.nearest(name) {
            None => {
                self.root = number << 1 | 1;
                self.names.push(name.to_string());
                number
            }
            Some((known, nearest)) => match fork(known, name) {
                None => nearest,
                Some((at, bit, side)) => {
                    self.insert(name, at, bit, side);
                    number
                }
            },
        };
        self.last
    }

    /// The number of a name, or [`NONE`].
    #[inline(never)]
    pub fn find(&self, name: &str) -> u32 {
        self.nearest(name).filter(|(known, _)| *known == name).map_or(NONE, |(_, number)| number)
    }

    pub const fn len(&self) -> usize {
        self.names.len()
    }

    /// Every name with its number.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.names.iter().map(String::as_str).zip(0..)
    }

    fn name(&self, number: u32) -> Option<&str> {
        self.names.get(number as usize).map(String::as_str)
    }

    /// The name that shares the most bits with this one, and its number.
    fn nearest(&self, name: &str) -> Option<(&str, u32)> {
        let mut place = self.root;
        while let Some(fork) = self.fork_at(place) {
            place = fork.next(name);
        }
        let number = place >> 1;
        Some((self.name(number)?, number))
    }

    /// The fork at a place, if it is one.
    fn fork_at(&self, place: u32) -> Option<&Fork> {
        if place & 1 == 0 { self.forks.get((place >> 1) as usize) } else { None }
    }

    /// Adds a name that differs from what is known in this bit first, on this side of it.
    fn insert(&mut self, name: &str, at: u32, bit: u32, side: bool) {
        // forks are above those of later bits; of a byte the highest bit is the first
        let above = |fork: &Fork| (fork.at, bit) < (at, fork.bit);
        let mut parent = None;
        let mut place = self.root;
        while let Some(fork) = self.fork_at(place).filter(|fork| above(fork)) {
            parent = Some(place >> 1);
            place = fork.next(name);
        }
        let leaf = (self.names.len() as u32) << 1 | 1;
        let new = (self.forks.len() as u32) << 1;
        let below = if side { [place, leaf] } else { [leaf, place] };
        self.names.push(name.to_string());
        self.forks.push(Fork { at, bit, below });
        match parent.and_then(|parent| self.forks.get_mut(parent as usize)) {
            Some(fork) => *fork.below_mut(name) = new,
            None => self.root = new,
        }
    }
}

impl Fork {
    /// Whether the bit is set in a name.
    fn side(&self, name: &str) -> bool {
        byte(name, self.at as usize) & self.bit != 0
    }

    fn next(&self, name: &str) -> u32 {
        let [clear, set] = self.below;
        if self.side(name) { set } else { clear }
    }

    fn below_mut(&mut self, name: &str) -> &mut u32 {
        let side = self.side(name);
        let [clear, set] = &mut self.below;
        if side { set } else { clear }
    }
}

/// A byte of a name and that it is there; 0 after its end.
fn byte(name: &str, at: usize) -> u32 {
    name.as_bytes().get(at).map_or(0, |byte| GOES_ON | u32::from(*byte))
}

/// The first bit in which two names differ, and whether the second has it; nothing where they are
/// the same.
fn fork(known: &str, name: &str) -> Option<(u32, u32, bool)> {
    let at = common(known.as_bytes(), name.as_bytes());
    let (known, name) = (byte(known, at), byte(name, at));
    let bit = 1 << (known ^ name).checked_ilog2()?;
    Some((at as u32, bit, name & bit != 0))
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use alloc::format;

    use super::*;

    /// Against the tree of the standard library, in which all of them are looked up each time.
    #[test]
    fn each_name_has_one_number() {
        let words = ["", "a", "b", "ab", "é", "\0", "\u{7f}", "aa\0", "openai/gpt", "名"];
        let mut state = 1_u64;
        for kinds in [1, 2, 3, 10, 1000] {
            let mut names = Names::default();
            let mut expected = BTreeMap::new();
            assert_eq!(names.find(""), NONE);
            for _ in 0..300 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let mut rest = (state >> 33) % kinds;
                let mut name = String::new();
                while rest > 0 {
                    name += words[rest as usize % words.len()];
                    rest /= words.len() as u64;
                }
                let next = expected.len() as u32;
                let number = *expected.entry(name.clone()).or_insert(next);
                assert_eq!(names.intern(&name), number, "{name:?}");
                assert_eq!(names.len(), expected.len());
                for (name, number) in &expected {
                    assert_eq!(names.find(name), *number, "{name:?}");
                    let other = format!("{name}\0");
                    assert_eq!(names.find(&other), expected.get(&other).copied().unwrap_or(NONE));
                }
            }
            let listed: BTreeMap<String, u32> =
                names.iter().map(|(name, number)| (name.to_string(), number)).collect();
            assert_eq!(listed, expected);
        }
    }

    /// Names that each differ from the one before in their last bit: as deep as a tree gets.
    #[test]
    fn names_that_begin_alike() {
        let mut names = Names::default();
        for length in 0..2_000 {
            assert_eq!(names.intern(&"a".repeat(length)), length as u32);
        }
        for length in 0..2_000 {
            assert_eq!(names.find(&"a".repeat(length)), length as u32);
        }
        assert_eq!(names.find(&"a".repeat(2_000)), NONE);
        assert_eq!(names.find("b"), NONE);
    }
}
