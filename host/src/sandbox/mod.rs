//! The engine as a component, a fresh instance for every call.

mod at_once;
mod bindings;
mod catalog;
mod config;
mod load;
mod meter;
mod runtime;
#[cfg(test)]
mod tests;
mod ticker;

pub use at_once::AtOnce;
pub use catalog::{Catalog, Policy};
pub(crate) use load::{LoadError, module};
pub(crate) use meter::Meter;
pub(crate) use runtime::{ResultTooLarge, Runtime};

use sigmapol_engine::{Admission, Decision, Turn};
use wasmtime::{Store, component::Linker};

use crate::{Cache, Error, Limits, Outcome, Verbs, artifact};

/// The component, compiled and ready: what hosts use.
///
/// Every call runs in an instance of its own, under [`Limits`], and leaves nothing behind. A clone
/// shares the compiled code and the pool of instances; one sandbox serves a whole process, from
/// any number of threads.
#[derive(Clone)]
pub struct Sandbox {
    runtime: Runtime,
    component: bindings::SigmapolPre<Meter>,
}

impl Sandbox {
    /// The embedded component, with the compiled-code cache of this user and default limits.
    ///
    /// # Errors
    ///
    /// [`Error::Load`] where WebAssembly cannot be compiled or run.
    pub fn new() -> Result<Self, Error> {
        Self::load(artifact::COMPONENT, &Cache::of_user())
    }

    /// Any component with the exports of the contract and no imports, with default limits.
    ///
    /// # Errors
    ///
    /// [`Error::Load`] if it is not such a component, or if it uses a feature that the engine does
    /// without: floating point, SIMD, threads, reference types, several memories and later ones.
    pub fn load(component: &[u8], cache: &Cache) -> Result<Self, Error> {
        let runtime = Runtime::new()?;
        let component = load::component(runtime.engine(), component, cache)?;
        let component = Linker::new(runtime.engine())
            .instantiate_pre(&component)
            .and_then(bindings::SigmapolPre::new)
            .map_err(|error| Error::Load(format!("{error:#}")))?;
        Ok(Self { runtime, component })
    }

    /// The same component under other limits.
    #[must_use]
    pub fn with_limits(&self, limits: Limits) -> Self {
        Self { runtime: self.runtime.with_limits(limits), component: self.component.clone() }
    }

    /// The limits of every call.
    pub const fn limits(&self) -> &Limits {
        self.runtime.limits()
    }

    /// One call: instantiate, call, and put the result in the engine's own types.
    fn run<T: Into<U>, U>(
        &self,
        inputs: &[(&str, &str)],
        call: impl FnOnce(&mut Store<Meter>, &bindings::Engine) -> bindings::Result<T>,
    ) -> Result<Outcome<U>, Error> {
        self.runtime.run(
            inputs,
            |store| self.component.instantiate(store),
            |store, instance| {
                let result = call(store, instance.sigmapol_policy_engine())?;
                Ok(result.map(Into::into).map_err(Into::into))
            },
        )
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("limits", self.limits()).finish_non_exhaustive()
    }
}

impl Verbs for Sandbox {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Outcome<Admission>, Error> {
        self.run(&[("term", term), ("vocabulary", vocabulary)], |store, engine| {
            engine.call_admit(store, term, vocabulary)
        })
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Outcome<String>, Error> {
        self.run(&[("term", term), ("vocabulary", vocabulary)], |store, engine| {
            engine.call_hash(store, term, vocabulary)
        })
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Outcome<Decision>, Error> {
        self.run(&[("policy", policy), ("ctx", ctx)], |store, engine| {
            engine.call_decide(store, policy, ctx)
        })
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Outcome<Turn>, Error> {
        self.run(&[("run", run.unwrap_or_default()), ("event", event)], |store, engine| {
            engine.call_step(store, run, event)
        })
    }
}
