//! A limit of what a decision may cost, kept before it is made.

use serde_core::de::IgnoredAny;
use sigmapol_engine::{CostBound, constrain};

use crate::{
    Admission, Decision, Engine, Error, Exhausted, Metered, Sort, Stepper, Turn, json::Members,
};

/// An engine that makes no decision that may cost more than a limit: `exhausted cost`, before
/// anything runs but admission.
///
/// What a ctx has to say of costs is looked at on the outside; a policy or a ctx that cannot be read
/// there is left to the engine to refuse. Steps of runs are passed on as they are.
pub struct Bounded<E> {
    engine: E,
    cost: u64,
}

impl<E: Engine> Bounded<E> {
    /// Puts a limit on the cost of each decision.
    pub const fn new(engine: E, cost: u64) -> Self {
        Self { engine, cost }
    }

    /// The most that a decision may cost; nothing where it will be refused.
    ///
    /// # Errors
    ///
    /// Limits and traps of the engine's `admit`.
    pub fn bound(&self, policy: &str, ctx: &str) -> Result<Option<u64>, Error> {
        let Ok(members) = serde_json::from_str::<Members<'_>>(ctx) else { return Ok(None) };
        let count = |name: &str| {
            let list = serde_json::from_str::<Vec<IgnoredAny>>(members.get(name).unwrap_or("[]"));
            list.ok().and_then(|list| u64::try_from(list.len()).ok())
        };
        let (Some(candidates), Some(failures)) = (count("candidates"), count("failures")) else {
            return Ok(None);
        };
        let written = policy.len();
        let vocabulary = members.get("vocabulary").unwrap_or("{}");
        let policy = match members.get("envelope").map(|envelope| constrain(policy, envelope)) {
            None => policy.to_owned(),
            Some(Ok(policy)) => policy,
            Some(Err(_)) => return Ok(None),
        };
        match self.engine.admit(&policy, vocabulary) {
            // the engine says what else is wrong with a term that is no policy
            Ok(admitted) if admitted.value.sort != Sort::Policy => Ok(None),
            Ok(admitted) => {
                let bound = CostBound::of(&admitted.value.canonical);
                let bound = bound.written_in(u64::try_from(written).unwrap_or(u64::MAX));
                Ok(Some(bound.at_most(
                    candidates,
                    u64::try_from(ctx.len()).unwrap_or(u64::MAX),
                    failures,
                )))
            }
            Err(Error::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl<E: Engine> Engine for Bounded<E> {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
        self.engine.admit(term, vocabulary)
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
        self.engine.hash(term, vocabulary)
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
        match self.bound(policy, ctx)? {
            Some(bound) if bound > self.cost => Err(Error::Exhausted(Exhausted::Cost)),
            _ => self.engine.decide(policy, ctx),
        }
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        self.engine.step(run, event)
    }

    fn stepper(&self, router: &str) -> Result<Box<dyn Stepper>, Error> {
        self.engine.stepper(router)
    }
}
