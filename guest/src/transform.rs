//! Xform: changes of the outgoing request. The input is never mutated in place.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::changes::Changes;
use crate::json::{Member, Value, set};
use crate::number::finite;
use crate::observation::Observation;
use crate::predicate::Pred;
use crate::prng::{Lehmer, floored};
use crate::scorer::clamp;

/// A compiled transform.
#[derive(Clone, Debug)]
pub enum Xform {
    Id,
    Seq(Vec<Xform>),
    SetParam(String, Value<'static>),
    InjectSeed(String),
    ClampParam(String, f64, f64),
    Jitter(String, f64),
    /// `text` or `image`, and the recipe.
    Filter(&'static str, Value<'static>),
    When(Pred, Box<Xform>),
}

/// The value of `set_param` that stands for the seed of the ctx.
pub const FROM_CTX: &str = "from_ctx";

impl Xform {
    /// Whether it looks at no candidate.
    pub fn is_blind(&self) -> bool {
        match self {
            Self::When(..) => false,
            Self::Seq(xforms) => xforms.iter().all(Self::is_blind),
            _ => true,
        }
    }

    /// `request`, changed for the candidate in `row`.
    pub fn apply<'t>(
        &self,
        request: Vec<Member<'t>>,
        observation: Observation,
        row: usize,
        seed: Option<f64>,
    ) -> Vec<Member<'t>> {
        let mut changes = Changes::new(request, self.count());
        self.change(&mut changes, observation, row, seed);
        changes.into_members()
    }

    /// How many changes it makes at most.
    fn count(&self) -> usize {
        match self {
            Self::Id => 0,
            Self::Seq(xforms) => xforms.iter().map(Self::count).sum(),
            Self::When(_, xform) => xform.count(),
            _ => 1,
        }
    }

    fn change(
        &self,
        request: &mut Changes,
        observation: Observation,
        row: usize,
        seed: Option<f64>,
    ) {
        match self {
            Self::Id => {}
            Self::Seq(xforms) => {
                for xform in xforms {
                    xform.change(request, observation, row, seed);
                }
            }
            Self::SetParam(name, value) => request.set(name, Some(value.clone())),
            Self::InjectSeed(name) => request.set(name, seed.map(Value::Number)),
            Self::ClampParam(name, low, high) => {
                if let Some(value) = number_of(request, name) {
                    request.set(name, Some(Value::Number(clamp(value, *low, *high))));
                }
            }
            Self::Jitter(name, amplitude) => {
                if seed.is_none() {
                    return;
                }
                let salt = "jitter:".bytes().chain(name.bytes());
                let draw = Lehmer::substream(seed, salt).draw();
                let shift = (draw * 2.0 - 1.0) * amplitude;
                let value = number_of(request, name).map_or(shift, |value| value + shift);
                request.set(name, Some(Value::Number(finite(value))));
            }
            Self::Filter(kind, recipe) => filter(request, kind, recipe, seed),
            Self::When(pred, xform) => {
                if pred.bind(observation).holds(row) {
                    xform.change(request, observation, row, seed);
                }
            }
        }
    }
}

fn number_of(request: &Changes, name: &str) -> Option<f64> {
    request.get(name).and_then(Value::as_number)
}

/// Asks the host to filter its input: a directive under `_filters`, one of each kind.
fn filter(request: &mut Changes, kind: &str, recipe: &Value<'static>, seed: Option<f64>) {
    let mut directive = Vec::new();
    set(&mut directive, "recipe", Some(recipe.clone()));
    set(&mut directive, "seed", seed.map(|seed| Value::Number(floored(Some(seed)) as f64)));
    let mut filters = match request.take("_filters") {
        Some(Value::Object(known)) => known,
        _ => Vec::new(),
    };
    set(&mut filters, kind, Some(Value::Object(directive)));
    request.set("_filters", Some(Value::Object(filters)));
}
