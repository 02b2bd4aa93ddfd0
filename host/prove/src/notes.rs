//! What is worth knowing about a decision that is in order.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::candidate::{UNBOUNDED, knows, name};

/// A remark about a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Note {
    /// Stable: `normalize-unknown`.
    pub code: &'static str,
    /// The field that is not there.
    pub field: &'static str,
    /// The first candidate without it: an index into the candidates, from 0.
    pub candidate: usize,
    /// For people; begins with the candidate.
    pub message: String,
}

/// How a scorer reads a field: itself, and whether a greater value makes a greater score.
type Reading = (&'static str, bool);

/// Where `normalize` sees +∞: a candidate without the field takes the greatest value, and the
/// distances between all others become 0. A note for each such field; it names the first candidate
/// that passes the filter and lacks it.
///
/// `candidates` are those of the decision, `ema` the observed prices of the state, `rejected` the
/// candidates that did not pass the filter. Nothing is said where fewer than two others are left,
/// since there is nothing to tell apart then, nor where `clamp` keeps the value finite. The page has
/// the same rule.
pub fn normalize_unknown(
    policy: &str,
    candidates: &[Value],
    ema: &Value,
    rejected: impl IntoIterator<Item = usize>,
) -> Vec<Note> {
    let Ok(policy) = serde_json::from_str::<Value>(policy) else { return Vec::new() };
    let mut readings = Vec::new();
    normalized(policy.get(2).unwrap_or(&Value::Null), &mut readings);
    let rejected: BTreeSet<usize> = rejected.into_iter().collect();
    let survivors: Vec<usize> = (0..candidates.len()).filter(|at| !rejected.contains(at)).collect();
    let lacks = |at: usize, field: &str| {
        candidates.get(at).is_some_and(|candidate| !knows(candidate, field, ema))
    };
    let mut found: BTreeMap<&str, Note> = BTreeMap::new();
    let mut order = Vec::new();
    for read in readings {
        // of opposite signs they are NaN together, which normalize ignores
        let infinite: Vec<usize> = survivors
            .iter()
            .copied()
            .filter(|at| {
                let mut missing = read.iter().filter(|(field, _)| lacks(*at, field)).peekable();
                missing.peek().is_some() && missing.all(|(_, grows)| *grows)
            })
            .collect();
        if survivors.len() - infinite.len() < 2 {
            continue;
        }
        for (field, _) in read {
            let without: Vec<usize> =
                infinite.iter().copied().filter(|at| lacks(*at, field)).collect();
            let Some(&first) = without.first() else { continue };
            let Some(candidate) = candidates.get(first) else { continue };
            if !found.contains_key(field) {
                order.push(field);
                found.insert(field, note(field, first, &name(candidate), without.len() - 1));
            }
        }
    }
    order.into_iter().filter_map(|field| found.remove(field)).collect()
}

fn note(field: &'static str, candidate: usize, name: &str, more: usize) -> Note {
    let lacks = match more {
        0 => format!("has no {field}"),
        more => format!("and {more} more have no {field}"),
    };
    let message = format!(
        "candidate {candidate} ({name}) {lacks}, so normalize gives every other candidate the same score"
    );
    Note { code: "normalize-unknown", field, candidate, message }
}

/// What each `normalize` of a scorer reads, each way of reading once: what a policy has very many of
/// is looked at no more often than there are ways.
fn normalized(scorer: &Value, readings: &mut Vec<Vec<Reading>>) {
    let Some(parts) = scorer.as_array() else { return };
    if parts.first().and_then(Value::as_str) == Some("normalize") {
        let mut read = Vec::new();
        readings_of(parts.get(1).unwrap_or(&Value::Null), true, &mut read);
        let known = |other: &Vec<Reading>| {
            other.len() == read.len() && other.iter().all(|reading| read.contains(reading))
        };
        if !read.is_empty() && !readings.iter().any(known) {
            readings.push(read);
        }
    }
    parts.iter().skip(1).for_each(|part| normalized(part, readings));
}

/// The fields that a scorer reads and passes on, however large they are.
fn readings_of(scorer: &Value, grows: bool, read: &mut Vec<Reading>) {
    let Some(parts) = scorer.as_array() else { return };
    let part = |at: usize| parts.get(at).unwrap_or(&Value::Null);
    match part(0).as_str().unwrap_or_default() {
        "field" => {
            let field = UNBOUNDED.into_iter().find(|field| part(1) == field);
            let reading = field.map(|field| (field, grows));
            read.extend(reading.filter(|reading| !read.contains(reading)));
        }
        "add" => parts.iter().skip(1).for_each(|part| readings_of(part, grows, read)),
        "scale" => {
            let factor = part(1).as_f64().unwrap_or_default();
            if factor != 0.0 {
                readings_of(part(2), grows == (factor > 0.0), read);
            }
        }
        "neg" => readings_of(part(1), !grows, read),
        "gate" => readings_of(part(2), grows, read),
        // `normalize` and `clamp` give numbers between bounds, `zero` and `lit` read nothing
        _ => {}
    }
}
