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
use super::texts::RowText;
use super::windows::ProviderWindows;
use crate::call_scoped::CallScoped;
use crate::candidate::{FieldValue, field_of, typed};
use crate::catalog::{Catalog, Columns, PRICES};
use crate::context::Context;
use crate::encode::fingerprint;
use crate::event::Event;
use crate::json::{Member, Object, Value, read, reborrow, to_static};
use crate::observation::Observation;
use crate::overlay::Overlay;
use crate::policy::Policy;
use crate::ranking::Ranking;
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
    pub(super) catalog: Catalog,
    /// What candidates say of their own prices, a row each.
    own: Vec<OwnPrices>,
    /// The field that a policy sees each of [`PRICED`] as.
    fields: [Option<Field>; 5],
    /// The credits; breakers and disabled providers depend on the time.
    overlay: Overlay,
    pub(super) windows: ProviderWindows,
    /// What each candidate speaks, and whether the host has a credential for each provider.
    protocols: Vec<String>,
    no_credential: Vec<bool>,
    /// What the same event would weigh, and the ctx it makes, but for the contract, the time and
    /// the disabled providers: the part that is fixed, and the part of the state.
    fixed_weight: u64,
    state_weight: u64,
    /// The part of the state that is the event's.
    told_weight: u64,
    /// The part that is fixed of the ctx.
    fixed_ctx_weight: u64,
    /// The candidates, for people and for calls.
    shown: String,
    /// The texts of candidates; none where runs are not put together of them.
    pub(super) rows: Vec<RowText>,
    /// There is room for the prices of all.
    rows_fit: bool,
    /// Of each of `config.profiles`, the policy as a term, and its fingerprint.
    pub(super) profile_texts: Vec<Option<(String, String)>>,
    /// Customs, defaults and vocabulary, as the plan of a run has them.
    pub(super) plan_texts: [String; 3],
}

