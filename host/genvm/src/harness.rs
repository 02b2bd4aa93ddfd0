//! The engine as a core module under the rules of the virtual machine, compiled in every way.

use sigmapol::{
    Cache,
    internal::{Function, Ticker, admission, decision, module, turn},
    limits::RESULT_BYTES,
};
use sigmapol_core::Error;
use wasmtime::{Engine, Instance, InstancePre, Linker, Store};

use super::{
    counters::{self, MOST_FRAMES, MOST_SLOTS},
    machine::{Ceiling, Left, Setting, not_started, on_large_stack, stopped},
    profile::{self, Invalid},
    rules::Rules,
    vm_result::{ToCalldata, VmResult},
};

/// What is asked of the engine, in the words of [`Engine`](sigmapol_core::Engine).
#[derive(Clone, Copy, Debug)]
pub enum Request<'t> {
    /// Checks a term and names it.
    Admit {
        /// The term.
        term: &'t str,
        /// The vocabulary.
        vocabulary: &'t str,
    },
    /// Decides.
    Decide {
        /// The policy.
        policy: &'t str,
        /// The ctx.
        ctx: &'t str,
    },
    /// Makes a step of a run.
    Step {
        /// The run.
        run: Option<&'t str>,
        /// The event.
        event: &'t str,
    },
}

/// One run, in an instance of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// How the code was compiled.
    pub setting: Setting,
    /// What was counted; `None` where the module ran as it is, without counters.
    pub counted: Option<Counted>,
    /// How it ended.
    pub outcome: VmResult,
    /// The memory it left; `None` when it did not start.
    pub memory: Option<Left>,
}

/// The most that was open at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Counted {
    /// Frames of WebAssembly.
    pub frames: u32,
    /// Value slots of all of them.
    pub slots: u32,
}

/// A module, compiled in every way, with counters and without.
pub struct Harness {
    rules: Rules,
    machines: Vec<Machine>,
}

/// A module that is not run.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LoadError {
    /// It breaks a rule.
    Invalid(Invalid),
    /// It could not be compiled here.
    Host(Error),
}

impl From<Invalid> for LoadError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<Error> for LoadError {
    fn from(error: Error) -> Self {
        Self::Host(error)
    }
}

struct Machine {
    setting: Setting,
    ticker: Ticker,
    counted: InstancePre<Ceiling>,
    plain: InstancePre<Ceiling>,
}

impl Harness {
    /// Compiles a module for some settings, once it keeps the rules.
    ///
    /// # Errors
    ///
    /// [`LoadError::Invalid`] if it does not.
    pub fn load(
        wasm: &[u8],
        settings: &[Setting],
        rules: Rules,
        cache: &Cache,
    ) -> Result<Self, LoadError> {
        profile::verdict(&profile::engine(wasm))?;
        let frames = defloat::frames(wasm).map_err(Invalid::validating)?;
        let counted = counters::insert(wasm, &frames, &rules)?;
        let machine = |setting: &Setting| -> Result<Machine, Error> {
            let engine = setting.engine()?;
            Ok(Machine {
                setting: *setting,
                ticker: Ticker::new(),
                counted: prepare(&engine, &counted, cache)?,
                plain: prepare(&engine, wasm, cache)?,
            })
        };
        Ok(Self { rules, machines: settings.iter().map(machine).collect::<Result<_, _>>()? })
    }

    /// Makes a request in every way. Code with too many frames or slots is found by its counters
    /// alone, and then run with them alone.
    ///
    /// # Errors
    ///
    /// [`Error::Load`] where there is no thread to run in.
    pub fn run(&self, request: Request<'_>) -> Result<Vec<Execution>, Error> {
        on_large_stack(|| {
            self.machines.iter().flat_map(|machine| machine.runs(request, &self.rules)).collect()
        })
    }
}

