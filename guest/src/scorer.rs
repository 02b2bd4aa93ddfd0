//! Scorer: a number for each survivor of the filter.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use crate::arithmetic::{Factor, Span, add, complement, is_nan};
use crate::bits::Bits;
use crate::observation::{Nums, Observation};
use crate::order::{ascending, from_ascending};
use crate::predicate::Pred;
use crate::vocabulary::NumField;

/// A compiled scorer.
#[derive(Clone, Debug)]
pub enum Scorer {
    Zero,
    Add(Vec<Scorer>),
    Scale(f64, Box<Scorer>),
    Gate(Pred, Box<Scorer>),
    Neg(Box<Scorer>),
    Normalize(Box<Scorer>),
    Clamp(f64, f64, Box<Scorer>),
    Field(NumField),
    Lit(f64),
}

impl Scorer {
    /// The scores of `rows`, the whole population that `normalize` spans: ascending, each once. In
    /// IEEE double arithmetic in exactly this order of operations; a score may be NaN.
    pub fn score(&self, observation: Observation, rows: &[u32]) -> Vec<f64> {
        let all = observation.catalog.len();
        match self {
            Self::Zero => vec![0.0; rows.len()],
            Self::Lit(value) => vec![*value; rows.len()],
            Self::Field(field) => match observation.nums(*field) {
                Nums::Own(column) if rows.len() == all && column.len() == all => column.to_vec(),
                values => rows.iter().map(|row| values.at(*row as usize)).collect(),
            },
            Self::Add(scorers) => sum(scorers, observation, rows),
            Self::Scale(factor, scorer) => {
                let factor = Factor::new(*factor);
                each(scorer.score(observation, rows), |value| factor.multiply(value))
            }
            Self::Neg(scorer) => each(scorer.score(observation, rows), complement),
            Self::Clamp(low, high, scorer) => {
                each(scorer.score(observation, rows), |value| clamp(value, *low, *high))
            }
            Self::Gate(pred, scorer) => {
                let mut values = scorer.score(observation, rows);
                let mut passing = Bits::all(all, false);
                rows.iter().for_each(|row| passing.set(*row as usize, true));
                pred.bind(observation).sieve(&mut passing, &mut |_, _, _| {});
                for (value, row) in values.iter_mut().zip(rows) {
                    if !passing.get(*row as usize) {
                        *value = 0.0;
                    }
                }
                values
            }
            Self::Normalize(scorer) => normalize(scorer.score(observation, rows)),
        }
    }
}

/// The sum of scorers, each added to what is there so far, starting from 0.
fn sum(scorers: &[Scorer], observation: Observation, rows: &[u32]) -> Vec<f64> {
    let Some((first, others)) = scorers.split_first() else { return vec![0.0; rows.len()] };
    // 0 + x is x, but for the negative zero
    let mut sums = each(first.score(observation, rows), |value| {
        if value.to_bits() == (-0.0_f64).to_bits() { 0.0 } else { value }
    });
    for scorer in others {
        for (sum, value) in sums.iter_mut().zip(scorer.score(observation, rows)) {
            *sum = add(*sum, value);
        }
    }
    sums
}

/// `low` wins over `high` when they cross; NaN passes through.
pub fn clamp(value: f64, low: f64, high: f64) -> f64 {
    if is_nan(value) {
        value
    } else if ascending(value) < ascending(low) {
        low
    } else if ascending(value) > ascending(high) {
        high
    } else {
        value
    }
}

/// Stretches the values onto [0, 1]; all 0 when they do not differ. NaN counts for neither end and
/// becomes 0.
fn normalize(values: Vec<f64>) -> Vec<f64> {
    const INFINITY: i64 = f64::INFINITY.to_bits().cast_signed();
    let bits = |value: f64| value.to_bits().cast_signed();
    let (mut low, mut high) = (i64::MAX, 0);
    for value in &values {
        low = low.min(bits(*value));
        high = high.max(bits(*value));
    }
    if low >= 0 && high <= INFINITY {
        return stretch(values, [low, high], bits); // the bits of positive numbers are in order
    }
    let (mut low, mut high) = (ascending(f64::INFINITY), ascending(f64::NEG_INFINITY));
    for value in values.iter().filter(|value| !is_nan(**value)) {
        low = low.min(ascending(*value));
        high = high.max(ascending(*value));
    }
    // NaN gets a place below all others
    let order = |value| if is_nan(value) { i64::MIN } else { ascending(value) };
    stretch(values, [low, high], order)
}

/// [`normalize`], by numbers that are in the order of the values.
fn stretch(values: Vec<f64>, [low, high]: [i64; 2], order: impl Fn(f64) -> i64) -> Vec<f64> {
    if high <= low {
        return each(values, |_| 0.0);
    }
    let (least, greatest) = (from_ascending(low), from_ascending(high));
    let infinite = least == f64::NEG_INFINITY || greatest == f64::INFINITY;
    let span = Span::new(least, greatest);
    each(values, |value| {
        let at = order(value);
        if at >= high {
            1.0
        } else if at <= low || infinite {
            0.0 // between infinite ends it is a number over ∞, or NaN
        } else {
            span.position(value)
        }
    })
}

fn each(mut values: Vec<f64>, change: impl Fn(f64) -> f64) -> Vec<f64> {
    for value in &mut values {
        *value = change(*value);
    }
    values
}
