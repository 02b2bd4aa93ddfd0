//! Ranking many times over one configuration: it is read once, the policies of its profiles are
//! admitted once, the runtime state is told when it changes, and each `rank` takes the contract and
//! the time. What comes out is what [`crate::step()`] ranks, cost included.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::additions::Additions;
use super::choice::Choice;
use super::policy::PreparedPolicy;
use super::windows::ProviderWindows;
use crate::call_scoped::CallScoped;
use crate::candidate::{FieldValue, field_of, typed};
use crate::catalog::{Catalog, Columns, PRICES};
use crate::context::Context;
use crate::cost;
use crate::event::Event;
use crate::json::{Member, Object, Value, read, to_static};
use crate::observation::Observation;
use crate::overlay::Overlay;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::router::{
    Config, PIN_NOT_FOUND, PRICED, PolicySource, Runtime, asked, bar, hosts_multiplier, known_keys,
    observed, priced, profile_name, profile_term, protocol, rank, unknown_profile,
};
use crate::state::State;
use crate::state_weight::member;
use crate::vocabulary::{Field, Profile};

/// A router that was read: its candidates in columns, its policies, and the runtime state.
#[derive(Debug)]
pub struct PreparedRouter {
    pub(super) config: Config<'static>,
    /// What goes into an event that is put to it.
    pub(super) additions: Additions,
    /// The policy of each of `config.profiles`, or why it has none, as long as the contract has no
    /// say in it.
    policies: Vec<Result<PreparedPolicy, String>>,
    catalog: Catalog,
    /// What candidates say of their own prices, a row each.
    own: Vec<OwnPrices>,
    /// The field that a policy sees each of [`PRICED`] as.
    fields: [Option<Field>; 5],
    /// The credits; breakers and disabled providers depend on the time.
    overlay: Overlay,
    windows: ProviderWindows,
    /// What each candidate speaks, and whether the host has a credential for each provider.
    protocols: Vec<String>,
    no_credential: Vec<bool>,
    /// What the same event would weigh, and the ctx it makes, but for the contract, the time and
    /// the disabled providers: the part that is fixed, and the part of the state.
    fixed_weight: u64,
    state_weight: u64,
    /// The candidates, for people and for calls.
    shown: String,
}

#[derive(Debug)]
struct OwnPrices {
    /// Those of [`PRICED`] that the candidate has.
    members: Vec<Member<'static>>,
    /// The host's.
    multiplier: Option<f64>,
}

const ROUTER: [&str; 4] = ["admission", "config", "multipliers", "state"];
const ASK: [&str; 2] = ["contract", "now_ms"];

/// What is shown of a candidate: that by which `rank` shows it, but for its prices.
const SHOWN: [&str; 5] = ["base_url", "model_family", "provider_id", "served_model_id", "tier"];

impl PreparedRouter {
    /// Reads a router, `{admission?, config, multipliers?, state?}`.
    pub fn load(router: &str) -> Result<Self, Refusal> {
        let value = read("router", router)?;
        let event = Event::of("router", &value, &ROUTER)?;
        let config = CallScoped::new(event.config()?);
        for (id, provider) in &config.providers {
            if provider.get("discovery").and_then(Value::as_str) == Some("marketplace") {
                let about = format!("router.config.providers.{id}.discovery");
                let why = "the offers of a marketplace come and go with the time";
                return Err(Refusal::unsupported(format!("{about}: expected static, {why}")));
            }
        }
        let multipliers = event.object("multipliers")?;
        let (mut own, mut rest) = (Vec::new(), Vec::new());
        for candidate in &config.candidates {
            let provider = candidate.get("provider_id").and_then(Value::as_str);
            let (prices, others): (Vec<Member>, Vec<Member>) =
                members(candidate).iter().cloned().partition(|(key, _)| PRICED.contains(&&**key));
            own.push(OwnPrices {
                members: to_static(&prices),
                multiplier: hosts_multiplier(provider.unwrap_or_default(), None, multipliers),
            });
            rest.push(Value::Object(others));
        }
        let shown = config.candidates.iter();
        let shown = shown.map(|candidate| Object::new().copy(candidate, &SHOWN).build()).collect();
        let rest = Value::Array(rest);
        let catalog = Catalog::read(&rest, "ctx.candidates", &config.vocabulary, Columns::All)
            .map_err(|refusal| Refusal::config(refusal.message))?;
        let rest_protocols =
            config.candidates.iter().map(|candidate| protocol(candidate).to_string()).collect();
        let policies = config.profiles.iter().map(|(_, profile)| {
            let term = profile_term(&config, profile, None)?;
            admit(&term, &config, catalog.len())
        });
        let mut prepared = CallScoped::new(Self {
            policies: policies.collect(),
            own,
            fields: PRICED.map(|key| field_of(key, &config.vocabulary)),
            overlay: Overlay::new(&catalog, &State::default(), &config.vocabulary),
            windows: ProviderWindows::new(catalog.providers.names.len()),
            protocols: rest_protocols,
            no_credential: vec![false; catalog.providers.names.len()],
            fixed_weight: fixed_weight(&value, &config, &rest),
            state_weight: 0,
            shown: Value::Array(shown).to_json(),
            additions: Additions::new(&value, router.len()),
            config: config.to_static(),
            catalog,
        });
        prepared.put_state(value.get("state"), "router.state")?;
        Ok(CallScoped::into_inner(prepared))
    }

