//! The state laid over a catalog: prices, breakers, disabled providers and credits.

use alloc::vec;
use alloc::vec::Vec;

use crate::catalog::{Catalog, PRICES};
use crate::json::{Members, Value};
use crate::state::State;
use crate::vocabulary::{NumField, Vocabulary};

/// What a state says of the candidates of a catalog.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// The prices, where the state has one that the catalog has not.
    pub prices: [Option<Vec<f64>>; 2],
    /// One a provider.
    pub credits: Vec<f64>,
    pub breaker_open: Vec<bool>,
    pub disabled: Vec<bool>,
}

impl Overlay {
    pub fn new(catalog: &Catalog, state: &State, vocabulary: &Vocabulary) -> Self {
        let providers = &catalog.providers;
        let mut overlay = Self {
            prices: [None, None],
            credits: vec![0.0; providers.names.len()],
            breaker_open: vec![false; providers.names.len()],
            disabled: vec![false; providers.names.len()],
        };
        overlay.put_credits(catalog, state.credits, vocabulary);
        let slot = |name: &str| providers.names.find(name) as usize;
        for (name, open) in state.breakers {
            if let Some(slot) = overlay.breaker_open.get_mut(slot(name)) {
                *slot = open.as_bool() == Some(true);
            }
        }
        for (name, _) in state.disabled {
            // any entry disables, whatever its value
            if let Some(slot) = overlay.disabled.get_mut(slot(name)) {
                *slot = true;
            }
        }
        if !state.ema.is_empty() {
            for ((key, field), prices) in PRICES.into_iter().zip(&mut overlay.prices) {
                *prices = observed(catalog, state, key, field);
            }
        }
        overlay
    }

    /// Puts the credits of a state in the place of those before.
    pub fn put_credits(&mut self, catalog: &Catalog, credits: &Members, vocabulary: &Vocabulary) {
        let default = vocabulary.nums.get(NumField::CREDITS.0).map_or(0.0, |field| field.default);
        self.credits.fill(default);
        for (name, credits) in credits {
            if let Some(left) = credits.as_number() {
                put(&mut self.credits, catalog.providers.names.find(name), left);
            }
        }
    }

    /// A candidate's own price, which goes before that of the state.
    pub fn set_price(&mut self, field: NumField, row: usize, price: f64) {
        let found = PRICES.into_iter().zip(&mut self.prices).find(|((_, own), _)| *own == field);
        if let Some((_, Some(column))) = found
            && let Some(slot) = column.get_mut(row)
        {
            *slot = price;
        }
    }

    pub fn set_breaker(&mut self, provider: u32, open: bool) {
        put(&mut self.breaker_open, provider, open);
    }

    pub fn set_disabled(&mut self, provider: u32, disabled: bool) {
        put(&mut self.disabled, provider, disabled);
    }

    pub fn set_credits(&mut self, provider: u32, credits: f64) {
        put(&mut self.credits, provider, credits);
    }
}

fn put<T>(values: &mut [T], at: u32, value: T) {
    if let Some(slot) = values.get_mut(at as usize) {
        *slot = value;
    }
}

/// The column of a price, with observed prices where candidates have none; nothing if there is
/// none to lay over.
fn observed(catalog: &Catalog, state: &State, key: &str, field: NumField) -> Option<Vec<f64>> {
    let own = catalog.given(field);
    if (0..catalog.len()).all(|row| own.get(row)) {
        return None;
    }
    let mut by_pair: Vec<Option<f64>> = vec![None; catalog.pairs.names.len()];
    for (pair, entry) in state.ema {
        if let Some(slot) = by_pair.get_mut(catalog.pairs.names.find(pair) as usize) {
            *slot = entry.get(key).and_then(Value::as_number);
        }
    }
    let mut column = catalog.column(field).to_vec();
    for (row, price) in column.iter_mut().enumerate().filter(|(row, _)| !own.get(*row)) {
        let found = by_pair.get(catalog.pairs.at(row) as usize).copied().flatten();
        *price = found.unwrap_or(*price);
    }
    Some(column)
}
