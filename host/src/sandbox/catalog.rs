//! Catalogs: read once, decided over many times, from any number of threads.
//!
//! A catalog is a pool of instances that have read the same text. Each thread that decides takes an
//! idle one, or makes one more, and puts it back; a new text is a new pool, and takes the place of
//! the old one while decisions go on in it. What stopped an instance ends it, and nothing else.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use sigmapol_engine::{Choice, Refusal};
use wasmtime::Store;

use super::{Meter, Sandbox, bindings};
use crate::{Error, Outcome};

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
}

/// A catalog that is ready to be decided over; a clone is the same catalog.
#[derive(Clone)]
pub struct Catalog {
    sandbox: Sandbox,
    pool: Arc<RwLock<Arc<Pool>>>,
}

/// The instances that have read one text.
struct Pool {
    text: String,
    /// How many candidates the text has.
    candidates: u32,
    /// Changes since, in order; an instance knows how many of them it has made.
    changes: RwLock<Vec<Arc<str>>>,
    idle: Mutex<Vec<Box<Instance>>>,
}

struct Instance {
    store: Store<Meter>,
    exports: bindings::Sigmapol,
    /// The numbers that policies have here.
    policies: HashMap<u64, u32>,
    /// Changes made.
    changed: usize,
}

impl Sandbox {
    /// Reads a catalog: `{candidates, vocabulary?, state?}`.
    ///
    /// # Errors
    ///
    /// A refusal of the catalog; limits and traps as [`Error`] describes them.
    pub fn catalog(&self, text: impl Into<String>) -> Result<Catalog, Error> {
        let pool = Pool::new(self, text.into())?;
        Ok(Catalog { sandbox: self.clone(), pool: Arc::new(RwLock::new(Arc::new(pool))) })
    }
}

impl Catalog {
    /// How many candidates there are.
    pub fn candidates(&self) -> u32 {
        self.pool().candidates
    }

    /// Decides by a policy. `ctx` is `{request?, body?, state?, seed?, now_ms?, failures?}`; a state
    /// of its own takes the place of the catalog's. The choice is the decision that
    /// [`decide`](crate::Verbs::decide) makes of the same texts.
    ///
    /// # Errors
    ///
    /// A refusal of the policy or the ctx; limits and traps as [`Error`] describes them.
    pub fn decide(&self, policy: &Policy, ctx: &str) -> Result<Outcome<Choice>, Error> {
        let pool = self.pool();
        let mut instance = pool.take(&self.sandbox)?;
        let result = instance.decide(&self.sandbox, &pool, policy, ctx);
        pool.give_back(instance, &result);
        result
    }

    /// Applies changes, all or none: `[{candidate, set: {field: value}}]` for what candidates say of
    /// themselves, `[{provider, breaker_open?, disabled?, credits?}]` for the state. Decisions that
    /// begin later see them.
    ///
    /// # Errors
    ///
    /// A refusal of the changes; limits and traps as [`Error`] describes them.
    pub fn patch(&self, changes: &str) -> Result<(), Error> {
        let pool = self.pool();
        // one after the other: the order of changes is the same in every instance
        let mut list = pool.changes.write().unwrap_or_else(PoisonError::into_inner);
        let mut instance = pool.take(&self.sandbox)?;
        let result = instance
            .catch_up(&self.sandbox, &list)
            .and_then(|()| instance.patch(&self.sandbox, changes));
        if result.is_ok() {
            list.push(changes.into());
        }
        pool.give_back(instance, &result);
        result
    }

    /// Puts another text in the place of this one. Decisions that are being made are made over the
    /// old one; nobody waits.
    ///
    /// # Errors
    ///
    /// As for [`Sandbox::catalog`]; the old text stays.
    pub fn replace(&self, text: impl Into<String>) -> Result<(), Error> {
        let pool = Arc::new(Pool::new(&self.sandbox, text.into())?);
        *self.pool.write().unwrap_or_else(PoisonError::into_inner) = pool;
        Ok(())
    }

