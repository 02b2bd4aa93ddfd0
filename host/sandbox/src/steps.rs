//! Steps under a runtime state that many of them share.

use std::sync::Arc;

use sigmapol_core::put_state;
use sigmapol_engine::Turn;
use wasmtime::Store;

use crate::{
    Error, Metered, Ranker, Sandbox, Stepper,
    meter::Meter,
    pool::{Answer, Guest, Instance, Kind, Pools, plain},
};

/// Takes the steps of one router. A step is made in an instance that holds the router and the state,
/// and keeps nothing of a step: what goes in is what differs.
pub(super) struct Steps {
    /// For steps under no state but that of the router.
    ranker: Ranker,
    /// Instances of its own: nobody else tells them a state.
    under: Pools<Told>,
}

/// The states that an instance knows, by their pointers.
#[derive(Default)]
struct Told {
    /// The state that it holds.
    held: Option<Arc<str>>,
    /// That of its last step.
    last: Option<Arc<str>>,
}

impl Kind for Told {
    type Loaded = ();

    const TEXT: &str = "router";
    const CHANGE: &str = "state";
    const REPLACES: bool = true;

    fn load(guest: &Guest, store: &mut Store<Meter>, text: &str) -> Answer<()> {
        Ok(plain(guest.call_load_router(store, text))?.map(drop))
    }

    fn change(guest: &Guest, store: &mut Store<Meter>, state: &str) -> Answer<()> {
        plain(guest.call_restate(store, state))
    }
}

impl Steps {
    pub(super) fn new(sandbox: &Sandbox, router: &str) -> Result<Self, Error> {
        Ok(Self { ranker: sandbox.ranker(router)?, under: Pools::new(sandbox, router.to_owned())? })
    }
}

impl Stepper for Steps {
    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        self.ranker.step(run, event)
    }

    fn step_under(
        &self,
        state: &Arc<str>,
        run: Option<&str>,
        event: &str,
    ) -> Result<Metered<Turn>, Error> {
        let (_, result) = self.under.call_at(|instance, sandbox| {
            let held = instance.holds(sandbox, state)?;
            let whole = (!held).then(|| put_state(event, state));
            let event = whole.as_deref().unwrap_or(event);
            let inputs = [("run", run.unwrap_or_default()), ("event", event)];
            instance.call(sandbox, &inputs, |guest, store| {
                Ok(plain(guest.call_step(store, run, event))?.map(Turn::from))
            })
        });
        result
    }
}

impl Instance<Told> {
    /// Whether the instance holds this state. It is told one with the second step in a row under it:
    /// one that changes with every step is read no more often than it would be as part of the event.
    fn holds(&mut self, sandbox: &Sandbox, state: &Arc<str>) -> Result<bool, Error> {
        let is = |known: &Option<Arc<str>>| {
            known.as_ref().is_some_and(|known| Arc::ptr_eq(known, state))
        };
        if is(&self.own.held) {
            return Ok(true);
        }
        if !is(&self.own.last) {
            self.own.last = Some(Arc::clone(state));
            return Ok(false);
        }
        let told = self.call(sandbox, &[(Told::CHANGE, state)], |guest, store| {
            Told::change(guest, store, state)
        });
        match told {
            Ok(_) => {
                self.own.held = Some(Arc::clone(state));
                Ok(true)
            }
            // whatever is wrong with it, the step says it in its own words
            Err(Error::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
