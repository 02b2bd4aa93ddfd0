//! What the state of a catalog adds to the cost of a decision, as its entries change.

use alloc::vec;
use alloc::vec::Vec;

use crate::json::Value;
use crate::names::Names;

/// The weight of a member of an object; of none if there is none.
#[inline(never)]
pub fn member(key: &str, value: Option<&Value>) -> u64 {
    value.map_or(0, |value| key.len() as u64 + value.weight())
}

/// The weight of the state as a member of a ctx, kept up to date as its entries change.
#[derive(Debug)]
pub struct StateWeight {
    total: u64,
    present: bool,
    sections: [Section; 3],
}

/// The entries of breakers, credits or disabled providers.
#[derive(Debug)]
struct Section {
    present: bool,
    /// By provider; 0 for none.
    weights: Vec<u64>,
}

/// The sections, in the order of [`StateWeight::sections`].
const SECTIONS: [&str; 3] = ["breakers", "credits", "disabled"];

impl StateWeight {
    pub fn new(state: Option<&Value>, providers: &Names) -> Self {
        let section = |name: &str| {
            let entries = state.and_then(|state| state.get(name));
            let mut weights = vec![0; providers.len()];
            for (provider, entry) in entries.and_then(Value::as_object).unwrap_or(&[]) {
                if let Some(slot) = weights.get_mut(providers.find(provider) as usize) {
                    *slot = provider.len() as u64 + entry.weight();
                }
            }
            Section { present: entries.is_some(), weights }
        };
        Self {
            total: member("state", state),
            present: state.is_some(),
            sections: SECTIONS.map(section),
        }
    }

    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Gives a provider an entry of this weight in a section, or with 0 none.
    pub fn set(&mut self, section: &str, provider: u32, weight: u64) {
        let found = SECTIONS.iter().zip(&mut self.sections).find(|(name, _)| **name == section);
        let Some((name, section)) = found else { return };
        let Some(slot) = section.weights.get_mut(provider as usize) else { return };
        if weight == 0 && *slot == 0 {
            return; // no entry before, none now
        }
        if !core::mem::replace(&mut self.present, true) {
            self.total += "state".len() as u64 + 1;
        }
        if !core::mem::replace(&mut section.present, true) {
            self.total += name.len() as u64 + 1;
        }
        self.total = self.total - *slot + weight;
        *slot = weight;
    }
}