    /// The candidates as a JSON array, in the order of their indices.
    pub fn candidates(&self) -> &str {
        &self.shown
    }

    /// Puts another runtime state in the place of the one before; one that is refused changes
    /// nothing. Everything is written in place, so that a router does not grow with its states.
    pub fn restate(&mut self, state: &str) -> Result<(), Refusal> {
        let value = read("state", state)?;
        self.put_state(Some(&value), "state")?;
        self.additions.put_state(state);
        Ok(())
    }

    /// Makes room for a state of so many bytes. `true` if there was too little: what is taken up to
    /// now stays.
    pub fn make_room(&mut self, bytes: usize) -> bool {
        self.additions.make_room(bytes)
    }

    fn put_state(&mut self, state: Option<&Value>, position: &str) -> Result<(), Refusal> {
        let runtime = Runtime::read(state, position)?;
        let ctx = Object::new().with("state", observed(&runtime)).build();
        let strict = self.config.vocabulary.profile == Profile::Strict;
        let read = State::read(ctx.get("state"), "ctx.state", strict)
            .map_err(|error| Refusal::event(error.message))?;
        let providers = &self.catalog.providers.names;
        ProviderWindows::check(&runtime, providers)?;
        let (cells, prices_weight) = self.prices(&read)?;

        // nothing is refused any more
        for (name, number) in providers.iter() {
            if let Some(slot) = self.no_credential.get_mut(number as usize) {
                *slot = runtime.has_no_credential(name);
            }
        }
        self.windows.restate(&runtime, providers, &self.config.defaults);
        self.overlay.put_credits(&self.catalog, read.credits, &self.config.vocabulary);
        for (row, field, value) in cells {
            match value {
                Some(value) => {
                    self.catalog.set(row, field, value);
                }
                None => self.catalog.unset(row, field, &self.config.vocabulary),
            }
        }
        let disabled = |(name, entry): &Member| name.len() as u64 + entry.weight();
        self.state_weight = member("state", state) + member("state", ctx.get("state"))
            - runtime.disabled().iter().map(disabled).sum::<u64>()
            + prices_weight;
        Ok(())
    }

    /// What becomes of the price of each candidate under a state, and what it weighs.
    fn prices(&self, state: &State) -> Result<(Vec<Cell>, u64), Refusal> {
        let pairs = &self.catalog.pairs;
        let mut seen = vec![None; pairs.names.len()];
        for (pair, entry) in state.ema {
            if let Some(slot) = seen.get_mut(pairs.names.find(pair) as usize) {
                *slot = Some(entry);
            }
        }
        let (mut cells, mut weight) = (Vec::with_capacity(2 * self.own.len()), 0);
        for (row, own) in self.own.iter().enumerate() {
            let seen = seen.get(pairs.at(row) as usize).copied().flatten();
            let prices = priced(&own.members, seen, || own.multiplier);
            for ((key, field), value) in PRICED.into_iter().zip(self.fields).zip(&prices) {
                weight += member(key, value.as_ref());
                let Some(field) = field else { continue };
                let value =
                    match value {
                        Some(value) => Some(typed(key, value, field).map_err(|what| {
                            Refusal::config(format!("ctx.candidates[{row}]{what}"))
                        })?),
                        // what a policy sees of a candidate that has no price
                        None if PRICES.iter().any(|(price, _)| *price == key) => {
                            seen.and_then(|seen| seen.get(key)?.as_number()).map(FieldValue::Num)
                        }
                        None => None,
                    };
                cells.push((row, field, value));
            }
        }
        Ok((cells, weight))
    }

