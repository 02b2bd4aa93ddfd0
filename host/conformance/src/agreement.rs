//! Two engines that have to say the same.

use serde_json::Value;
use sigmapol_core::{Admission, Decision, Effect, Engine, Error, Metered, Turn};

use super::equal;

/// Asks two engines and compares all they say, to the last bit: also what a vector does not have,
/// such as costs. JSON texts are compared as values. Where they differ there is no answer.
pub struct Agreement {
    /// Whose answers are passed on.
    pub first: Box<dyn Engine>,
    /// Who has to agree.
    pub second: Box<dyn Engine>,
}

impl Engine for Agreement {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
        let ask = |engine: &dyn Engine| engine.admit(term, vocabulary);
        agreed(ask(&*self.first), &ask(&*self.second), PartialEq::eq)
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
        let ask = |engine: &dyn Engine| engine.hash(term, vocabulary);
        agreed(ask(&*self.first), &ask(&*self.second), PartialEq::eq)
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
        let ask = |engine: &dyn Engine| engine.decide(policy, ctx);
        agreed(ask(&*self.first), &ask(&*self.second), decisions)
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        let ask = |engine: &dyn Engine| engine.step(run, event);
        agreed(ask(&*self.first), &ask(&*self.second), turns)
    }
}

fn agreed<T: std::fmt::Debug>(
    first: Result<Metered<T>, Error>,
    second: &Result<Metered<T>, Error>,
    same: fn(&T, &T) -> bool,
) -> Result<Metered<T>, Error> {
    let agree = match (&first, second) {
        (Ok(first), Ok(second)) => same(&first.value, &second.value),
        (Err(first), Err(second)) => first == second,
        _ => false,
    };
    match agree {
        true => first,
        false => Err(Error::Load(format!("engines differ: {} and {}", show(&first), show(second)))),
    }
}

fn show<T: std::fmt::Debug>(result: &Result<Metered<T>, Error>) -> String {
    match result {
        Ok(outcome) => format!("{:?}", outcome.value),
        Err(error) => error.to_string(),
    }
}

fn decisions(first: &Decision, second: &Decision) -> bool {
    let scores = |decision: &Decision| {
        let ordered = decision.ordered.iter();
        ordered.map(|ranked| (ranked.candidate, ranked.score.to_bits())).collect::<Vec<_>>()
    };
    let reactions = first.reactions.iter().zip(&second.reactions);
    scores(first) == scores(second)
        && (&first.identity, &first.rejected, first.cost)
            == (&second.identity, &second.rejected, second.cost)
        && first.request == second.request
        && first.reactions.len() == second.reactions.len()
        && reactions.into_iter().all(|(first, second)| {
            first.backoff_ms.to_bits() == second.backoff_ms.to_bits()
                && texts(&first.action, &second.action)
        })
}

fn turns(first: &Turn, second: &Turn) -> bool {
    let logs = first.logs.iter().zip(&second.logs);
    let effects = match (&first.effect, &second.effect) {
        (Effect::Call(first), Effect::Call(second))
        | (Effect::Done(first), Effect::Done(second)) => texts(first, second),
        (Effect::Wait(first), Effect::Wait(second)) => first.to_bits() == second.to_bits(),
        _ => false,
    };
    (&first.run, &first.state, first.cost) == (&second.run, &second.state, second.cost)
        && first.logs.len() == second.logs.len()
        && logs.into_iter().all(|(first, second)| texts(first, second))
        && effects
}

fn texts(first: &str, second: &str) -> bool {
    let read = |text| serde_json::from_str::<Value>(text).ok();
    matches!((read(first), read(second)), (Some(first), Some(second)) if equal::json(&first, &second))
}
