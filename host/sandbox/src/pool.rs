//! Instances that have read the same text, and are lent to one call after the other.
//!
//! A thread that finds no idle instance makes one more. Changes reach every instance in their
//! order, before its next call; a new text is a new pool, and takes the place of the old one while
//! calls go on in it. What stopped an instance ends it, and nothing else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use sigmapol_engine::Refusal;
use wasmtime::Store;

use crate::{Error, Metered, Sandbox, bindings, meter::Meter, places::Place};

/// What the instances of a pool hold; a value of it is what the host knows of one of them.
pub(super) trait Kind: Default {
    /// What reading the text returns.
    type Loaded;

    /// The name of the text.
    const TEXT: &str;
    /// The name of a change.
    const CHANGE: &str;
    /// Whether a change takes the place of those before.
    const REPLACES: bool;

    /// Whether an instance holds so much that another one takes its place.
    fn is_full(&self) -> bool {
        false
    }

    fn load(guest: &Guest, store: &mut Store<Meter>, text: &str) -> Answer<Self::Loaded>;

    fn change(guest: &Guest, store: &mut Store<Meter>, change: &str) -> Answer<()>;
}

pub(super) use bindings::Prepared as Guest;

/// A value or the engine's own refusal, unless the instance stopped.
pub(super) type Answer<T> = wasmtime::Result<Result<T, Refusal>>;

/// The engine's own refusal in the place of the generated one.
pub(super) fn plain<T>(result: bindings::Result<T>) -> Answer<T> {
    result.map(|result| result.map_err(Refusal::from))
}

/// The instances of one text after the other; a clone is the same.
pub(super) struct Pools<K: Kind> {
    sandbox: Sandbox,
    current: Arc<RwLock<Arc<Pool<K>>>>,
}

impl<K: Kind> Clone for Pools<K> {
    fn clone(&self) -> Self {
        Self { sandbox: self.sandbox.clone(), current: Arc::clone(&self.current) }
    }
}

/// The instances that have read one text.
pub(super) struct Pool<K: Kind> {
    text: Arc<str>,
    /// What reading it returned.
    pub(super) loaded: K::Loaded,
    changes: RwLock<Changes>,
    /// Held by who makes a change: their order is the same in every instance.
    order: Mutex<()>,
    idle: Mutex<Vec<Box<Instance<K>>>>,
}

/// Changes since the text was read, in order.
#[derive(Default)]
struct Changes {
    /// Those that later ones took the place of.
    gone: usize,
    /// Shared with the versions that are out.
    list: Arc<Vec<Arc<str>>>,
}

/// What a decision was made over: a text that was read, and the changes that were made since. For
/// records; a clone is the same version.
#[derive(Clone)]
pub struct Version {
    text: Arc<str>,
    changes: Arc<Vec<Arc<str>>>,
}

impl Version {
    /// The text that was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The changes since, in order; of a router the last one, which took the place of the others.
    pub fn changes(&self) -> impl ExactSizeIterator<Item = &str> {
        self.changes.iter().map(|change| &**change)
    }

    /// How many changes there are.
    pub fn count(&self) -> usize {
        self.changes.len()
    }

    /// Whether both are of one text that was read once, as far as pointers tell.
    pub fn is_of_text(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.text, &other.text)
    }

    /// Whether both are of the same text and the same changes, as far as pointers tell: `false` may
    /// be two that are equal.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.text, &other.text) && Arc::ptr_eq(&self.changes, &other.changes)
    }
}

impl std::fmt::Debug for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (text, changes) = (self.text.len(), self.changes.len());
        write!(f, "Version({text} bytes, {changes} changes)")
    }
}

pub(super) struct Instance<K> {
    store: Store<Meter>,
    guest: Guest,
    /// Changes made, those included that were gone before.
    changed: usize,
    pub(super) own: K,
    /// Given back after the store is.
    _place: Place,
}

impl<K: Kind> Pools<K> {
    pub(super) fn new(sandbox: &Sandbox, text: String) -> Result<Self, Error> {
        let pool = Arc::new(Pool::new(sandbox, text)?);
        Ok(Self { sandbox: sandbox.clone(), current: Arc::new(RwLock::new(pool)) })
    }

    /// The same pool, whatever takes its place.
    pub(super) fn fixed(&self) -> Self {
        let current = Arc::new(RwLock::new(self.pool()));
        Self { sandbox: self.sandbox.clone(), current }
    }

    /// The pool of this moment; the lock is held for a copy of a pointer.
    pub(super) fn pool(&self) -> Arc<Pool<K>> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes calls in an instance that has every change, and says what they were made over.
    pub(super) fn call_at<T>(
        &self,
        calls: impl FnOnce(&mut Instance<K>, &Sandbox) -> Result<T, Error>,
    ) -> (Version, Result<T, Error>) {
        let pool = self.pool();
        let mut instance = match pool.take(&self.sandbox) {
            Ok(instance) => instance,
            Err(error) => return (pool.version(), Err(error)),
        };
        let (version, result) = match instance.catch_up(&self.sandbox, &pool) {
            Ok(version) => (version, calls(&mut instance, &self.sandbox)),
            Err(error) => (pool.version(), Err(error)),
        };
        pool.give_back(instance, &result);
        (version, result)
    }