    /// Ranks for a contract, `{contract, now_ms}`: what [`crate::step()`] ranks for the same.
    pub fn rank(&self, ask: &str) -> Result<Choice, Refusal> {
        let ask = read("ask", ask)?;
        let event = Event::of("ask", &ask, &ASK)?;
        let (contract, now_ms) = (event.contract()?, event.now_ms()?);
        let extra = contract.get("extra_candidates").and_then(Value::as_array);
        if extra.is_some_and(|extra| !extra.is_empty()) {
            let expected = "expected none, a prepared router has those of its configuration";
            return Err(Refusal::unsupported(format!("ask.contract.extra_candidates: {expected}")));
        }
        known_keys(&self.config, contract).map_err(Refusal::event)?;
        let own;
        let policy = match self.policy_of_profile(contract)? {
            Some(policy) => policy,
            None => {
                let source = PolicySource::of(&self.config, contract).map_err(Refusal::event)?;
                let term = source.term(&self.config, contract).map_err(Refusal::event)?;
                own = admit(&term, &self.config, self.catalog.len()).map_err(Refusal::event)?;
                &own
            }
        };
        let ctx = asked(contract, now_ms).build();
        let context = Context::read(&ctx, &self.config.vocabulary)
            .map_err(|refusal| Refusal::event(refusal.message))?;
        let mut overlay = self.overlay.clone();
        let disabled_weight = self.windows.lay_over(&mut overlay, now_ms);
        let observation = Observation {
            catalog: &self.catalog,
            overlay: &overlay,
            request: &context.request,
            vocabulary: &self.config.vocabulary,
        };
        let mut barred = Vec::new();
        let asked_for = protocol(contract);
        for (row, spoken) in (0..).zip(&self.protocols) {
            let provider = self.catalog.providers.at(row as usize) as usize;
            let no_credential = self.no_credential.get(provider).copied().unwrap_or_default();
            if let Some(why) = bar(spoken != asked_for, no_credential) {
                barred.push((row, why));
            }
        }
        let (ranking, missing) = rank(&policy.slots, observation, context.seed, contract, &barred);
        let event_weight = self.fixed_weight + self.state_weight + ask.weight();
        let sizes = cost::Sizes {
            encoding: policy.encoding_bytes,
            weight: event_weight + ctx.weight() + disabled_weight,
            work: policy.work,
            failures: 0,
        };
        let mut choice = Choice::new(&policy.identity, &ranking, cost::of(sizes));
        if missing.is_some() {
            choice.reasons.push(PIN_NOT_FOUND.to_string());
        }
        Ok(choice)
    }

    /// The policy of the profile, unless the contract has a say in it.
    fn policy_of_profile(&self, contract: &Value) -> Result<Option<&PreparedPolicy>, Refusal> {
        if contract.get("policy_ir").is_some() {
            return Ok(None);
        }
        let name = profile_name(contract);
        let mut profiles = self.config.profiles.iter().zip(&self.policies);
        let Some(((_, profile), policy)) = profiles.find(|((known, _), _)| known == name) else {
            return Err(Refusal::event(unknown_profile(name)));
        };
        let chain = profile.get("selector").and_then(Value::as_str) == Some("chain");
        if chain && contract.get("chain").is_some() && profile.get("policy_ir").is_none() {
            return Ok(None);
        }
        policy.as_ref().map(Some).map_err(|error| Refusal::config(error.clone()))
    }
}

/// A field of a row, and its value, if there is one.
type Cell = (usize, Field, Option<FieldValue>);

fn members<'v, 'a>(candidate: &'v Value<'a>) -> &'v [Member<'a>] {
    candidate.as_object().unwrap_or(&[])
}

fn admit(term: &Value, config: &Config, candidates: usize) -> Result<PreparedPolicy, String> {
    let policy = Policy::new(term, &config.vocabulary, &config.customs);
    let policy = policy.map_err(|refusal| refusal.message)?;
    Ok(PreparedPolicy::new(policy, &config.customs, candidates))
}

/// Of the event `{kind: "rank", …}` that asks for the same, and of the ctx that it makes, but for
/// the state and what [`PreparedRouter::rank`] is asked.
fn fixed_weight(router: &Value, config: &Config, candidates: &Value) -> u64 {
    let own = ROUTER.iter().filter(|key| **key != "state");
    let own: u64 = own.map(|key| member(key, router.get(key))).sum();
    own + member("kind", Some(&Value::text("rank")))
        + member("candidates", Some(candidates))
        + member("vocabulary", Some(&config.vocabulary_text))
        + member("customs", Some(&Value::Object(config.customs.clone())))
}
