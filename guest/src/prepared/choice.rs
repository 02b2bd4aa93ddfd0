//! A decision in columns.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::decide::{Decision, Ranked, Reaction, Rejected};
use crate::predicate::Reason;
use crate::ranking::Ranking;

/// What a policy decided, in columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The identity of the policy that ran, the envelope conjoined.
    pub identity: String,
    /// Indices of candidates, best first.
    pub ordered: Vec<u32>,
    /// Their scores, as the bits of doubles.
    pub scores: Vec<u64>,
    /// Indices of candidates, in order.
    pub rejected: Vec<u32>,
    /// Why each was: an index into `reasons`.
    pub why: Vec<u32>,
    /// Reasons, such as `cmp:price_in:le`.
    pub reasons: Vec<String>,
    /// The request for the first of `ordered`, transformed, as JSON.
    pub request: Option<String>,
    /// One for each of `ctx.failures`.
    pub reactions: Vec<Reaction>,
    /// Work units, as for the same decision made at once.
    pub cost: u64,
}

impl Choice {
    /// Who is tried and who is not.
    pub(crate) fn new(identity: &str, ranking: &Ranking, cost: u64) -> Self {
        Self {
            identity: identity.to_string(),
            ordered: ranking.ordered.iter().map(|scored| scored.row).collect(),
            scores: ranking.ordered.iter().map(|scored| scored.score.to_bits()).collect(),
            rejected: ranking.rejected.iter().map(|(row, _)| *row).collect(),
            why: ranking.rejected.iter().map(|(_, number)| *number).collect(),
            reasons: ranking.reasons.iter().map(Reason::text).collect(),
            request: None,
            reactions: Vec::new(),
            cost,
        }
    }
}

impl From<Choice> for Decision {
    fn from(choice: Choice) -> Self {
        let scored = choice.ordered.into_iter().zip(choice.scores);
        let ranked = |(candidate, bits)| Ranked { candidate, score: f64::from_bits(bits) };
        let reason = |at: u32| choice.reasons.get(at as usize).cloned().unwrap_or_default();
        let rejected = choice.rejected.into_iter().zip(choice.why);
        Self {
            identity: choice.identity,
            ordered: scored.map(ranked).collect(),
            rejected: rejected
                .map(|(candidate, why)| Rejected { candidate, reason: reason(why) })
                .collect(),
            request: choice.request,
            reactions: choice.reactions,
            cost: choice.cost,
        }
    }
}
