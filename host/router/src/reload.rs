//! Another configuration in the place of the one that a router has, while its runs go on.

use std::sync::{Arc, Mutex};

use sigmapol_provider::{MissingCredential, Provider};

use super::{
    Config, Router, RouterError, credentials,
    probe::Probe,
    router::Inner,
    settings::Settings,
    supplies::{Supplies, router_text, stateless},
};

impl Router {
    /// A router over another configuration, with all else that this one has: the engine, the clock,
    /// the runtime state and its file, offers, multipliers, the log. Nothing of this router changes;
    /// [`take_over`](Self::take_over) puts the other one in its place.
    ///
    /// The two share the runtime state. What it says of a provider that is not in the configuration
    /// stays, and counts again when the provider comes back, as after a restart.
    ///
    /// # Errors
    ///
    /// The refusal `config` for a configuration that is not in order, or over which the engine cannot
    /// decide with the runtime state as it is; others of [`Builder::build`](super::Builder::build).
    pub fn reconfigured(
        &self,
        config: Config,
        provider: Option<Arc<dyn Provider>>,
    ) -> Result<Self, RouterError> {
        let Inner { engine, clock, reference, apart, log, state, saver, .. } = &*self.0;
        let (offers, multipliers) = self.of_markets();
        let router = router_text(config.text(), *reference, multipliers.as_deref());
        let probe = Probe::new(engine, &router, &**clock)?;
        let fresh = probe.fresh(None)?;
        probe.fits(&self.state(), &fresh)?;
        let supplies = Supplies::new(engine, &router, offers, multipliers)?;
        Ok(Self::of(Inner {
            engine: Arc::clone(engine),
            provider,
            clock: Arc::clone(clock),
            settings: Settings::read(config.value()),
            config,
            reference: *reference,
            supplies: Mutex::new(Arc::new(supplies)),
            apart: apart.clone(),
            log: log.clone(),
            state: Arc::clone(state),
            saver: saver.clone(),
        }))
    }

    /// Takes the place of the router that it was made of: the runtime state says from now on whose
    /// keys this one has not, and the other one keeps no instances of the engine for runs to come.
    /// Runs that began with it end with it.
    ///
    /// # Errors
    ///
    /// [`RouterError::Engine`].
    pub fn take_over(&self, from: &Self) -> Result<(), RouterError> {
        let missing = self.missing();
        if missing != from.missing() {
            credentials::tell(&missing, &self.0.log);
        }
        self.change_state(|state| credentials::put(state, &missing))?;
        from.keep_no_instances()
    }

    fn missing(&self) -> Vec<MissingCredential> {
        self.0.provider.as_deref().map(Provider::missing_credentials).unwrap_or_default()
    }

    /// Steps of runs that go on bring the router with each event: the turns are the same.
    fn keep_no_instances(&self) -> Result<(), RouterError> {
        let Inner { engine, config, reference, .. } = &*self.0;
        let (_, multipliers) = self.of_markets();
        let router = router_text(config.text(), *reference, multipliers.as_deref());
        let stepper = stateless(engine, &router)?;
        self.set_supplies(|supplies| supplies.stepper = Arc::new(stepper));
        Ok(())
    }
}
