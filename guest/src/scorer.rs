//! Scorer: a number for each survivor of the filter.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use crate::exact::{Divisor, is_nan, subtract};
use crate::order::{ascending, from_ascending};
use crate::predicate::Pred;
use crate::scene::Scene;
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
    /// The scores of `rows`, the whole population that `normalize` spans. NaN becomes −∞, so
    /// that an order exists.
    pub fn score(&self, scene: Scene, rows: &[u32]) -> Vec<f64> {
        let mut scores = self.values(scene, rows);
        for score in &mut scores {
            if is_nan(*score) {
                *score = f64::NEG_INFINITY;
            }
        }
        scores
    }

    /// One value a row, in IEEE double arithmetic in exactly this order of operations.
    fn values(&self, scene: Scene, rows: &[u32]) -> Vec<f64> {
        match self {
            Self::Zero => vec![0.0; rows.len()],
            Self::Lit(value) => vec![*value; rows.len()],
            Self::Field(field) => {
                let values = scene.nums(*field);
                rows.iter().map(|row| values.at(*row as usize)).collect()
            }
            Self::Add(scorers) => {
                let mut sums = vec![0.0; rows.len()];
                for scorer in scorers {
                    for (sum, value) in sums.iter_mut().zip(scorer.values(scene, rows)) {
                        *sum += value;
                    }
                }
                sums
            }
            Self::Scale(factor, scorer) => each(scorer.values(scene, rows), |value| factor * value),
            Self::Neg(scorer) => each(scorer.values(scene, rows), |value| subtract(1.0, value)),
            Self::Clamp(low, high, scorer) => {
                each(scorer.values(scene, rows), |value| clamp(value, *low, *high))
            }
            Self::Gate(pred, scorer) => {
                let mut values = scorer.values(scene, rows);
                let test = pred.bind(scene);
                for (value, row) in values.iter_mut().zip(rows) {
                    if !test.holds(*row as usize) {
                        *value = 0.0;
                    }
                }
                values
            }
            Self::Normalize(scorer) => normalize(scorer.values(scene, rows)),
        }
    }
}

/// `low` wins over `high` when they cross; NaN passes through.
pub fn clamp(value: f64, low: f64, high: f64) -> f64 {
    if value < low {
        low
    } else if value > high {
        high
    } else {
        value
    }
}

/// Stretches the values onto [0, 1]; all 0 when they do not differ. NaN counts for neither end and
/// becomes 0.
fn normalize(values: Vec<f64>) -> Vec<f64> {
    let plain = values.iter().filter(|value| !is_nan(**value)).map(|value| ascending(*value));
    let (mut low, mut high) = (ascending(f64::INFINITY), ascending(f64::NEG_INFINITY));
    for value in plain {
        low = low.min(value);
        high = high.max(value);
    }
    if high <= low {
        return each(values, |_| 0.0);
    }
    let (least, greatest) = (from_ascending(low), from_ascending(high));
    let range = Divisor::new(greatest - least);
    each(values, |value| {
        let at = ascending(value);
        if at >= high && !is_nan(value) {
            1.0
        } else if at <= low {
            0.0
        } else {
            let position = range.divide(subtract(value, least));
            if is_nan(position) { 0.0 } else { position }
        }
    })
}

fn each(mut values: Vec<f64>, change: impl Fn(f64) -> f64) -> Vec<f64> {
    for value in &mut values {
        *value = change(*value);
    }
    values
}
