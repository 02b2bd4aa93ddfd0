//! Every run ends within the bound of `docs/runs.md`, natively, in the component and over a prepared
//! router alike.
//!
//! A candidate is called at most 1 + R times with at most R waits between, R being the most
//! `attempts` of any action, 1 where an action has none; a run is done once. In the strict profile
//! it has at most `max_attempts_per_execution` calls.

use std::collections::BTreeMap;

use serde_json::Value;
use sigmapol_core::{Effect, Engine as _, Turn};

use super::{COMPONENT, PREPARED, Verdict, accepted, require};
use crate::generate::{Draw, Run, response, run};

/// Walks a run to its end, whatever the providers say.
pub fn check(bytes: &[u8]) -> Verdict {
    let mut draw = Draw::new(bytes);
    let run = run(&mut draw);
    let mut events = Vec::new();
    walk(&run, &mut draw, &mut events)
        .map_err(|broken| format!("{broken}\n{}\n{}", run.admission, events.join("\n")))
}

/// Long enough for what the strict profile admits; the reference has no cap.
const MOST_TURNS: usize = 300;

fn walk(run: &Run, draw: &mut Draw<'_>, events: &mut Vec<String>) -> Verdict {
    let start = format!(
        r#"{{"kind":"start","admission":"{}","config":{},"contract":{},"offers":{},"now_ms":1000}}"#,
        run.admission, run.config, run.contract, run.offers
    );
    events.push(start.clone());
    let Some(mut turn) = step(None, &start)? else { return Ok(false) };
    let mut bound = Bound::new(run)?;
    let mut now_ms = 1000;
    let mut over = bound.over(&turn)?;
    while !over && events.len() < MOST_TURNS {
        now_ms += draw.below(400);
        let event = match &turn.effect {
            Effect::Wait(_) => "\"kind\":\"resume\"".to_owned(),
            _ => match response(draw) {
                Some(response) => format!("\"kind\":\"respond\",\"response\":{response}"),
                None => "\"kind\":\"respond\"".to_owned(),
            },
        };
        let event = format!(
            r#"{{{event},"admission":"{}","now_ms":{now_ms},"state":{}}}"#,
            run.admission, turn.state
        );
        events.push(event.clone());
        // a response that is not in order leaves the run as it was
        if let Some(next) = step(Some(&turn.run), &event)? {
            over = bound.over(&next)?;
            turn = next;
        }
    }
    Ok(bound.calls > 0)
}

/// One step, taken by all of them.
fn step(run: Option<&str>, event: &str) -> Result<Option<Turn>, String> {
    let taken = accepted(COMPONENT.step(run, event))?;
    if taken.is_some() {
        accepted(PREPARED.step(run, event))?;
    } else {
        // what is wrong has another position there
        let over_router = accepted(PREPARED.second.step(run, event))?;
        require(over_router.is_none(), || {
            format!("refused, but over a router {over_router:?}: {event}")
        })?;
    }
    Ok(taken)
}

/// What a run has done, and the most that it may do.
struct Bound {
    /// How often each pair of a provider and a model was called, and may be.
    pairs: BTreeMap<(String, String), usize>,
    /// The most calls of one candidate.
    of_one: f64,
    most_calls: Option<usize>,
    calls: usize,
    waits: usize,
    /// The candidates, once the run has said whom it ranked.
    candidates: BTreeMap<(String, String), usize>,
}

impl Bound {
    fn new(run: &Run) -> Result<Self, String> {
        let mut most = 1.0;
        for text in [&run.config, &run.contract] {
            let value = serde_json::from_str(text).map_err(|error| format!("{error}: {text}"))?;
            most_attempts(&value, &mut most);
        }
        Ok(Self {
            pairs: BTreeMap::new(),
            of_one: 1.0 + most.floor(),
            most_calls: (run.admission == "strict").then_some(run.most_calls),
            calls: 0,
            waits: 0,
            candidates: BTreeMap::new(),
        })
    }

    /// Whether the run is done; an error where it went too far.
    fn over(&mut self, turn: &Turn) -> Verdict {
        if self.candidates.is_empty() {
            let run: Value = serde_json::from_str(&turn.run).map_err(|error| error.to_string())?;
            for entry in run["trace"]["ranked"].as_array().into_iter().flatten() {
                *self.candidates.entry(pair(entry)).or_default() += 1;
            }
        }
        let ranked = self.candidates.values().sum::<usize>() as f64;
        match &turn.effect {
            Effect::Done(_) => return Ok(true),
            Effect::Wait(_) => self.waits += 1,
            Effect::Call(request) => {
                self.calls += 1;
                let pair = pair(&serde_json::from_str(request).map_err(|error| error.to_string())?);
                let most = self.candidates.get(&pair).copied().unwrap_or(0) as f64 * self.of_one;
                let count = self.pairs.entry(pair.clone()).or_default();
                *count += 1;
                require(*count as f64 <= most, || {
                    format!("{count} calls of {pair:?}, expected at most {most}")
                })?;
            }
        }
        require(self.most_calls.is_none_or(|most| self.calls <= most), || {
            format!("{} calls, expected at most {:?}", self.calls, self.most_calls)
        })?;
        require(self.waits as f64 <= ranked * (self.of_one - 1.0), || {
            format!("{} waits of {ranked} candidates", self.waits)
        })?;
        Ok(false)
    }
}

fn pair(entry: &Value) -> (String, String) {
    let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    (text("provider_id"), text("model_family"))
}

/// The largest number that any member `attempts` has.
fn most_attempts(value: &Value, most: &mut f64) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| most_attempts(item, most)),
        Value::Object(members) => {
            for (key, value) in members {
                if let ("attempts", Some(number)) = (key.as_str(), value.as_f64()) {
                    *most = most.max(number);
                }
                most_attempts(value, most);
            }
        }
        _ => {}
    }
}