    pub(super) const fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Makes a change, in one instance now and in the others before their next call.
    pub(super) fn change(&self, change: &str) -> Result<(), Error> {
        let pool = self.pool();
        let _order = pool.order.lock().unwrap_or_else(PoisonError::into_inner);
        let mut instance = pool.take(&self.sandbox)?;
        let result = instance
            .catch_up(&self.sandbox, &pool)
            .and_then(|_| instance.change(&self.sandbox, change));
        if result.is_ok() {
            let mut changes = pool.changes.write().unwrap_or_else(PoisonError::into_inner);
            if K::REPLACES {
                changes.gone += changes.list.len();
                changes.list = Arc::default();
            }
            Arc::make_mut(&mut changes.list).push(change.into());
            instance.changed = changes.gone + changes.list.len();
        }
        pool.give_back(instance, &result);
        result
    }

    /// Puts another text in the place of this one; nobody waits.
    pub(super) fn replace(&self, text: String) -> Result<(), Error> {
        let pool = Arc::new(Pool::new(&self.sandbox, text)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = pool;
        Ok(())
    }
}

impl<K: Kind> Pool<K> {
    fn new(sandbox: &Sandbox, text: String) -> Result<Self, Error> {
        let (instance, loaded) = Instance::new(sandbox, &text)?;
        Ok(Self {
            text: text.into(),
            loaded,
            changes: RwLock::default(),
            order: Mutex::default(),
            idle: Mutex::new(vec![Box::new(instance)]),
        })
    }

    fn take(&self, sandbox: &Sandbox) -> Result<Box<Instance<K>>, Error> {
        match self.idle().pop() {
            Some(instance) => Ok(instance),
            None => Instance::new(sandbox, &self.text).map(|(instance, _)| Box::new(instance)),
        }
    }

    /// An instance that stopped is in no state to be used again, and one that is full has no room.
    fn give_back<T>(&self, instance: Box<Instance<K>>, result: &Result<T, Error>) {
        if matches!(result, Ok(_) | Err(Error::Refused(_))) && !instance.own.is_full() {
            self.idle().push(instance);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Box<Instance<K>>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changes(&self) -> RwLockReadGuard<'_, Changes> {
        self.changes.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// With every change of this moment.
    fn version(&self) -> Version {
        self.version_of(&self.changes())
    }

    fn version_of(&self, changes: &Changes) -> Version {
        Version { text: Arc::clone(&self.text), changes: Arc::clone(&changes.list) }
    }

    /// The change that an instance makes next, which has made so many, and how many it has made
    /// then; the version that it has where there is none.
    fn next(&self, changed: usize) -> Result<(Arc<str>, usize), Version> {
        let changes = self.changes();
        let at = changed.saturating_sub(changes.gone);
        let next = changes.list.get(at);
        next.map(|change| (Arc::clone(change), changes.gone + at + 1))
            .ok_or_else(|| self.version_of(&changes))
    }
}

impl<K: Kind> Instance<K> {
    fn new(sandbox: &Sandbox, text: &str) -> Result<(Self, K::Loaded), Error> {
        let prepared = sandbox.prepared.as_ref();
        let prepared = prepared.ok_or_else(|| Error::Load("no export `prepared`".to_owned()))?;
        let place = sandbox.runtime.places().take()?;
        let (store, guest) = sandbox.runtime.instance(|store| {
            let instance = sandbox.component.instantiate(&mut *store)?;
            prepared.load(store, &instance)
        })?;
        let mut instance = Self { store, guest, changed: 0, own: K::default(), _place: place };
        let loaded = instance
            .call(sandbox, &[(K::TEXT, text)], |guest, store| K::load(guest, store, text))?;
        instance.settle(sandbox)?;
        Ok((instance, loaded.value))
    }

    /// One call, under limits of its own. `inputs` are the texts that it takes, by name.
    pub(super) fn call<T>(
        &mut self,
        sandbox: &Sandbox,
        inputs: &[(&str, &str)],
        call: impl FnOnce(&Guest, &mut Store<Meter>) -> Answer<T>,
    ) -> Result<Metered<T>, Error> {
        sandbox.runtime.again(inputs, &mut self.store, |store| call(&self.guest, store))
    }

    /// Settles what a call left behind, so that the first call that counts needs the fuel of any
    /// other.
    pub(super) fn settle(&mut self, sandbox: &Sandbox) -> Result<(), Error> {
        self.call(sandbox, &[], |guest, store| guest.call_settle(store).map(Ok)).map(|_| ())
    }

    /// Makes the changes that were made elsewhere.
    fn catch_up(&mut self, sandbox: &Sandbox, pool: &Pool<K>) -> Result<Version, Error> {
        loop {
            match pool.next(self.changed) {
                Ok((change, changed)) => {
                    self.change(sandbox, &change)?;
                    self.changed = changed;
                }
                Err(version) => return Ok(version),
            }
        }
    }

    fn change(&mut self, sandbox: &Sandbox, change: &str) -> Result<(), Error> {
        self.call(sandbox, &[(K::CHANGE, change)], |guest, store| K::change(guest, store, change))?;
        Ok(())
    }
}