    /// The pool of this moment; the lock is held for a copy of a pointer.
    fn pool(&self) -> Arc<Pool> {
        Arc::clone(&self.pool.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog").field("candidates", &self.candidates()).finish_non_exhaustive()
    }
}

impl Pool {
    fn new(sandbox: &Sandbox, text: String) -> Result<Self, Error> {
        let (instance, candidates) = Instance::new(sandbox, &text)?;
        Ok(Self {
            text,
            candidates,
            changes: RwLock::default(),
            idle: Mutex::new(vec![Box::new(instance)]),
        })
    }

    fn take(&self, sandbox: &Sandbox) -> Result<Box<Instance>, Error> {
        match self.idle().pop() {
            Some(instance) => Ok(instance),
            None => Instance::new(sandbox, &self.text).map(|(instance, _)| Box::new(instance)),
        }
    }

    /// An instance that stopped is in no state to be used again.
    fn give_back<T>(&self, instance: Box<Instance>, result: &Result<T, Error>) {
        if matches!(result, Ok(_) | Err(Error::Refused(_))) {
            self.idle().push(instance);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Box<Instance>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Instance {
    fn new(sandbox: &Sandbox, text: &str) -> Result<(Self, u32), Error> {
        let (mut store, exports) =
            sandbox.runtime.instance(|store| sandbox.component.instantiate(store))?;
        let inputs = [("catalog", text)];
        let loaded = sandbox.runtime.again(&inputs, &mut store, |store| {
            plain(exports.sigmapol_policy_prepared().call_load(store, text))
        })?;
        let instance = Self { store, exports, policies: HashMap::new(), changed: 0 };
        Ok((instance, loaded.value))
    }

    fn decide(
        &mut self,
        sandbox: &Sandbox,
        pool: &Pool,
        policy: &Policy,
        ctx: &str,
    ) -> Result<Outcome<Choice>, Error> {
        {
            let changes = pool.changes.read().unwrap_or_else(PoisonError::into_inner);
            self.catch_up(sandbox, &changes)?;
        }
        let number = self.number(sandbox, policy)?;
        let Self { store, exports, .. } = self;
        sandbox.runtime.again(&[("ctx", ctx)], store, |store| {
            let choice = exports.sigmapol_policy_prepared().call_decide(store, number, ctx);
            plain(choice.map(|choice| choice.map(Choice::from)))
        })
    }

    /// Makes the changes that were made elsewhere.
    fn catch_up(&mut self, sandbox: &Sandbox, changes: &[Arc<str>]) -> Result<(), Error> {
        while let Some(change) = changes.get(self.changed) {
            self.patch(sandbox, change)?;
        }
        Ok(())
    }

    fn patch(&mut self, sandbox: &Sandbox, changes: &str) -> Result<(), Error> {
        let Self { store, exports, .. } = self;
        sandbox.runtime.again(&[("changes", changes)], store, |store| {
            plain(exports.sigmapol_policy_prepared().call_patch(store, changes))
        })?;
        self.changed += 1;
        Ok(())
    }

    /// The number of a policy here, once it is admitted.
    fn number(&mut self, sandbox: &Sandbox, policy: &Policy) -> Result<u32, Error> {
        let Text { number, term, options } = &*policy.0;
        if let Some(known) = self.policies.get(number) {
            return Ok(*known);
        }
        let Self { store, exports, .. } = self;
        let inputs = [("policy", term.as_str()), ("options", options)];
        let admitted = sandbox.runtime.again(&inputs, store, |store| {
            plain(exports.sigmapol_policy_prepared().call_policy(store, term, options))
        })?;
        // what a call leaves behind is put away when the next one begins: let that be this one, so
        // that the first decision needs the fuel of any other
        sandbox.runtime.again(&[], store, |store| {
            plain(exports.sigmapol_policy_prepared().call_patch(store, "[]"))
        })?;
        self.policies.insert(*number, admitted.value);
        Ok(admitted.value)
    }
}

/// The engine's own refusal.
fn plain<T>(result: bindings::Result<T>) -> wasmtime::Result<Result<T, Refusal>> {
    result.map(|result| result.map_err(Refusal::from))
}
