//! Whether a configuration is in order, and whether a state can be decided over under it.

use std::sync::Arc;

use sigmapol_core::{Effect, Engine, Error, Stateless, Stepper as _};

use super::{
    Clock, RouterError, outcome::result, router::event, sections, supplies::stateless, times,
};

/// A contract that looks at all of the state, under a policy that takes anybody.
const ANY: &str = r#"{"prompt":"","policy_ir":["policy",["top"],["field","price_in"],["argmax"],["id"],["always",{"action":"next_candidate"}]]}"#;

/// Events over a configuration that no run is part of.
pub(super) struct Probe<'r> {
    stepper: Stateless<Arc<dyn Engine>>,
    clock: &'r dyn Clock,
}

impl<'r> Probe<'r> {
    pub(super) fn new(
        engine: &Arc<dyn Engine>,
        router: &str,
        clock: &'r dyn Clock,
    ) -> Result<Self, RouterError> {
        Ok(Self { stepper: stateless(engine, router)?, clock })
    }

    /// The state that a router begins with; a configuration that is not in order is refused.
    pub(super) fn fresh(&self, metrics: Option<&str>) -> Result<String, RouterError> {
        let metrics = metrics.map(|metrics| ("metrics", metrics));
        self.step("init", metrics.as_slice(), None)
    }

    /// The state of a snapshot, or why it is none: what the engine will not take is as good as damaged,
    /// and so is what it takes and cannot decide over.
    pub(super) fn restore(
        &self,
        snapshot: &str,
        fresh: &str,
    ) -> Result<Result<String, String>, RouterError> {
        if let Err(why) = sections::check(snapshot) {
            return Ok(Err(why));
        }
        let restored = || {
            let state = self.step("restore", &[("snapshot", snapshot)], Some(fresh))?;
            let state = times::not_ahead(&state, self.clock.now_ms());
            self.fits(&state, fresh).map(|()| state)
        };
        match restored() {
            Ok(state) => Ok(Ok(state)),
            Err(RouterError::Engine(Error::Refused(why))) => Ok(Err(why.to_string())),
            Err(RouterError::Failed(why)) => Ok(Err(why)),
            Err(other) => Err(other),
        }
    }

    /// That the engine decides over a state, if it decides over a fresh one.
    pub(super) fn fits(&self, state: &str, fresh: &str) -> Result<(), RouterError> {
        let decide = |state: &str| self.step("rank", &[("contract", ANY)], Some(state)).map(drop);
        match decide(state) {
            Err(error) if decide(fresh).is_ok() => Err(error),
            _ => Ok(()),
        }
    }

    fn step(
        &self,
        kind: &str,
        members: &[(&str, &str)],
        state: Option<&str>,
    ) -> Result<String, RouterError> {
        let event = event(kind, members, state, self.clock.now_ms());
        let turn = self.stepper.step(None, &event)?.value;
        let Effect::Done(done) = &turn.effect else {
            return Err(RouterError::Failed(format!("{kind}: the engine did not end it")));
        };
        result(done)?;
        Ok(turn.state)
    }
}
