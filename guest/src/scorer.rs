//! Scorer: a number for each survivor of the filter.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

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
            if score.is_nan() {
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
            Self::Neg(scorer) => each(scorer.values(scene, rows), |value| 1.0 - value),
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

/// Stretches the values onto [0, 1]; all 0 when they do not differ.
fn normalize(values: Vec<f64>) -> Vec<f64> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in &values {
        if *value < low {
            low = *value;
        }
        if *value > high {
            high = *value;
        }
    }
    each(values, |value| {
        if high <= low {
            0.0
        } else if value >= high {
            1.0
        } else if value <= low {
            0.0
        } else {
            let position = (value - low) / (high - low);
            if position.is_nan() { 0.0 } else { position }
        }
    })
}

fn each(mut values: Vec<f64>, change: impl Fn(f64) -> f64) -> Vec<f64> {
    for value in &mut values {
        *value = change(*value);
    }
    values
}
