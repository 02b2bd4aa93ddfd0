//! What a decision observes: the catalog with the state laid over it.

use alloc::vec;
use alloc::vec::Vec;

use crate::bits::Bits;
use crate::catalog::{Catalog, PRICES};
use crate::json::Value;
use crate::request::Request;
use crate::state::State;
use crate::vocabulary::{BoolField, NumField, Vocabulary};

/// Everything that predicates and scorers look at.
#[derive(Debug)]
pub struct Scene<'a> {
    pub catalog: &'a Catalog,
    pub request: &'a Request,
    pub vocabulary: &'a Vocabulary,
    /// The prices, where the state has one that the catalog has not.
    prices: [Option<Vec<f64>>; 2],
    /// One a provider.
    credits: Vec<f64>,
    breaker_open: Vec<bool>,
    disabled: Vec<bool>,
}

/// A numeric field of every row.
#[derive(Clone, Copy, Debug)]
pub enum Nums<'a> {
    /// One value a row.
    Own(&'a [f64]),
    /// One value a provider, and the provider of each row.
    OfProvider(&'a [f64], &'a [u32]),
}

/// A boolean field of every row.
#[derive(Clone, Copy, Debug)]
pub enum Flags<'a> {
    Own(&'a Bits),
    OfProvider(&'a [bool], &'a [u32]),
}

impl Nums<'_> {
    pub fn at(&self, row: usize) -> f64 {
        match self {
            Self::Own(column) => column.get(row).copied().unwrap_or_default(),
            Self::OfProvider(values, providers) => of(values, providers, row),
        }
    }
}

impl Flags<'_> {
    pub fn at(&self, row: usize) -> bool {
        match self {
            Self::Own(bits) => bits.get(row),
            Self::OfProvider(values, providers) => of(values, providers, row),
        }
    }
}

fn of<T: Copy + Default>(values: &[T], numbers: &[u32], row: usize) -> T {
    let number = numbers.get(row).copied().unwrap_or(u32::MAX);
    values.get(number as usize).copied().unwrap_or_default()
}

impl<'a> Scene<'a> {
    pub fn new(
        catalog: &'a Catalog,
        state: &State,
        request: &'a Request,
        vocabulary: &'a Vocabulary,
    ) -> Self {
        let providers = &catalog.providers;
        let default = vocabulary.nums.get(NumField::CREDITS.0).map_or(0.0, |field| field.default);
        let mut scene = Self {
            catalog,
            request,
            vocabulary,
            prices: [None, None],
            credits: vec![default; providers.names.len()],
            breaker_open: vec![false; providers.names.len()],
            disabled: vec![false; providers.names.len()],
        };
        let slot = |name: &str| providers.names.find(name) as usize;
        for (name, credits) in state.credits {
            if let (Some(slot), Some(left)) =
                (scene.credits.get_mut(slot(name)), credits.as_number())
            {
                *slot = left;
            }
        }
        for (name, open) in state.breakers {
            if let Some(slot) = scene.breaker_open.get_mut(slot(name)) {
                *slot = open.as_bool() == Some(true);
            }
        }
        for (name, _) in state.disabled {
            // any entry disables, whatever its value
            if let Some(slot) = scene.disabled.get_mut(slot(name)) {
                *slot = true;
            }
        }
        if !state.ema.is_empty() {
            for (at, (key, field)) in PRICES.into_iter().enumerate() {
                if let Some(prices) = scene.prices.get_mut(at) {
                    *prices = observed(catalog, state, at, key, field);
                }
            }
        }
        scene
    }

    pub fn nums(&self, field: NumField) -> Nums<'_> {
        if field == NumField::CREDITS {
            return Nums::OfProvider(&self.credits, &self.catalog.providers.rows);
        }
        let own = PRICES.into_iter().zip(&self.prices).find(|((_, price), _)| *price == field);
        match own {
            Some((_, Some(prices))) => Nums::Own(prices),
            _ => Nums::Own(self.catalog.column(field)),
        }
    }

    pub fn flags(&self, field: BoolField) -> Flags<'_> {
        let providers = &self.catalog.providers.rows;
        match field {
            BoolField::BREAKER_OPEN => Flags::OfProvider(&self.breaker_open, providers),
            BoolField::DISABLED => Flags::OfProvider(&self.disabled, providers),
            field => Flags::Own(self.catalog.flags(field)),
        }
    }
}

/// The column of a price, with observed prices where candidates have none; nothing if there is
/// none to lay over.
fn observed(
    catalog: &Catalog,
    state: &State,
    at: usize,
    key: &str,
    field: NumField,
) -> Option<Vec<f64>> {
    let own = catalog.priced.get(at)?;
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
