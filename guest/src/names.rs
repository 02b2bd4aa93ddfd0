//! Names as small numbers, so that rows compare numbers.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};

/// The number that stands for no name.
pub const NONE: u32 = u32::MAX;

/// Names, numbered as they come. A tree and no hash table: its time does not depend on who chose
/// the names.
#[derive(Clone, Debug, Default)]
pub struct Names {
    numbers: BTreeMap<String, u32>,
    /// Neighbours often have the same name.
    last: Option<(String, u32)>,
}

impl Names {
    /// The number of a name, a new one if need be.
    pub fn intern(&mut self, name: &str) -> u32 {
        if let Some((last, number)) = &self.last
            && last == name
        {
            return *number;
        }
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None => {
                let number = self.numbers.len() as u32;
                self.numbers.insert(name.to_string(), number);
                number
            }
        };
        self.last = Some((name.to_string(), number));
        number
    }

    /// The number of a name, or [`NONE`].
    pub fn find(&self, name: &str) -> u32 {
        self.numbers.get(name).copied().unwrap_or(NONE)
    }

    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Every name with its number, in byte order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.numbers.iter().map(|(name, number)| (name.as_str(), *number))
    }
}
