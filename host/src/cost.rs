//! A limit of what a decision may cost, kept before it is made.

use serde::de::IgnoredAny;
pub use sigmapol_engine::CostBound;
use sigmapol_engine::constrain;

use crate::{
    Admission, Decision, Error, Exhausted, Outcome, Sort, Turn, Verbs, json_text::Members,
};

/// An engine that makes no decision that may cost more than a limit: `exhausted cost`, before
/// anything runs but admission.
///
/// What a ctx has to say of costs is looked at on the outside; a policy or a ctx that cannot be read
/// there is left to the engine to refuse. Steps of runs are passed on as they are.
pub struct Bounded {
    verbs: Box<dyn Verbs>,
    cost: u64,
}

impl Bounded {
    /// Puts a limit on the cost of each decision.
    pub const fn new(verbs: Box<dyn Verbs>, cost: u64) -> Self {
        Self { verbs, cost }
    }

    /// The most that a decision may cost; nothing where it will be refused.
    fn bound(&self, policy: &str, ctx: &str) -> Result<Option<u64>, Error> {
        let Ok(members) = serde_json::from_str::<Members<'_>>(ctx) else { return Ok(None) };
        let count = |name: &str| {
            let list = serde_json::from_str::<Vec<IgnoredAny>>(members.get(name).unwrap_or("[]"));
            list.ok().and_then(|list| u64::try_from(list.len()).ok())
        };
        let (Some(candidates), Some(failures)) = (count("candidates"), count("failures")) else {
            return Ok(None);
        };
        let vocabulary = members.get("vocabulary").unwrap_or("{}");
        let policy = match members.get("envelope").map(|envelope| constrain(policy, envelope)) {
            None => policy.to_owned(),
            Some(Ok(policy)) => policy,
            Some(Err(_)) => return Ok(None),
        };
        match self.verbs.admit(&policy, vocabulary) {
            // the engine says what else is wrong with a term that is no policy
            Ok(admitted) if admitted.value.sort != Sort::Policy => Ok(None),
            Ok(admitted) => {
                let bound = CostBound::of(&admitted.value.canonical);
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

impl Verbs for Bounded {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Outcome<Admission>, Error> {
        self.verbs.admit(term, vocabulary)
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Outcome<String>, Error> {
        self.verbs.hash(term, vocabulary)
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Outcome<Decision>, Error> {
        match self.bound(policy, ctx)? {
            Some(bound) if bound > self.cost => Err(Error::Exhausted(Exhausted::Cost)),
            _ => self.verbs.decide(policy, ctx),
        }
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Outcome<Turn>, Error> {
        self.verbs.step(run, event)
    }
}
