//! What a decision observes: the catalog with the state laid over it, and the request.

use crate::bits::Bits;
use crate::catalog::{Catalog, PRICES};
use crate::overlay::Overlay;
use crate::request::Request;
use crate::vocabulary::{BoolField, NumField, Vocabulary};

/// Everything that predicates and scorers look at.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    pub catalog: &'a Catalog,
    pub overlay: &'a Overlay,
    pub request: &'a Request,
    pub vocabulary: &'a Vocabulary,
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

impl<'a> Observation<'a> {
    pub fn nums(&self, field: NumField) -> Nums<'a> {
        if field == NumField::CREDITS {
            return Nums::OfProvider(&self.overlay.credits, &self.catalog.providers.rows);
        }
        let own =
            PRICES.into_iter().zip(&self.overlay.prices).find(|((_, price), _)| *price == field);
        match own {
            Some((_, Some(prices))) => Nums::Own(prices),
            _ => Nums::Own(self.catalog.column(field)),
        }
    }

    pub fn flags(&self, field: BoolField) -> Flags<'a> {
        let providers = &self.catalog.providers.rows;
        match field {
            BoolField::BREAKER_OPEN => Flags::OfProvider(&self.overlay.breaker_open, providers),
            BoolField::DISABLED => Flags::OfProvider(&self.overlay.disabled, providers),
            field => Flags::Own(self.catalog.flags(field)),
        }
    }
}
