//! Deciding many times over one catalog: it is read once, policies are admitted once, and each
//! decision takes a small ctx. The decisions are those of [`crate::decide`].

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::catalog::{Catalog, Observed, field};
use crate::context::{Context, Reader, refuse};
use crate::cost;
use crate::decide::{Decision, Ranked, Reaction, Rejected, Verdict, reactions};
use crate::encode;
use crate::json::{Members, NOTHING, Value};
use crate::names::NONE;
use crate::number::is_integral;
use crate::policy::{Policy, Ready, constrain};
use crate::predicate::Reason;
use crate::read::read;
use crate::refusal::Refusal;
use crate::scene::{Overlay, Scene};
use crate::scrap::Scrap;
use crate::state::State;
use crate::state_weight::{StateWeight, member};
use crate::vocabulary::{Field, Profile, Vocabulary};

/// A catalog that was read, the state that holds for it, and the policies that decide over it.
#[derive(Debug)]
pub struct Prepared {
    catalog: Catalog,
    vocabulary: Vocabulary,
    overlay: Overlay,
    state_weight: StateWeight,
    /// Weights of the members of the ctx that are here, keys included.
    candidates_weight: u64,
    vocabulary_weight: u64,
    policies: Vec<Admitted>,
}

/// A policy that is ready.
#[derive(Debug)]
pub struct Admitted {
    pub policy: Policy,
    pub identity: String,
    pub encoding_bytes: u64,
    /// Of every decision over this catalog.
    pub work: u64,
    /// Of the envelope and the customs, as members of a ctx.
    weight: u64,
}

