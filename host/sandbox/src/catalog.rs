//! Catalogs: read once, decided over many times, from any number of threads.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use sigmapol_engine::Choice;
use wasmtime::Store;

use crate::{
    Error, Metered, Sandbox,
    meter::Meter,
    pool::{Answer, Guest, Instance, Kind, Pools, Version, plain},
};

/// A policy for catalogs, with what its host puts around it.
///
/// It is admitted by each catalog that decides by it, in the vocabulary of that catalog.
#[derive(Clone, Debug)]
pub struct Policy(Arc<Text>);

#[derive(Debug)]
struct Text {
    /// Tells policies apart, also those of equal text.
    number: u64,
    term: String,
    options: String,
}

impl Policy {
    /// A policy as it is.
    pub fn new(term: impl Into<String>) -> Self {
        Self::with_options(term, "{}")
    }

    /// A policy under a host's `{envelope?, customs?}` (JSON).
    pub fn with_options(term: impl Into<String>, options: impl Into<String>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(Arc::new(Text { number, term: term.into(), options: options.into() }))
    }

    /// The term, as it was given.
    pub fn term(&self) -> &str {
        &self.0.term
    }

    /// The options, as they were given.
    pub fn options(&self) -> &str {
        &self.0.options
    }
}

/// A catalog that is ready to be decided over; a clone is the same catalog.
#[derive(Clone)]
pub struct Catalog(Pools<Policies>);

/// The numbers that policies have in an instance that holds a catalog.
#[derive(Default)]
struct Policies(HashMap<u64, u32>);

impl Kind for Policies {
    /// How many candidates there are.
    type Loaded = u32;

    const TEXT: &str = "catalog";
    const CHANGE: &str = "changes";
    const REPLACES: bool = false;

    fn load(guest: &Guest, store: &mut Store<Meter>, text: &str) -> Answer<u32> {
        plain(guest.call_load(store, text))
    }

    fn change(guest: &Guest, store: &mut Store<Meter>, change: &str) -> Answer<()> {
        Ok(plain(guest.call_patch(store, change))?.map(|_| ()))
    }
}

impl Sandbox {
    /// Reads a catalog: `{candidates, vocabulary?, state?}`.
    ///
    /// # Errors
    ///
    /// A refusal of the catalog; limits and traps as [`Error`] describes them.
    pub fn catalog(&self, text: impl Into<String>) -> Result<Catalog, Error> {
        Pools::new(self, text.into()).map(Catalog)
    }
}

impl Catalog {
    /// The sandbox that it was read in.
    pub const fn sandbox(&self) -> &Sandbox {
        self.0.sandbox()
    }

    /// How many candidates there are.
    pub fn candidates(&self) -> u32 {
        self.0.pool().loaded
    }

    /// Decides by a policy. `ctx` is `{request?, body?, state?, seed?, now_ms?, failures?}`; a state
    /// of its own takes the place of the catalog's. The choice is the decision that
    /// [`decide`](crate::Engine::decide) makes of the same texts.
    ///
    /// # Errors
    ///
    /// A refusal of the policy or the ctx; limits and traps as [`Error`] describes them.
    pub fn decide(&self, policy: &Policy, ctx: &str) -> Result<Metered<Choice>, Error> {
        self.decide_at(policy, ctx).1
    }

    /// As [`decide`](Self::decide), and what was decided over.
    pub fn decide_at(
        &self,
        policy: &Policy,
        ctx: &str,
    ) -> (Version, Result<Metered<Choice>, Error>) {
        self.0.call_at(|instance, sandbox| {
            let number = instance.number(sandbox, policy)?;
            instance.call(sandbox, &[("ctx", ctx)], |guest, store| {
                Ok(plain(guest.call_decide(store, number, ctx))?.map(Choice::from))
            })
        })
    }

    /// Applies changes, all or none: `[{candidate, set: {field: value}}]` for what candidates say of
    /// themselves, `[{provider, breaker_open?, disabled?, credits?}]` for the state. Decisions that
    /// begin later see them.
    ///
    /// # Errors
    ///
    /// A refusal of the changes; limits and traps as [`Error`] describes them.
    pub fn patch(&self, changes: &str) -> Result<(), Error> {
        self.0.change(changes)
    }

    /// Puts another text in the place of this one. Decisions that are being made are made over the
    /// old one; nobody waits.
    ///
    /// # Errors
    ///
    /// As for [`Sandbox::catalog`]; the old text stays.
    pub fn replace(&self, text: impl Into<String>) -> Result<(), Error> {
        self.0.replace(text.into())
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog").field("candidates", &self.candidates()).finish_non_exhaustive()
    }
}

impl Instance<Policies> {
    /// The number of a policy here, once it is admitted.
    fn number(&mut self, sandbox: &Sandbox, policy: &Policy) -> Result<u32, Error> {
        let Text { number, term, options } = &*policy.0;
        if let Some(known) = self.own.0.get(number) {
            return Ok(*known);
        }
        let inputs = [("policy", term.as_str()), ("options", options)];
        let admitted = self.call(sandbox, &inputs, |guest, store| {
            plain(guest.call_policy(store, term, options))
        })?;
        self.settle(sandbox)?;
        self.own.0.insert(*number, admitted.value);
        Ok(admitted.value)
    }
}
