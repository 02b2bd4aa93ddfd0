//! Selector: the order in which survivors are tried.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::candidate::pair;
use crate::observation::Observation;
use crate::order::{by_number, by_text, descending};
use crate::predicate::Pred;
use crate::prng::Lehmer;
use crate::sampler::Sampler;

/// A compiled selector.
#[derive(Clone, Debug)]
pub enum Selector {
    Argmax,
    Ordered,
    Sample(f64),
    /// Sorted by key.
    Chain(Vec<Priority>),
    TopK(f64, Box<Selector>),
    Prefer(Pred, Box<Selector>),
}

/// The place of a pair in a chain, from 1; the key is `provider|family`.
#[derive(Clone, Debug)]
pub struct Priority {
    key: String,
    place: u32,
}

/// A row of the population and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    pub row: u32,
    pub score: f64,
}

impl Selector {
    /// The links of a chain in order of preference. A pair named twice keeps its last place.
    pub fn chain<'a>(links: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let places = (1..)
            .zip(links)
            .map(|(place, (provider, family))| Priority { key: pair(provider, family), place });
        let mut priorities = by_text(places.collect(), |priority: &Priority| &priority.key);
        priorities.dedup_by(|later, kept| {
            let same = later.key == kept.key;
            if same {
                kept.place = later.place;
            }
            same
        });
        Self::Chain(priorities)
    }

    /// Orders `survivors`, which come in the order of the candidates.
    pub fn order(
        &self,
        observation: Observation,
        seed: Option<f64>,
        survivors: Vec<Scored>,
    ) -> Vec<Scored> {
        match self {
            Self::Ordered => survivors,
            Self::Argmax => best_first(survivors),
            Self::Sample(temperature) => sample(*temperature, seed, &best_first(survivors)),
            Self::Chain(priorities) => chain(priorities, observation, survivors),
            Self::TopK(count, inner) => {
                let mut order = inner.order(observation, seed, survivors);
                if *count < order.len() as f64 {
                    order.truncate(*count as usize);
                }
                order
            }
            Self::Prefer(pred, inner) => {
                let order = inner.order(observation, seed, survivors);
                let test = pred.bind(observation);
                let (mut preferred, others): (Vec<_>, Vec<_>) =
                    order.into_iter().partition(|scored| test.holds(scored.row as usize));
                preferred.extend(others);
                preferred
            }
        }
    }
}

/// By score, descending; ties keep the order of the candidates.
fn best_first(survivors: Vec<Scored>) -> Vec<Scored> {
    const NOBODY: Scored = Scored { row: u32::MAX, score: 0.0 };
    let keys: Vec<u64> = survivors.iter().map(|scored| descending(scored.score)).collect();
    // rows come in order, so that the place among them breaks ties as the row would
    let places = by_number(&keys).into_iter();
    places.map(|place| survivors.get(place as usize).copied().unwrap_or(NOBODY)).collect()
}

/// Draws without replacement, a rank's weight being q times that of the rank before it, with
/// q = t/(t + 1).
fn sample(temperature: f64, seed: Option<f64>, ranked: &[Scored]) -> Vec<Scored> {
    let temperature = if temperature > 0.0 { temperature } else { 0.0 };
    let mut sampler = Sampler::new(ranked.len(), temperature / (temperature + 1.0));
    let mut generator = Lehmer::new(seed);
    let mut drawn = Vec::with_capacity(ranked.len());
    while let Some(scored) = sampler.draw(generator.step()).and_then(|rank| ranked.get(rank)) {
        drawn.push(*scored);
    }
    drawn
}

/// Keeps those the chain names, in its order; the score is the negated place.
fn chain(priorities: &[Priority], observation: Observation, survivors: Vec<Scored>) -> Vec<Scored> {
    let place = |name: &str| {
        let at = priorities.binary_search_by(|priority| priority.key.as_str().cmp(name)).ok()?;
        priorities.get(at).map(|priority| priority.place)
    };
    let pairs = &observation.catalog.pairs;
    let places = pairs.each(place, None);
    let placed = survivors.iter().filter_map(|scored| {
        let place = places.get(pairs.at(scored.row as usize) as usize).copied().flatten()?;
        Some(Scored { row: scored.row, score: -f64::from(place) })
    });
    best_first(placed.collect())
}