impl Admitted {
    /// For a catalog of so many candidates.
    pub fn new(ready: Ready, customs: &Members, candidates: usize) -> Self {
        Self {
            identity: encode::sha256(&ready.encoding),
            encoding_bytes: ready.encoding.len() as u64,
            work: cost::work(&ready.normal, customs, candidates as u64),
            policy: ready.policy,
            weight: 0,
        }
    }
}

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
    pub(crate) fn new(identity: &str, verdict: &Verdict, cost: u64) -> Self {
        Self {
            identity: identity.to_string(),
            ordered: verdict.ordered.iter().map(|scored| scored.row).collect(),
            scores: verdict.ordered.iter().map(|scored| scored.score.to_bits()).collect(),
            rejected: verdict.rejected.iter().map(|(row, _)| *row).collect(),
            why: verdict.rejected.iter().map(|(_, number)| *number).collect(),
            reasons: verdict.reasons.iter().map(Reason::text).collect(),
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

const CATALOG: [&str; 3] = ["candidates", "state", "vocabulary"];
const OPTIONS: [&str; 2] = ["customs", "envelope"];
const CTX: [&str; 6] = ["body", "failures", "now_ms", "request", "seed", "state"];
const CANDIDATE: [&str; 2] = ["candidate", "set"];
const PROVIDER: [&str; 4] = ["breaker_open", "credits", "disabled", "provider"];

impl Prepared {
    /// Reads a catalog, `{candidates, vocabulary?, state?}`.
    pub fn load(catalog: &str) -> Result<Self, Refusal> {
        let value = read("catalog", catalog)?;
        Reader::new(&value, "catalog")?.only(&CATALOG)?;
        let vocabulary = Vocabulary::read(value.get("vocabulary").unwrap_or(&NOTHING))?;
        let missing = Value::Bool(false);
        let candidates = value.get("candidates").unwrap_or(&missing);
        let catalog = Catalog::read(candidates, "catalog.candidates", &vocabulary)?;
        let state = State::read(
            value.get("state"),
            "catalog.state",
            vocabulary.profile == Profile::Strict,
        )?;
        Ok(Self {
            overlay: Overlay::new(&catalog, &state, &vocabulary),
            state_weight: StateWeight::new(value.get("state"), &catalog.providers.names),
            catalog,
            vocabulary,
            candidates_weight: member("candidates", Some(candidates)),
            vocabulary_weight: member("vocabulary", value.get("vocabulary")),
            policies: Vec::new(),
        })
    }

    /// How many candidates there are.
    pub const fn candidates(&self) -> u32 {
        self.catalog.len() as u32
    }

    /// Admits a policy; its number is for [`Self::decide`]. Options are `{envelope?, customs?}`.
    pub fn policy(&mut self, term: &str, options: &str) -> Result<u32, Refusal> {
        let (term, options) = (read("policy", term)?, read("options", options)?);
        let reader = Reader::new(&options, "options")?;
        reader.only(&OPTIONS)?;
        let customs = reader.object("customs")?;
        let envelope = options.get("envelope");
        let term = match envelope {
            Some(envelope) => constrain(&term, envelope)?,
            None => term,
        };
        let ready = Ready::new(&term, &self.vocabulary, customs)?;
        self.policies.push(Admitted {
            weight: member("envelope", envelope) + member("customs", options.get("customs")),
            ..Admitted::new(ready, customs, self.catalog.len())
        });
        Ok(self.policies.len() as u32 - 1)
    }

    /// Applies changes, all or none: `{candidate, set: {field: value}}` for what a candidate says
    /// of itself, `{provider, breaker_open?, disabled?, credits?}` for the state. Everything is
    /// changed in place, so that a catalog does not grow with its changes.
    pub fn patch(&mut self, changes: &str) -> Result<u32, Refusal> {
        let value = read("changes", changes)?;
        let list = value.as_array().ok_or_else(|| refuse("changes: expected an array"))?;
        let mut checked = Vec::with_capacity(list.len());
        for (index, change) in list.iter().enumerate() {
            checked.push(self.check(&format!("changes[{index}]"), change)?);
        }
        let count = checked.len() as u32;
        for (target, members) in checked {
            for (key, value) in members {
                match target {
                    Target::Candidate(row) => self.set(row, key, value),
                    Target::Provider(number, name) => self.tell(number, name, key, value),
                }
            }
        }
        Ok(count)
    }

    fn check<'v>(
        &self,
        about: &str,
        change: &'v Value<'v>,
    ) -> Result<(Target<'v>, &'v Members<'v>), Refusal> {
        let reader = Reader::new(change, about)?;
        if let Some(provider) = change.get("provider") {
            reader.only(&PROVIDER)?;
            let name = provider.as_str().unwrap_or_default();
            let number = self.catalog.providers.names.find(name);
            if number == NONE {
                let expected = format!("{about}.provider: expected one of the catalog");
                return Err(refuse(expected));
            }
            for key in ["breaker_open", "disabled"] {
                if change.get(key).is_some_and(|flag| flag.as_bool().is_none()) {
                    return Err(refuse(format!("{about}.{key}: expected a boolean")));
                }
            }
            reader.number("credits")?;
            return Ok((Target::Provider(number, name), change.as_object().unwrap_or(&[])));
        }
        reader.only(&CANDIDATE)?;
        let row = reader.number("candidate")?.filter(|row| *row >= 0.0 && is_integral(*row));
        let row = row.map(|row| row as usize).filter(|row| *row < self.catalog.len());
        let row =
            row.ok_or_else(|| refuse(format!("{about}.candidate: expected the index of one")))?;
        let set = reader.object("set")?;
        for (key, value) in set {
            field(key, value, &self.vocabulary)
                .map_err(|what| refuse(format!("{about}.set{what}")))?;
        }
        Ok((Target::Candidate(row), set))
    }

    /// Sets a field of a candidate; checked before.
    fn set(&mut self, row: usize, key: &str, value: &Value) {
        let Ok((field, value)) = field(key, value, &self.vocabulary) else { return };
        if self.catalog.set(row, field, value) {
            self.candidates_weight += key.len() as u64 + 1;
        }
        if let (Field::Num(field), Observed::Num(price)) = (field, value) {
            self.overlay.set_price(field, row, price);
        }
    }

    /// Sets an entry of the state; checked before.
    fn tell(&mut self, number: u32, name: &str, key: &str, value: &Value) {
        let section = match key {
            "breaker_open" => {
                self.overlay.set_breaker(number, value.is_truthy());
                "breakers"
            }
            "credits" => {
                self.overlay.set_credits(number, value.as_number().unwrap_or_default());
                "credits"
            }
            "disabled" => {
                self.overlay.set_disabled(number, value.is_truthy());
                "disabled"
            }
            _ => return, // the name of the provider
        };
        // a provider is disabled by any entry, and enabled by none
        let gone = key == "disabled" && !value.is_truthy();
        let weight = if gone { 0 } else { name.len() as u64 + value.weight() };
        self.state_weight.set(section, number, weight);
    }

    /// Decides by a policy of [`Self::policy`]. `ctx` is `{request?, body?, state?, seed?, now_ms?,
    /// failures?}`; a state of its own takes the place of the catalog's.
    pub fn decide(&self, policy: u32, ctx: &str) -> Result<Choice, Refusal> {
        let expected = || refuse(format!("policy: expected the number of one, got {policy}"));
        let admitted = self.policies.get(policy as usize).ok_or_else(expected)?;
        let ctx = Scrap::new(read("ctx", ctx)?);
        Reader::new(&ctx, "ctx")?.only(&CTX)?;
        let context = Scrap::new(Context::read(&ctx, &self.vocabulary)?);
        let own =
            ctx.get("state").map(|_| Overlay::new(&self.catalog, &context.state, &self.vocabulary));
        let scene = Scene {
            catalog: &self.catalog,
            overlay: own.as_ref().unwrap_or(&self.overlay),
            request: &context.request,
            vocabulary: &self.vocabulary,
        };
        let verdict = Scrap::new(Verdict::new(&admitted.policy, scene, context.seed));
        let state_weight = if own.is_none() { self.state_weight.total() } else { 0 };
        let sizes = cost::Sizes {
            encoding: admitted.encoding_bytes,
            weight: ctx.weight()
                + self.candidates_weight
                + self.vocabulary_weight
                + state_weight
                + admitted.weight,
            work: admitted.work,
            failures: context.failures.len() as u64,
        };
        Ok(Choice {
            request: verdict.request(&admitted.policy, scene, &context),
            reactions: reactions(&admitted.policy, &context.failures),
            ..Choice::new(&admitted.identity, &verdict, cost::of(sizes))
        })
    }
}

/// What a change is about: a row, or the number and the name of a provider.
#[derive(Clone, Copy)]
enum Target<'v> {
    Candidate(usize),
    Provider(u32, &'v str),
}
