//! What a decision may cost at most, known before it is made.

use serde_core::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::{Admission, Decision, Engine, Error, Exhausted, Metered, Sort, Turn, json::Members};

/// What a canonical form begins with.
const VERSION: &str = "sigma-pol/v2:";

/// The sizes of a policy that its cost depends on, read off its canonical form.
///
/// ```
/// use sigmapol_core::{CostBound, Engine as _, Native};
///
/// # fn main() -> Result<(), sigmapol_core::Error> {
/// let policy = r#"["policy", ["top"], ["zero"], ["argmax"], ["id"], ["always", {"action": "abort"}]]"#;
/// let admitted = Native.admit(policy, "{}")?.value;
/// let bound = CostBound::of(&admitted.canonical);
/// // 76 bytes, 6 nodes; over 3 candidates: 76 + 100 + 6 · (3 + 1) + 3 · 2
/// assert_eq!(bound.at_most(3, 100, 0), 206);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CostBound {
    /// Bytes of the canonical form.
    encoding: u64,
    /// Its nodes.
    nodes: u64,
    /// Its selectors of these kinds, and its customs.
    argmax: u64,
    sample: u64,
    custom: u64,
    /// The links of each of its chains.
    chains: Vec<u64>,
}

impl CostBound {
    /// Of the policy that runs: with an envelope, that is the one given with the envelope conjoined.
    pub fn of(canonical: &str) -> Self {
        let mut bound = Self { encoding: size(canonical), ..Self::default() };
        let mut rest = canonical.strip_prefix(VERSION).unwrap_or(canonical);
        // the links of a chain are the records up to the end of its term
        let mut links = None;
        while let Some(at) = rest.find(['"', '(', ')', '{']) {
            let (_, found) = rest.split_at(at);
            rest = found.get(1..).unwrap_or_default();
            match (found.as_bytes().first(), &mut links) {
                (Some(b'"'), _) => rest = after_string(found),
                (Some(b'('), _) => {
                    bound.nodes += 1;
                    match rest.split([' ', ')']).next() {
                        Some("argmax") => bound.argmax += 1,
                        Some("sample") => bound.sample += 1,
                        Some("custom") => bound.custom += 1,
                        Some("chain") => links = Some(0),
                        _ => {}
                    }
                }
                (Some(b')'), _) => bound.chains.extend(links.take()),
                (_, Some(links)) => *links += 1,
                _ => {}
            }
        }
        bound
    }

    /// The cost of a decision over so many candidates, for a ctx of so many bytes with so many
    /// failures: `docs/specification.md`, section 15, with the bytes of the ctx for its weight,
    /// which is never more.
    pub fn at_most(&self, candidates: u64, ctx_bytes: u64, failures: u64) -> u64 {
        let n = u128::from(candidates);
        let pairs = n * (n + 1) / 2;
        let chains = self.chains.iter().map(|links| n * (bits(candidates) + bits(*links)));
        let sum = u128::from(self.encoding) * (1 + u128::from(failures))
            + u128::from(ctx_bytes) * (1 + u128::from(self.custom))
            + u128::from(self.nodes) * (n + 1)
            + u128::from(self.argmax + self.sample) * n * bits(candidates)
            + u128::from(self.sample) * pairs
            + chains.sum::<u128>();
        u64::try_from(sum).unwrap_or(u64::MAX)
    }
}

fn size(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

/// The number of binary digits.
fn bits(value: u64) -> u128 {
    u128::from(u64::BITS - value.leading_zeros())
}

/// What follows the string that the text begins with.
fn after_string(text: &str) -> &str {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.and_then(|end| text.get(end + 2..)).unwrap_or_default()
}

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
        let Some(policy) = constrained(policy, members.get("envelope")) else { return Ok(None) };
        match self.engine.admit(&policy, vocabulary) {
            // the engine says what else is wrong with a term that is no policy
            Ok(admitted) if admitted.value.sort != Sort::Policy => Ok(None),
            Ok(admitted) => {
                let bound = CostBound::of(&admitted.value.canonical);
                Ok(Some(bound.at_most(candidates, size(ctx), failures)))
            }
            Err(Error::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The policy that runs under an envelope.
fn constrained(policy: &str, envelope: Option<&str>) -> Option<String> {
    let Some(envelope) = envelope else { return Some(policy.to_owned()) };
    let mut slots: Vec<&RawValue> = serde_json::from_str(policy).ok()?;
    let filter = format!(r#"["and",{envelope},{}]"#, slots.get(1)?.get());
    let filter = RawValue::from_string(filter).ok()?;
    *slots.get_mut(1)? = &filter;
    let slots: Vec<_> = slots.iter().map(|slot| slot.get()).collect();
    Some(format!("[{}]", slots.join(",")))
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
}
