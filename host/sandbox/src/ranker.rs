//! A ranker: one router configuration, read once, that ranks and takes steps for many, from any
//! number of threads.

use std::{fmt, sync::Arc};

use sigmapol_engine::{Choice, Turn};
use wasmtime::Store;

use crate::{
    Error, Metered, Sandbox, Stepper,
    meter::Meter,
    pool::{Answer, Guest, Kind, Pools, Version, plain},
};

/// A router that is ready to rank for contracts, and to take the steps of runs; a clone is the same
/// router.
#[derive(Clone)]
pub struct Ranker(Pools<Router>);

/// An instance that holds a router; the host has nothing to know of it.
#[derive(Default)]
struct Router;

impl Kind for Router {
    /// The candidates.
    type Loaded = Arc<str>;

    const TEXT: &str = "router";
    const CHANGE: &str = "state";
    const REPLACES: bool = true;

    fn load(guest: &Guest, store: &mut Store<Meter>, text: &str) -> Answer<Arc<str>> {
        Ok(plain(guest.call_load_router(store, text))?.map(Arc::from))
    }

    fn change(guest: &Guest, store: &mut Store<Meter>, state: &str) -> Answer<()> {
        plain(guest.call_restate(store, state))
    }
}

impl Sandbox {
    /// Reads a router: `{admission?, config, multipliers?, state?}`, members as the event `rank` of
    /// [`step`](crate::Engine::step) has them. Every provider has to be a static one: the offers of
    /// marketplaces come and go with the time.
    ///
    /// # Errors
    ///
    /// A refusal of the configuration or the state; limits and traps as [`Error`] describes them.
    pub fn ranker(&self, router: impl Into<String>) -> Result<Ranker, Error> {
        Pools::new(self, router.into()).map(Ranker)
    }
}

impl Ranker {
    /// The candidates in the order of their indices, as a JSON array of `{base_url, model_family,
    /// provider_id, served_model_id, tier}`.
    pub fn candidates(&self) -> Arc<str> {
        Arc::clone(&self.0.pool().loaded)
    }

    /// Ranks the candidates for a contract, `{contract, now_ms}`. The choice is what the event
    /// `rank` ranks under the same state; it has no request and no reactions. What is an error there
    /// is a refusal here. A pin that no candidate is leaves `ordered` empty and is the last of
    /// `reasons`: `pin_not_found`.
    ///
    /// # Errors
    ///
    /// A refusal of the contract; limits and traps as [`Error`] describes them.
    pub fn rank(&self, ask: &str) -> Result<Metered<Choice>, Error> {
        self.rank_at(ask).1
    }

    /// As [`rank`](Self::rank), and what was ranked over.
    pub fn rank_at(&self, ask: &str) -> (Version, Result<Metered<Choice>, Error>) {
        self.0.call_at(|instance, sandbox| {
            instance.call(sandbox, &[("ask", ask)], |guest, store| {
                Ok(plain(guest.call_rank(store, ask))?.map(Choice::from))
            })
        })
    }

    /// One step: what [`Engine::step`](crate::Engine::step) does for the same event with the members
    /// of the router put into it, cost included. `admission` goes into events of any kind, `config`
    /// into `start`, `rank`, `status` and `init`, `multipliers` into `start` and `rank`; so does the
    /// state into an event that has none. The step changes nothing here: the new state is in the
    /// turn.
    ///
    /// # Errors
    ///
    /// A refusal of the run or the event; limits and traps as [`Error`] describes them.
    pub fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        self.step_at(run, event).1
    }

    /// As [`step`](Self::step), and what the step was taken over.
    pub fn step_at(
        &self,
        run: Option<&str>,
        event: &str,
    ) -> (Version, Result<Metered<Turn>, Error>) {
        let inputs = [("run", run.unwrap_or_default()), ("event", event)];
        self.0.call_at(|instance, sandbox| {
            instance.call(sandbox, &inputs, |guest, store| {
                Ok(plain(guest.call_step(store, run, event))?.map(Turn::from))
            })
        })
    }

    /// Puts a runtime state, the `state` of a turn, in the place of the one before. What is ranked
    /// later is ranked under it.
    ///
    /// # Errors
    ///
    /// A refusal of the state, which changes nothing; limits and traps as [`Error`] describes them.
    pub fn restate(&self, state: &str) -> Result<(), Error> {
        self.0.change(state)
    }

    /// Puts another router in the place of this one, its state included. What is being ranked is
    /// ranked over the old one; nobody waits.
    ///
    /// # Errors
    ///
    /// As for [`Sandbox::ranker`]; the old router stays.
    pub fn replace(&self, router: impl Into<String>) -> Result<(), Error> {
        self.0.replace(router.into())
    }

    /// The router of this moment, which [`replace`](Self::replace) does not reach: what
    /// [`rank`](Self::rank) says by indices is in the [`candidates`](Self::candidates) of the same.
    #[must_use]
    pub fn fixed(&self) -> Self {
        Self(self.0.fixed())
    }
}

impl Stepper for Ranker {
    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        Self::step(self, run, event)
    }
}

impl fmt::Debug for Ranker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ranker").finish_non_exhaustive()
    }
}
