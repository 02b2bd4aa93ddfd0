//! The router: a configuration, a runtime state, and the events over them.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Value, value::RawValue};
use sigmapol_core::{
    Effect, Engine, INPUT_BYTES, Turn,
    json::{Members, Object, quote},
};
use sigmapol_provider::Provider;

use super::{
    Builder, Clock, Config, RouterError, Run,
    apart::Apart,
    credentials, held,
    log::Log,
    models, offers,
    outcome::result,
    payload::Payload,
    saver::Saver,
    settings::Settings,
    state::Shared,
    supplied,
    supplies::{Supplies, router_text},
};

/// The capability of models that take an effort of reasoning.
const REASONS: &str = "supports_reasoning";

/// Routes calls: which provider is asked, in which order, and what happens when it fails.
///
/// A clone is the same router. It may be used from any number of threads and tasks; what its runs
/// share is the runtime state: breakers, disabled providers, observed prices, offers.
#[derive(Clone)]
pub struct Router(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) provider: Option<Arc<dyn Provider>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) config: Config,
    pub(super) settings: Settings,
    pub(super) reference: bool,
    pub(super) supplies: Mutex<Arc<Supplies>>,
    pub(super) apart: Option<Apart>,
    pub(super) log: Log,
    pub(super) state: Arc<Shared>,
    pub(super) saver: Option<Arc<Saver>>,
}

impl Router {
    /// A router over this configuration, with the defaults that [`Builder`] names.
    pub fn builder(config: Config) -> Builder {
        Builder::new(config)
    }

