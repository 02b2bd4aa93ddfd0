//! The filter, the scorer and the selector, one after the other.

use alloc::string::String;
use alloc::vec::Vec;

use crate::arithmetic::is_nan;
use crate::bits::{Bits, ROWS, ones};
use crate::call_scoped::CallScoped;
use crate::compile::Slots;
use crate::observation::Observation;
use crate::predicate::Reason;
use crate::selector::Scored;

/// Who is tried, in which order, and who not.
pub struct Ranking<'a> {
    pub ordered: Vec<Scored>,
    /// In the order of the candidates, each with the number of its reason.
    pub rejected: Vec<(u32, u32)>,
    /// Each reason once.
    pub reasons: Vec<Reason<'a>>,
}

/// Candidates that no policy is asked about, by their rows, in order; and why.
pub type Barred = [(u32, Reason<'static>)];

impl<'a> Ranking<'a> {
    pub fn new(
        slots: &'a Slots,
        observation: Observation<'a>,
        seed: Option<f64>,
        barred: &Barred,
    ) -> Self {
        let (survivors, rejected, reasons) =
            sieve(slots, observation, Bits::all(observation.catalog.len(), true), barred);
        Self { ordered: order(slots, observation, seed, &survivors), rejected, reasons }
    }

    pub fn reason(&self, number: u32) -> String {
        self.reasons.get(number as usize).map(Reason::text).unwrap_or_default()
    }
}

/// Keeps the rows that pass the filter; the others come back in their order, with the number of the
/// reason.
pub fn filter<'a>(
    slots: &'a Slots,
    observation: Observation<'a>,
    rows: &mut Vec<u32>,
    barred: &Barred,
) -> (Vec<(u32, u32)>, Vec<Reason<'a>>) {
    let mut set = Bits::all(observation.catalog.len(), false);
    for row in rows.iter() {
        set.set(*row as usize, true);
    }
    let (survivors, rejected, reasons) = sieve(slots, observation, set, barred);
    *rows = survivors;
    (rejected, reasons)
}

/// What [`Ranking`] has: who is left, who is rejected and why.
type Sieved<'a> = (Vec<u32>, Vec<(u32, u32)>, Vec<Reason<'a>>);

fn sieve<'a>(
    slots: &'a Slots,
    observation: Observation<'a>,
    mut rows: Bits,
    barred: &Barred,
) -> Sieved<'a> {
    let mut reasons: Vec<Reason> = Vec::new();
    // the number of the reason of each row that fails, and which rows those are
    let mut numbers: Vec<u32> = Vec::new();
    let mut failed = Bits::NONE;
    let mut count = 0;
    let mut reject = |at: usize, fails: u64, reason| {
        // there are as many as the policy has tests: a handful
        let number = reasons.iter().position(|known| *known == reason).unwrap_or_else(|| {
            reasons.push(reason);
            reasons.len() - 1
        });
        if count == 0 {
            numbers.resize(observation.catalog.len(), 0);
            failed = Bits::all(observation.catalog.len(), false);
        }
        count += fails.count_ones() as usize;
        failed.add_word(at, fails);
        for place in ones(fails) {
            if let Some(slot) = numbers.get_mut(ROWS * at + place) {
                *slot = number as u32;
            }
        }
    };
    for &(row, why) in barred {
        let (at, row) = (row as usize / ROWS, row as usize);
        if rows.get(row) {
            rows.set(row, false);
            reject(at, 1 << (row % ROWS), why);
        }
    }
    CallScoped::new(slots.filter.bind(observation)).sieve(&mut rows, &mut reject);
    let mut survivors = Vec::with_capacity(observation.catalog.len() - count);
    rows.runs().for_each(|run| survivors.extend(run.start as u32..run.end as u32));
    let mut rejected = Vec::with_capacity(count);
    failed.rows().for_each(|row| {
        rejected.push((row as u32, numbers.get(row).copied().unwrap_or_default()));
    });
    (survivors, rejected, reasons)
}

/// The order in which survivors of the filter are tried.
pub fn order(
    slots: &Slots,
    observation: Observation,
    seed: Option<f64>,
    survivors: &[u32],
) -> Vec<Scored> {
    let scores = slots.scorer.score(observation, survivors);
    let scored = survivors.iter().zip(scores).map(|(&row, score)| {
        // so that an order exists
        let score = if is_nan(score) { f64::NEG_INFINITY } else { score };
        Scored { row, score }
    });
    slots.selector.order(observation, seed, scored.collect())
}
