//! The engine as a component, a fresh instance for every call.

use std::sync::Arc;

use sigmapol_engine::{Admission, Decision, Turn};
use wasmtime::{
    Store,
    component::{InstancePre, Linker},
};

use crate::{
    Cache, Engine, Error, Limits, Metered, Stepper, artifact, bindings,
    load::{self, LoadError as _},
    meter::Meter,
    runtime::Runtime,
    steps::Steps,
};

/// The component, compiled and ready: what hosts use.
///
/// Every call runs in an instance of its own, under [`Limits`], and leaves nothing behind. A clone
/// shares the compiled code and the pool of instances; one sandbox serves a whole process, from
/// any number of threads.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) runtime: Runtime,
    pub(crate) component: InstancePre<Meter>,
    engine: bindings::EngineIndices,
    /// Components that are older than the interface do without.
    pub(crate) prepared: Option<bindings::PreparedIndices>,
    pub(crate) source: Source,
}

/// What code is compiled from, and where it is kept.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) wasm: Arc<[u8]>,
    pub(crate) cache: Cache,
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

    /// Any component with the four verbs of the contract and no imports, with default limits: also
    /// an older one, of which no catalogs and no routers can be made.
    ///
    /// # Errors
    ///
    /// [`Error::Load`] if it is not such a component, or if it uses a feature that the engine does
    /// without: floating point, SIMD, threads, reference types, several memories and later ones.
    pub fn load(component: &[u8], cache: &Cache) -> Result<Self, Error> {
        let source = Source { wasm: component.into(), cache: cache.clone() };
        Self::compile(source, Limits::default())
    }

    fn compile(source: Source, limits: Limits) -> Result<Self, Error> {
        let runtime = Runtime::new(limits)?;
        let component = load::component(runtime.engine(), &source.wasm, &source.cache)?;
        let component =
            Linker::new(runtime.engine()).instantiate_pre(&component).or_load_error()?;
        let engine = bindings::EngineIndices::new(&component).or_load_error()?;
        let prepared = bindings::PreparedIndices::new(&component).ok();
        Ok(Self { runtime, component, engine, prepared, source })
    }

    /// The same component under other limits. Setting the first deadline, or none again, takes
    /// other code, which is compiled or comes from the cache.
    ///
    /// # Errors
    ///
    /// [`Error::Load`] where WebAssembly cannot be compiled or run.
    pub fn with_limits(&self, limits: Limits) -> Result<Self, Error> {
        match self.runtime.with_limits(limits) {
            Some(runtime) => Ok(Self { runtime, ..self.clone() }),
            None => Self::compile(self.source.clone(), limits),
        }
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
    ) -> Result<Metered<U>, Error> {
        self.runtime.run(
            inputs,
            |store| {
                let instance = self.component.instantiate(&mut *store)?;
                self.engine.load(store, &instance)
            },
            |store, engine| {
                let result = call(store, &engine)?;
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

impl Engine for Sandbox {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
        self.run(&[("term", term), ("vocabulary", vocabulary)], |store, engine| {
            engine.call_admit(store, term, vocabulary)
        })
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
        self.run(&[("term", term), ("vocabulary", vocabulary)], |store, engine| {
            engine.call_hash(store, term, vocabulary)
        })
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
        self.run(&[("policy", policy), ("ctx", ctx)], |store, engine| {
            engine.call_decide(store, policy, ctx)
        })
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        self.run(&[("run", run.unwrap_or_default()), ("event", event)], |store, engine| {
            engine.call_step(store, run, event)
        })
    }

    fn stepper(&self, router: &str) -> Result<Box<dyn Stepper>, Error> {
        Ok(Box::new(Steps::new(self, router)?))
    }
}