    pub(super) fn of(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Starts a run. `contract` is `{profile?, policy_ir?, prompt?, requirements?, scope?,
    /// extra_candidates?, chain?, timeout_ms?, deadline_ms?, protocol?, …}`, and any member of an OpenAI chat request
    /// (`messages`, `tools`, `temperature`, …), which is sent as it is but for what the policy sets.
    ///
    /// A run without a `seed` gets one, so that the selector `sample` spreads calls.
    ///
    /// # Errors
    ///
    /// [`RouterError::Input`] if the contract is not JSON; [`RouterError::Engine`] if the engine
    /// refuses it. That nobody can be asked is an [`Outcome`](super::Outcome) that is not ok.
    pub fn start(&self, contract: &str) -> Result<Run, RouterError> {
        let (skeleton, mut payload) = self.split(contract)?;
        let skeleton = payload.draw_seed(&skeleton);
        let deadline = payload.deadline_ms()?.map(|ms| self.clock().now_ms() + ms);
        let turn = self.plan("start", &skeleton)?;
        Run::new(self.clone(), payload, deadline, turn)
    }

    /// As [`start`](Self::start); apart from the executor, where
    /// [`Builder::steps_apart`](super::Builder::steps_apart) says so.
    ///
    /// # Errors
    ///
    /// As for [`start`](Self::start).
    pub async fn begin(&self, contract: String) -> Result<Run, RouterError> {
        let router = self.clone();
        self.apart(move || router.start(&contract)).await
    }

    /// Who would be tried, in which order, and who would not and why: `{ordered, rejected}`.
    ///
    /// # Errors
    ///
    /// As for [`start`](Self::start); [`RouterError::Failed`] where there is no plan.
    pub fn rank(&self, contract: &str) -> Result<Value, RouterError> {
        let (skeleton, payload) = self.split(contract)?;
        payload.deadline_ms()?;
        let mut ranking = ended(&self.plan("rank", &skeleton)?)?;
        let state = self.0.state.current().text;
        models::reject_closed(&mut ranking, &state, self.0.clock.now_ms(), &self.0.settings);
        Ok(ranking)
    }

    /// What the state says of each provider: `{schema, generated_at_ms, providers}`. A provider has
    /// `closed_models`, `{model: {failures, ms_until_recovery}}`, where models of it were not there, and
    /// `without_credential`, the name of a variable, where its key is not there.
    ///
    /// # Errors
    ///
    /// [`RouterError::Engine`].
    pub fn status(&self) -> Result<Value, RouterError> {
        let mut status = ended(&self.step(None, "status", &[])?)?;
        let state = self.0.state.current().text;
        models::show(&mut status, &state, self.clock().now_ms(), &self.0.settings);
        held::show(&mut status);
        credentials::show(&mut status, &state);
        Ok(status)
    }

    /// Merges observed values, such as `{"price_in": 0.3}`, into those of a provider and a model.
    ///
    /// # Errors
    ///
    /// [`RouterError::Input`] if `delta` is no object; [`RouterError::Engine`].
    pub fn observe(&self, provider: &str, model: &str, delta: &str) -> Result<(), RouterError> {
        table("delta", delta)?;
        let (provider, model) = (quote(provider), quote(model));
        let members = [("provider", &*provider), ("model", &*model), ("delta", delta)];
        ended(&self.step(None, "observe", &members)?).map(drop)
    }

    /// Forgets the cached offers of a discovery: the next run takes those that were set last.
    ///
    /// # Errors
    ///
    /// [`RouterError::Engine`].
    pub fn forget_offers(&self, discovery_id: &str) -> Result<(), RouterError> {
        let members = [("discovery_id", &*quote(discovery_id))];
        ended(&self.step(None, "forget", &members)?).map(drop)
    }

    /// What marketplaces offer: `{discovery_id: {ok, offers, fetched_at_ms?, error?}}`. Offers
    /// that are in the runtime state are good until their time is over. A price below zero is none:
    /// price lists write −1 for what they do not know.
    ///
    /// # Errors
    ///
    /// [`RouterError::Input`] with the first place that is not so.
    pub fn set_offers(&self, json: impl Into<String>) -> Result<(), RouterError> {
        let json = json.into();
        table("offers", &json)?;
        supplied::check("offers", &json).map_err(RouterError::Input)?;
        let json = offers::usable(json, &self.0.log);
        self.set_supplies(|supplies| supplies.offers = Some(json));
        Ok(())
    }

    /// Factors of prices: `{"provider|source": number}` or `{"provider": number}`.
    ///
    /// # Errors
    ///
    /// [`RouterError::Input`] with the first place that is not so.
    pub fn set_multipliers(&self, json: impl Into<String>) -> Result<(), RouterError> {
        let json = json.into();
        table("multipliers", &json)?;
        supplied::check("multipliers", &json).map_err(RouterError::Input)?;
        let Inner { engine, config, reference, .. } = &*self.0;
        let router = router_text(config.text(), *reference, Some(&json));
        let stepper = Supplies::new(engine, &router, None, None)?.stepper;
        self.set_supplies(|supplies| {
            supplies.stepper = stepper;
            supplies.multipliers = Some(json);
        });
        Ok(())
    }

    /// Writes the runtime state to its file now, if it has one that is not up to date.
    ///
    /// # Errors
    ///
    /// [`RouterError::Snapshot`]; the file is as it was then.
    pub fn save(&self) -> Result<(), RouterError> {
        self.0.saver.as_ref().map_or(Ok(()), |saver| saver.save())
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    pub(super) fn engine(&self) -> &dyn Engine {
        &*self.0.engine
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    pub(super) fn provider(&self) -> Result<&dyn Provider, RouterError> {
        self.0.provider.as_deref().ok_or_else(|| {
            RouterError::Provider("provider: the router was built without one".to_owned())
        })
    }

    /// One event over the shared state.
    pub(super) fn step(
        &self,
        run: Option<&str>,
        kind: &str,
        members: &[(&str, &str)],
    ) -> Result<Turn, RouterError> {
        self.step_over(&self.supplies(), run, kind, members, |_, after| after)
    }

    /// As [`step`](Self::step); `mend` makes the state that is committed of the one before and the
    /// one after.
    pub(super) fn step_with(
        &self,
        run: Option<&str>,
        kind: &str,
        members: &[(&str, &str)],
        mend: impl Fn(&str, String) -> String,
    ) -> Result<Turn, RouterError> {
        self.step_over(&self.supplies(), run, kind, members, mend)
    }

    fn step_over(
        &self,
        supplies: &Supplies,
        run: Option<&str>,
        kind: &str,
        members: &[(&str, &str)],
        mend: impl Fn(&str, String) -> String,
    ) -> Result<Turn, RouterError> {
        let event = event(kind, members, None, self.0.clock.now_ms());
        let (turn, changed) = self.0.state.step(|state| {
            let turn = supplies.stepper.step_under(state, run, &event);
            let mut turn = turn.map_err(RouterError::from)?.value;
            let after = held::keep(state, mend(state, std::mem::take(&mut turn.state)));
            Ok::<_, RouterError>((turn, after))
        })?;
        turn.logs.iter().for_each(|record| self.0.log.record(record));
        if changed && let Some(saver) = &self.0.saver {
            saver.changed();
        }
        Ok(turn)
    }

    /// A step that is taken only if its turn is what was hoped for; else nothing has happened.
    pub(super) fn step_if(
        &self,
        run: &str,
        kind: &str,
        members: &[(&str, &str)],
        hoped: impl Fn(&Effect) -> bool,
    ) -> Result<Option<Turn>, RouterError> {
        let supplies = self.supplies();
        let event = event(kind, members, None, self.0.clock.now_ms());
        let (turn, changed) = self.0.state.step(|state| {
            let turn = supplies.stepper.step_under(state, Some(run), &event);
            let turn = turn.map_err(RouterError::from)?.value;
            let taken = hoped(&turn.effect).then_some(turn);
            let after = taken.as_ref().map_or_else(|| state.to_string(), |turn| turn.state.clone());
            let after = held::keep(state, after);
            Ok::<_, RouterError>((taken, after))
        })?;
        if changed && let Some(saver) = &self.0.saver {
            saver.changed();
        }
        Ok(turn)
    }

    /// Until when a model of a provider is not asked.
    pub(super) fn closed_until(&self, provider: &str, model: &str) -> Option<f64> {
        let state = self.0.state.current().text;
        models::closed_until(&state, provider, model, self.0.clock.now_ms(), &self.0.settings)
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Changes the shared state; `true` if it is another one then.
    pub(super) fn change_state(
        &self,
        change: impl Fn(&str) -> String,
    ) -> Result<bool, RouterError> {
        let step = |state: &Arc<str>| Ok::<_, RouterError>(((), change(state)));
        let ((), changed) = self.0.state.step(step)?;
        if changed && let Some(saver) = &self.0.saver {
            saver.changed();
        }
        Ok(changed)
    }

    /// One event that has nothing to do with the runtime state.
    pub(super) fn step_apart(
        &self,
        run: Option<&str>,
        kind: &str,
        members: &[(&str, &str)],
    ) -> Result<Turn, RouterError> {
        let event = event(kind, members, None, self.0.clock.now_ms());
        Ok(self.supplies().stepper.step(run, &event)?.value)
    }

    /// The runtime state of this moment.
    pub(super) fn state(&self) -> std::sync::Arc<str> {
        self.0.state.current().text
    }

    /// Work that steps: apart from the executor, if that was asked for.
    pub(super) async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, RouterError> + Send + 'static,
    ) -> Result<T, RouterError> {
        match &self.0.apart {
            Some(apart) => apart.run(work).await,
            None => work(),
        }
    }

    /// Whether the models of a family take an effort of reasoning, as their `capabilities` say.
    pub(super) fn reasons(&self, family: &str) -> bool {
        let models = self.0.config.value().get("models");
        let capabilities = models.and_then(|models| models.get(family)?.get("capabilities"));
        let reasons = capabilities.and_then(|capabilities| capabilities.get(REASONS));
        reasons.is_some_and(|reasons| *reasons == Value::Bool(true))
    }

    pub(super) fn is_reference(&self) -> bool {
        self.0.reference
    }

    /// What marketplaces offer.
    pub(super) fn offers(&self) -> Option<String> {
        self.supplies().offers.clone()
    }

    /// What the engine gets of a contract, and what stays here.
    pub(super) fn split(&self, contract: &str) -> Result<(String, Payload), RouterError> {
        table("contract", contract)?;
        let (skeleton, payload) = Payload::split(contract);
        let original = payload.original_bytes();
        let length = original.max(contract.len().saturating_sub(original));
        if length > INPUT_BYTES {
            let expected = format!("contract: expected at most {INPUT_BYTES} bytes, got {length}");
            return Err(RouterError::Input(expected));
        }
        Ok((skeleton, payload))
    }

    fn plan(&self, kind: &str, contract: &str) -> Result<Turn, RouterError> {
        let supplies = self.supplies();
        let mut members = vec![("contract", contract)];
        members.extend(supplies.offers.as_deref().map(|offers| ("offers", offers)));
        self.step_over(&supplies, None, kind, &members, |_, after| after)
    }

    fn supplies(&self) -> Arc<Supplies> {
        Arc::clone(&self.0.supplies.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What it was told of markets: offers and multipliers.
    pub(super) fn of_markets(&self) -> (Option<String>, Option<String>) {
        let supplies = self.supplies();
        (supplies.offers.clone(), supplies.multipliers.clone())
    }

    pub(super) fn set_supplies(&self, set: impl FnOnce(&mut Supplies)) {
        let mut supplies = self.0.supplies.lock().unwrap_or_else(PoisonError::into_inner);
        set(Arc::make_mut(&mut supplies));
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router").finish_non_exhaustive()
    }
}

/// An event, without what a router puts into it. Its members come first: the lines of a text are those
/// that a refusal names.
pub(super) fn event(
    kind: &str,
    members: &[(&str, &str)],
    state: Option<&str>,
    now_ms: f64,
) -> String {
    members
        .iter()
        .fold(Object::new(), |event, (name, value)| event.with(name, value))
        .with("kind", &quote(kind))
        .with("now_ms", &now_ms.to_string())
        .with_some("state", state)
        .finish()
}

/// Whether a text is one JSON object, and thus fit to be part of an event.
pub(super) fn table(what: &str, text: &str) -> Result<(), RouterError> {
    let wrong = |what: String| RouterError::Input(what);
    serde_json::from_str::<&RawValue>(text)
        .and_then(|value| serde_json::from_str::<Members<'_>>(value.get()))
        .map(drop)
        .map_err(|error| wrong(format!("{what}: expected a JSON object: {error}")))
}

fn ended(turn: &Turn) -> Result<Value, RouterError> {
    match &turn.effect {
        Effect::Done(done) => result(done),
        _ => Err(RouterError::Failed("the engine did not end an event without a run".to_owned())),
    }
}