/// Who is tried for a contract, and what that was seen over.
pub(super) struct Laid<'l> {
    pub(super) ranking: Ranking<'l>,
    pub(super) pin_is_missing: bool,
    pub(super) observation: Observation<'l>,
    pub(super) seed: Option<f64>,
    /// Of the ctx, as far as it is the contract's and the time's.
    pub(super) weight: u64,
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
        let (mut policies, mut profile_texts) = (Vec::new(), Vec::new());
        for (_, profile) in &config.profiles {
            let (mut text, term) = (None, profile_term(&config, profile, None));
            policies.push(term.and_then(|term| {
                let (policy, fingerprint) = admit(&term, &config, catalog.len())?;
                text = Some((term.to_json(), fingerprint));
                Ok(policy)
            }));
            profile_texts.push(text);
        }
        let mut rows = Vec::new();
        for row in rest.as_array().unwrap_or(&[]) {
            // fewer than there are candidates is none
            let Some(row) = RowText::new(members(row)) else { break };
            rows.push(row);
        }
        let plan_texts = [
            Value::Object(reborrow(&config.customs)),
            config.defaults.to_value(),
            config.vocabulary_text.reborrow(),
        ];
        let mut prepared = CallScoped::new(Self {
            policies,
            profile_texts,
            rows,
            rows_fit: false,
            plan_texts: plan_texts.map(|value| value.to_json()),
            told_weight: 0,
            fixed_ctx_weight: fixed_ctx_weight(&config, &rest),
            own,
            fields: PRICED.map(|key| field_of(key, &config.vocabulary)),
            overlay: Overlay::new(&catalog, &State::default(), &config.vocabulary),
            windows: ProviderWindows::new(catalog.providers.names.len()),
            protocols: rest_protocols,
            no_credential: vec![false; catalog.providers.names.len()],
            fixed_weight: fixed_weight(&value),
            state_weight: 0,
            shown: Value::Array(shown).to_json(),
            additions: Additions::new(&value, router.len()),
            config: config.to_static(),
            catalog,
        });
        let state = value.get("state");
        let observed = prepared.put_state(state, "router.state")?;
        if let Some(state) = state.map(Value::to_json) {
            prepared.additions.put_state(&state, &state, &observed);
        }
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
        let observed = self.put_state(Some(&value), "state")?;
        self.additions.put_state(state, &value.to_json(), &observed);
        Ok(())
    }

    /// Makes room for a state of so many bytes. `true` if there was too little: what is taken up to
    /// now stays.
    pub fn make_room(&mut self, bytes: usize) -> bool {
        self.additions.make_room(bytes)
    }

    /// What policies see of the state comes back, as text.
    fn put_state(&mut self, state: Option<&Value>, position: &str) -> Result<String, Refusal> {
        let runtime = Runtime::read(state, position)?;
        let ctx = Object::new().with("state", observed(&runtime)).build();
        let strict = self.config.vocabulary.profile == Profile::Strict;
        let read = State::read(ctx.get("state"), "ctx.state", strict)
            .map_err(|error| Refusal::event(error.message))?;
        let providers = &self.catalog.providers.names;
        ProviderWindows::check(&runtime, providers)?;
        let (cells, prices_weight, priced) = self.prices(&read)?;
        let priced = CallScoped::new(priced);

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
        let mut fit = self.rows.len() == self.own.len();
        for (row, prices) in self.rows.iter_mut().zip(priced.iter()) {
            fit &= row.put_prices(prices);
        }
        self.rows_fit = fit;
        self.told_weight = member("state", state);
        self.state_weight = self.told_weight + member("state", ctx.get("state"))
            - runtime.disabled().iter().map(disabled).sum::<u64>()
            + prices_weight;
        Ok(ctx.get("state").map(Value::to_json).unwrap_or_default())
    }

    /// What becomes of the price of each candidate under a state, what it weighs, and all that is said
    /// of it.
    fn prices<'v>(&self, state: &State<'v>) -> Result<(Vec<Cell>, u64, Vec<Prices<'v>>), Refusal> {
        let pairs = &self.catalog.pairs;
        let mut seen = vec![None; pairs.names.len()];
        for (pair, entry) in state.ema {
            if let Some(slot) = seen.get_mut(pairs.names.find(pair) as usize) {
                *slot = Some(entry);
            }
        }
        let (mut cells, mut weight) = (Vec::with_capacity(2 * self.own.len()), 0);
        let mut all = Vec::with_capacity(self.own.len());
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
            all.push(prices);
        }
        Ok((cells, weight, all))
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
            Some((_, policy)) => policy,
            None => {
                let source = PolicySource::of(&self.config, contract).map_err(Refusal::event)?;
                let term = source.term(&self.config, contract).map_err(Refusal::event)?;
                let admitted = admit(&term, &self.config, self.catalog.len());
                (own, _) = admitted.map_err(Refusal::event)?;
                &own
            }
        };
        let fixed = self.fixed_weight + self.told_weight + self.ctx_weight() + ask.weight();
        let mut choice = None;
        self.lay(policy, contract, now_ms, &mut |laid| {
            let cost = policy.cost(fixed + laid.weight);
            let told = choice.insert(Choice::new(&policy.identity, &laid.ranking, cost));
            if laid.pin_is_missing {
                told.reasons.push(PIN_NOT_FOUND.to_string());
            }
        })?;
        choice.ok_or_else(|| Refusal::unsupported("ask: expected a ranking".to_string()))
    }

    /// Ranks by a policy under the state that was told, and tells of it.
    #[inline(never)]
    pub(super) fn lay(
        &self,
        policy: &PreparedPolicy,
        contract: &Value,
        now_ms: f64,
        tell: &mut dyn FnMut(Laid),
    ) -> Result<(), Refusal> {
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
        let weight = ctx.weight() + disabled_weight;
        let (seed, pin_is_missing) = (context.seed, missing.is_some());
        tell(Laid { ranking, pin_is_missing, observation, seed, weight });
        Ok(())
    }

    /// Of the ctx, but for what [`Laid::weight`] has.
    pub(super) const fn ctx_weight(&self) -> u64 {
        self.fixed_ctx_weight + self.state_weight - self.told_weight
    }

    /// What the state that was told weighs as a member of an event.
    pub(super) const fn told_weight(&self) -> u64 {
        self.told_weight
    }

    /// The state that was told, as a turn has it that does not change it; nothing where it, or what it
    /// makes of prices, has no text that was written before.
    pub(super) fn told(&self) -> Option<&str> {
        self.additions.canonical_state().filter(|_| self.rows_fit)
    }

    /// The number of the profile and its policy, unless the contract has a say in it.
    pub(super) fn policy_of_profile(
        &self,
        contract: &Value,
    ) -> Result<Option<(usize, &PreparedPolicy)>, Refusal> {
        if contract.get("policy_ir").is_some() {
            return Ok(None);
        }
        let name = profile_name(contract);
        let profiles = self.config.profiles.iter().zip(&self.policies);
        let mut profiles = profiles.enumerate();
        let Some((number, ((_, profile), policy))) =
            profiles.find(|(_, ((known, _), _))| known == name)
        else {
            return Err(Refusal::event(unknown_profile(name)));
        };
        let chain = profile.get("selector").and_then(Value::as_str) == Some("chain");
        if chain && contract.get("chain").is_some() && profile.get("policy_ir").is_none() {
            return Ok(None);
        }
        let policy = policy.as_ref().map_err(|error| Refusal::config(error.clone()))?;
        Ok(Some((number, policy)))
    }
}

/// What becomes of the members of [`PRICED`] of a candidate.
type Prices<'v> = [Option<Value<'v>>; 5];

/// A field of a row, and its value, if there is one.
type Cell = (usize, Field, Option<FieldValue>);

fn members<'v, 'a>(candidate: &'v Value<'a>) -> &'v [Member<'a>] {
    candidate.as_object().unwrap_or(&[])
}

/// A policy, ready, and its fingerprint.
#[inline(never)]
fn admit(
    term: &Value,
    config: &Config,
    candidates: usize,
) -> Result<(PreparedPolicy, String), String> {
    let policy = Policy::new(term, &config.vocabulary, &config.customs);
    let policy = policy.map_err(|refusal| refusal.message)?;
    let fingerprint = fingerprint(&policy.encoding());
    Ok((PreparedPolicy::new(policy, &config.customs, candidates), fingerprint))
}

/// Of the event `{kind: "rank", …}` that asks for the same, but for the state and what
/// [`PreparedRouter::rank`] is asked.
fn fixed_weight(router: &Value) -> u64 {
    let own = ROUTER.iter().filter(|key| **key != "state");
    let own: u64 = own.map(|key| member(key, router.get(key))).sum();
    own + member("kind", Some(&Value::text("rank")))
}

/// Of the ctx that it makes, but for the state.
fn fixed_ctx_weight(config: &Config, candidates: &Value) -> u64 {
    member("candidates", Some(candidates))
        + member("vocabulary", Some(&config.vocabulary_text))
        + member("customs", Some(&Value::Object(config.customs.clone())))
}
