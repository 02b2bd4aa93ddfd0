//! Deciding many times over one catalog: it is read once, policies are admitted once, and each
//! decision takes a small ctx. The decisions are those of [`crate::decide()`].

use alloc::format;
use alloc::vec::Vec;

use super::choice::Choice;
use super::policy::PreparedPolicy;
use crate::call_scoped::CallScoped;
use crate::candidate::{FieldValue, field};
use crate::catalog::{Catalog, Columns};
use crate::context::Context;
use crate::cost;
use crate::decide::{reactions, request};
use crate::json::{Members, NOTHING, Value, read};
use crate::names::NONE;
use crate::number::is_integral;
use crate::observation::Observation;
use crate::overlay::Overlay;
use crate::policy::{Policy, under_envelope};
use crate::ranking::Ranking;
use crate::reader::ObjectReader;
use crate::refusal::Refusal;
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
    policies: Vec<CatalogPolicy>,
}

/// A policy that was admitted, and what its options weigh.
#[derive(Debug)]
struct CatalogPolicy {
    policy: PreparedPolicy,
    /// Of the envelope and the customs, as members of a ctx.
    weight: u64,
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
        ObjectReader::new(&value, "catalog")?.only(&CATALOG)?;
        let vocabulary = Vocabulary::read(value.get("vocabulary").unwrap_or(&NOTHING))?;
        let missing = Value::Bool(false);
        let candidates = value.get("candidates").unwrap_or(&missing);
        let catalog = Catalog::read(candidates, "catalog.candidates", &vocabulary, Columns::All)?;
        let catalog = CallScoped::new(catalog);
        let state = State::read(
            value.get("state"),
            "catalog.state",
            vocabulary.profile == Profile::Strict,
        )?;
        Ok(Self {
            overlay: Overlay::new(&catalog, &state, &vocabulary),
            state_weight: StateWeight::new(value.get("state"), &catalog.providers.names),
            catalog: CallScoped::into_inner(catalog),
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
        let reader = ObjectReader::new(&options, "options")?;
        reader.only(&OPTIONS)?;
        let customs = reader.object("customs")?;
        let envelope = options.get("envelope");
        let term = match envelope {
            Some(envelope) => under_envelope(&term, envelope)?,
            None => term,
        };
        let policy = Policy::new(&term, &self.vocabulary, customs)?;
        self.policies.push(CatalogPolicy {
            policy: PreparedPolicy::new(policy, customs, self.catalog.len()),
            weight: member("envelope", envelope) + member("customs", options.get("customs")),
        });
        Ok(self.policies.len() as u32 - 1)
    }

    /// Applies changes, all or none: `{candidate, set: {field: value}}` for what a candidate says
    /// of itself, `{provider, breaker_open?, disabled?, credits?}` for the state. Everything is
    /// changed in place, so that a catalog does not grow with its changes.
    pub fn patch(&mut self, changes: &str) -> Result<u32, Refusal> {
        let value = read("changes", changes)?;
        let list = value.as_array().ok_or_else(|| Refusal::ctx("changes: expected an array"))?;
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
        let reader = ObjectReader::new(change, about)?;
        if let Some(provider) = change.get("provider") {
            reader.only(&PROVIDER)?;
            let name = provider.as_str().unwrap_or_default();
            let number = self.catalog.providers.names.find(name);
            if number == NONE {
                let expected = format!("{about}.provider: expected one of the catalog");
                return Err(Refusal::ctx(expected));
            }
            for key in ["breaker_open", "disabled"] {
                if change.get(key).is_some_and(|flag| flag.as_bool().is_none()) {
                    return Err(Refusal::ctx(format!("{about}.{key}: expected a boolean")));
                }
            }
            reader.number("credits")?;
            return Ok((Target::Provider(number, name), change.as_object().unwrap_or(&[])));
        }
        reader.only(&CANDIDATE)?;
        let row = reader.number("candidate")?.filter(|row| *row >= 0.0 && is_integral(*row));
        let row = row.map(|row| row as usize).filter(|row| *row < self.catalog.len());
        let row = row
            .ok_or_else(|| Refusal::ctx(format!("{about}.candidate: expected the index of one")))?;
        let set = reader.object("set")?;
        for (key, value) in set {
            field(key, value, &self.vocabulary)
                .map_err(|what| Refusal::ctx(format!("{about}.set{what}")))?;
        }
        Ok((Target::Candidate(row), set))
    }

    /// Sets a field of a candidate; checked before.
    fn set(&mut self, row: usize, key: &str, value: &Value) {
        let Ok((field, value)) = field(key, value, &self.vocabulary) else { return };
        if self.catalog.set(row, field, value) {
            self.candidates_weight += key.len() as u64 + 1;
        }
        if let (Field::Num(field), FieldValue::Num(price)) = (field, value) {
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
        let expected = || Refusal::ctx(format!("policy: expected the number of one, got {policy}"));
        let CatalogPolicy { policy, weight } =
            self.policies.get(policy as usize).ok_or_else(expected)?;
        let ctx = CallScoped::new(read("ctx", ctx)?);
        ObjectReader::new(&ctx, "ctx")?.only(&CTX)?;
        let context = CallScoped::new(Context::read(&ctx, &self.vocabulary)?);
        let own =
            ctx.get("state").map(|_| Overlay::new(&self.catalog, &context.state, &self.vocabulary));
        let observation = Observation {
            catalog: &self.catalog,
            overlay: own.as_ref().unwrap_or(&self.overlay),
            request: &context.request,
            vocabulary: &self.vocabulary,
        };
        let ranking = CallScoped::new(Ranking::new(&policy.slots, observation, context.seed, &[]));
        let state_weight = if own.is_none() { self.state_weight.total() } else { 0 };
        let sizes = cost::Sizes {
            encoding: policy.encoding_bytes,
            weight: ctx.weight()
                + self.candidates_weight
                + self.vocabulary_weight
                + state_weight
                + weight,
            work: policy.work,
            failures: context.failures.len() as u64,
        };
        Ok(Choice {
            request: request(&policy.slots, &ranking, observation, &context),
            reactions: reactions(&policy.slots, &context.failures),
            ..Choice::new(&policy.identity, &ranking, cost::of(sizes))
        })
    }
}

/// What a change is about: a row, or the number and the name of a provider.
#[derive(Clone, Copy)]
enum Target<'v> {
    Candidate(usize),
    Provider(u32, &'v str),
}