/// What all runs agree on: the first of them, when every other ended the same and left the same.
pub fn agreed(runs: &[Execution]) -> Option<&Execution> {
    let (first, rest) = runs.split_first()?;
    let same = |run: &Execution| run.outcome == first.outcome && run.memory == first.memory;
    rest.iter().all(same).then_some(first)
}

impl Machine {
    fn runs(&self, request: Request<'_>, rules: &Rules) -> Vec<Execution> {
        let counted = self.run(&self.counted, request, rules, true);
        let over = counted
            .counted
            .is_some_and(|most| most.frames > rules.frames || most.slots > rules.slots);
        if over {
            let outcome = VmResult::vm_error("wasm_trap stack_overflow");
            return vec![Execution { outcome, ..counted }];
        }
        vec![counted, self.run(&self.plain, request, rules, false)]
    }

    fn run(
        &self,
        module: &InstancePre<Ceiling>,
        request: Request<'_>,
        rules: &Rules,
        counts: bool,
    ) -> Execution {
        let engine = module.module().engine();
        let mut store = Store::new(engine, Ceiling::new(rules.memory_bytes));
        store.limiter(|ceiling| ceiling);
        store.set_epoch_deadline(self.ticker.ticks(engine, rules.deadline));
        let run = Execution {
            setting: self.setting,
            counted: None,
            outcome: VmResult::vm_error(""),
            memory: None,
        };
        let instance = match module.instantiate(&mut store) {
            Ok(instance) => instance,
            Err(error) => return Execution { outcome: not_started(&error, store.data()), ..run },
        };
        let outcome = request.make(&mut store, &instance).unwrap_or_else(|error| stopped(&error));
        let counted = counts.then(|| Counted::by(&instance, &mut store));
        Execution { outcome, counted, memory: Left::by(&instance, &mut store), ..run }
    }
}

fn prepare(engine: &Engine, wasm: &[u8], cache: &Cache) -> Result<InstancePre<Ceiling>, Error> {
    let module = module(engine, wasm, cache)?;
    Linker::new(engine).instantiate_pre(&module).map_err(|error| Error::Load(format!("{error:#}")))
}

impl Request<'_> {
    fn make(self, store: &mut Store<Ceiling>, instance: &Instance) -> wasmtime::Result<VmResult> {
        // not a rule of the machine: no honest result is larger, and any module may be tried here
        let budget = RESULT_BYTES;
        Ok(match self {
            Request::Admit { term, vocabulary } => {
                ended(Function::find(store, instance, "admit")?.call(
                    store,
                    instance,
                    budget,
                    |guest| guest.strings(term, vocabulary),
                    admission,
                )?)
            }
            Request::Decide { policy, ctx } => {
                ended(Function::find(store, instance, "decide")?.call(
                    store,
                    instance,
                    budget,
                    |guest| guest.strings(policy, ctx),
                    decision,
                )?)
            }
            Request::Step { run, event } => ended(Function::find(store, instance, "step")?.call(
                store,
                instance,
                budget,
                |guest| guest.run_and_event(run, event),
                turn,
            )?),
        })
    }
}

fn ended<T: ToCalldata>(result: Result<T, sigmapol_core::Refusal>) -> VmResult {
    match result {
        Ok(value) => VmResult::Return(value.to_calldata()),
        Err(refusal) => VmResult::refused(&refusal),
    }
}

impl Counted {
    fn by(instance: &Instance, store: &mut Store<Ceiling>) -> Self {
        let [frames, slots] = [MOST_FRAMES, MOST_SLOTS].map(|name| {
            let counter = instance.get_global(&mut *store, name);
            counter.and_then(|counter| counter.get(&mut *store).i32()).unwrap_or(0).cast_unsigned()
        });
        Self { frames, slots }
    }
}

impl std::fmt::Debug for Harness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Harness").field("rules", &self.rules).finish_non_exhaustive()
    }
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Invalid(invalid) => invalid.fmt(f),
            Self::Host(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LoadError {}
