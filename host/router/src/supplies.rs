//! What steps are taken over beside the runtime state: the configuration, and what the host knows of
//! markets.

use std::sync::Arc;

use sigmapol_core::{
    Engine, Error, Exhausted, Metered, RouterText, Stateless, Stepper, Turn,
    json::{Object, quote},
};

use super::RouterError;

/// What holds for a while; whoever changes it puts another one in its place.
#[derive(Clone)]
pub(super) struct Supplies {
    /// What marketplaces offer, as JSON.
    pub(super) offers: Option<String>,
    /// Factors of prices, as JSON.
    pub(super) multipliers: Option<String>,
    /// Takes the steps, over a router with the multipliers of this moment.
    pub(super) stepper: Arc<dyn Stepper>,
}

impl Supplies {
    /// The engine reads the router once, where it can: in a sandbox, without marketplaces. Where it
    /// cannot, whatever the reason, every event brings the router, and says what is wrong with it.
    pub(super) fn new(
        engine: &Arc<dyn Engine>,
        router: &str,
        offers: Option<String>,
        multipliers: Option<String>,
    ) -> Result<Self, RouterError> {
        let stateless = stateless(engine, router)?;
        let stepper: Arc<dyn Stepper> = match engine.stepper(router) {
            Ok(stepper) => Arc::new(Prepared { stepper, stateless }),
            Err(_) => Arc::new(stateless),
        };
        Ok(Self { offers, multipliers, stepper })
    }
}

/// Over a router that the engine has read.
struct Prepared {
    stepper: Box<dyn Stepper>,
    stateless: Stateless<Arc<dyn Engine>>,
}

impl Stepper for Prepared {
    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        match self.stepper.step(run, event) {
            // as many threads as at no time before, and no place for one more that has read it
            Err(Error::Exhausted(Exhausted::Instances)) => self.stateless.step(run, event),
            result => result,
        }
    }

    fn step_under(
        &self,
        state: &Arc<str>,
        run: Option<&str>,
        event: &str,
    ) -> Result<Metered<Turn>, Error> {
        match self.stepper.step_under(state, run, event) {
            Err(Error::Exhausted(Exhausted::Instances)) => {
                self.stateless.step_under(state, run, event)
            }
            result => result,
        }
    }
}

/// Every event brings the router.
pub(super) fn stateless(
    engine: &Arc<dyn Engine>,
    router: &str,
) -> Result<Stateless<Arc<dyn Engine>>, RouterError> {
    let router = RouterText::new(router)
        .ok_or_else(|| RouterError::Input("config: expected JSON".to_owned()))?;
    Ok(Stateless::new(Arc::clone(engine), router))
}

/// A router as the engine reads it. The configuration comes first: its lines are those that a refusal
/// names.
pub(super) fn router_text(config: &str, reference: bool, multipliers: Option<&str>) -> String {
    Object::new()
        .with("config", config)
        .with("admission", &quote(admission(reference)))
        .with_some("multipliers", multipliers)
        .finish()
}

/// Which policies are admitted.
pub(super) const fn admission(reference: bool) -> &'static str {
    if reference { "reference" } else { "strict" }
}
