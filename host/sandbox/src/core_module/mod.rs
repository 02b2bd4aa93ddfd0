//! The engine as a bare core module, called by hand through the canonical ABI.
//!
//! This is what a machine without components has to do, in full: four functions of integers, a
//! memory, and an allocator. The `component` engine does the same inside wasmtime.

mod function;
mod lift;
mod lower;
mod values;

pub use function::Function;
pub use values::{admission, decision, turn};

use sigmapol_engine::{Admission, Decision, Turn};
use wasmtime::{InstancePre, Linker, WasmParams};

use crate::{
    Cache, Engine, Error, Limits, Metered, artifact,
    load::{LoadError as _, module},
    meter::Meter,
    runtime::Runtime,
    sandbox::Source,
};
use lift::Reader;
use lower::Guest;
use values::Aligned;

/// The verbs, as the interface names them.
pub const VERBS: [&str; 4] = ["admit", "hash", "decide", "step"];

/// The interface, as it stands in front of every exported name.
const INTERFACE: &str = "sigmapol:policy/engine@0.1.0";

/// The core module of the component, under the same limits as a [`Sandbox`](crate::Sandbox).
#[derive(Clone)]
pub struct CoreSandbox {
    runtime: Runtime,
    module: InstancePre<Meter>,
    source: Source,
}

impl CoreSandbox {
    /// The embedded module, with the compiled-code cache of this user and default limits.
    ///
    /// # Errors
    ///
    /// [`Error::Load`] where WebAssembly cannot be compiled or run.
    pub fn new() -> Result<Self, Error> {
        Self::load(artifact::CORE_MODULE, &Cache::of_user())
    }

    /// Any core module with the exports of the contract and no imports, with default limits.
    ///
    /// # Errors
    ///
    /// [`Error::Load`] if it is not such a module, or if it uses a feature that the engine does
    /// without.
    pub fn load(wasm: &[u8], cache: &Cache) -> Result<Self, Error> {
        let source = Source { wasm: wasm.into(), cache: cache.clone() };
        Self::compile(source, Limits::default())
    }

    fn compile(source: Source, limits: Limits) -> Result<Self, Error> {
        let runtime = Runtime::new(limits)?;
        let module = module(runtime.engine(), &source.wasm, &source.cache)?;
        for verb in VERBS {
            let name = export(verb);
            if module.get_export(&name).is_none() {
                return Err(Error::Load(format!("no export `{name}`")));
            }
        }
        let module = Linker::new(runtime.engine()).instantiate_pre(&module).or_load_error()?;
        Ok(Self { runtime, module, source })
    }

    /// The same module under other limits; see
    /// [`Sandbox::with_limits`](crate::Sandbox::with_limits).
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

    /// One call: instantiate, copy the arguments in, call, copy the result out, free it.
    fn run<P: WasmParams, T: Aligned>(
        &self,
        verb: &str,
        inputs: &[(&str, &str)],
        lower: impl FnOnce(&mut Guest<'_, Meter>) -> wasmtime::Result<P>,
        lift: impl FnOnce(&mut Reader<'_>) -> wasmtime::Result<T>,
    ) -> Result<Metered<T>, Error> {
        let budget = self.limits().result_bytes;
        self.runtime.run(
            inputs,
            |store| {
                let instance = self.module.instantiate(&mut *store)?;
                let function = Function::find(store, &instance, verb)?;
                Ok((instance, function))
            },
            |store, (instance, function)| function.call(store, &instance, budget, lower, lift),
        )
    }
}

/// The name of a function of the interface, as a core module exports it.
pub fn export(verb: &str) -> String {
    format!("{INTERFACE}#{verb}")
}

impl std::fmt::Debug for CoreSandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CoreSandbox").field("limits", self.limits()).finish_non_exhaustive()
    }
}

impl Engine for CoreSandbox {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
        let inputs = [("term", term), ("vocabulary", vocabulary)];
        self.run("admit", &inputs, |guest| guest.strings(term, vocabulary), values::admission)
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
        let inputs = [("term", term), ("vocabulary", vocabulary)];
        let lift = |reader: &mut Reader<'_>| reader.string();
        self.run("hash", &inputs, |guest| guest.strings(term, vocabulary), lift)
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
        let inputs = [("policy", policy), ("ctx", ctx)];
        self.run("decide", &inputs, |guest| guest.strings(policy, ctx), values::decision)
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        let inputs = [("run", run.unwrap_or_default()), ("event", event)];
        self.run("step", &inputs, |guest| guest.run_and_event(run, event), values::turn)
    }
}
