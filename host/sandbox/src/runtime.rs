//! One call: a store under limits, and the meaning of whatever comes out of it.

use std::{fmt, sync::Arc, time::Instant};

use sigmapol_engine::{Refusal, RefusalCode};
use wasmtime::{Engine, PoolConcurrencyLimitError, Store};

use crate::{
    Error, Exhausted, Limits, Metered, Spent, Trap, config, meter::Meter, places::Places,
    ticker::Ticker,
};

/// A wasmtime engine and the limits of its calls.
#[derive(Clone)]
pub(crate) struct Runtime {
    engine: Engine,
    ticker: Arc<Ticker>,
    places: Places,
    limits: Limits,
}

impl Runtime {
    pub(crate) fn new(limits: Limits) -> Result<Self, Error> {
        let engine = config::engine(limits.deadline.is_some())?;
        Ok(Self { engine, ticker: Arc::new(Ticker::new()), places: Places::default(), limits })
    }

    /// The same engine under other limits, unless these need another: code is compiled for
    /// deadlines or for none.
    pub(crate) fn with_limits(&self, limits: Limits) -> Option<Self> {
        let suits = limits.deadline.is_some() == self.limits.deadline.is_some();
        suits.then(|| Self { limits, ..self.clone() })
    }

    pub(crate) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Those of this engine, whatever the limits of calls.
    pub(super) const fn places(&self) -> &Places {
        &self.places
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Makes one call in a store of its own. `inputs` are the texts it will copy in, by name.
    pub(crate) fn run<I, T>(
        &self,
        inputs: &[(&str, &str)],
        instantiate: impl FnOnce(&mut Store<Meter>) -> wasmtime::Result<I>,
        call: impl FnOnce(&mut Store<Meter>, I) -> wasmtime::Result<Result<T, Refusal>>,
    ) -> Result<Metered<T>, Error> {
        self.check_inputs(inputs)?;
        let start = Instant::now();
        let (mut store, instance) = self.instance(instantiate)?;
        self.outcome(start, &mut store, |store| call(store, instance))
    }

    /// An instance in a store of its own, for a call of [`Self::run`] or many of [`Self::again`].
    pub(super) fn instance<I>(
        &self,
        instantiate: impl FnOnce(&mut Store<Meter>) -> wasmtime::Result<I>,
    ) -> Result<(Store<Meter>, I), Error> {
        let mut store = self.store()?;
        let instance = instantiate(&mut store).map_err(|error| {
            let load = || Error::Load(format!("{error:#}"));
            exhausted_or_trap(&error, store.data()).unwrap_or_else(load)
        })?;
        Ok((store, instance))
    }

    /// Makes one more call in a store, under limits of its own.
    pub(super) fn again<T>(
        &self,
        inputs: &[(&str, &str)],
        store: &mut Store<Meter>,
        call: impl FnOnce(&mut Store<Meter>) -> wasmtime::Result<Result<T, Refusal>>,
    ) -> Result<Metered<T>, Error> {
        self.check_inputs(inputs)?;
        let start = Instant::now();
        self.limit(store)?;
        self.outcome(start, store, call)
    }

    fn outcome<T>(
        &self,
        start: Instant,
        store: &mut Store<Meter>,
        call: impl FnOnce(&mut Store<Meter>) -> wasmtime::Result<Result<T, Refusal>>,
    ) -> Result<Metered<T>, Error> {
        let result = call(store);
        let spent = Spent {
            fuel: self.limits.fuel.saturating_sub(store.get_fuel().unwrap_or(0)),
            memory_bytes: store.data().peak_bytes(),
            elapsed: start.elapsed(),
        };
        match result {
            Ok(Ok(value)) => Ok(Metered { value, spent }),
            Ok(Err(refusal)) => Err(refusal.into()),
            Err(error) => Err(exhausted_or_trap(&error, store.data())
                // what is left are complaints of the canonical ABI
                .unwrap_or(Error::Trap(Trap::CANONICAL_ABI))),
        }
    }

    /// The bound of the engine itself, with its own words, before anything is copied.
    fn check_inputs(&self, inputs: &[(&str, &str)]) -> Result<(), Refusal> {
        let limit = self.limits.input_bytes;
        match inputs.iter().find(|(_, text)| text.len() > limit) {
            None => Ok(()),
            Some((what, text)) => Err(Refusal {
                code: RefusalCode::InputSize,
                message: format!("{what}: expected at most {limit} bytes, got {}", text.len()),
            }),
        }
    }

    fn store(&self) -> Result<Store<Meter>, Error> {
        let mut store = Store::new(&self.engine, Meter::new(self.limits.memory_bytes));
        store.limiter(|meter| meter);
        self.limit(&mut store)?;
        Ok(store)
    }

    /// What the next call in a store may use.
    fn limit(&self, store: &mut Store<Meter>) -> Result<(), Error> {
        store.set_fuel(self.limits.fuel).map_err(|error| Error::Load(format!("{error:#}")))?;
        store.set_hostcall_fuel(self.limits.result_bytes);
        if let Some(deadline) = self.limits.deadline {
            store.set_epoch_deadline(self.ticker.ticks(&self.engine, deadline));
        }
        Ok(())
    }
}

/// The result of a core module is larger than [`Limits::result_bytes`]. (For a component, wasmtime
/// has an error of its own.)
#[derive(Debug)]
pub(crate) struct ResultTooLarge;

impl fmt::Display for ResultTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the result is larger than its limit")
    }
}

impl std::error::Error for ResultTooLarge {}

/// What stopped an instance, as far as wasmtime has a type for it.
fn exhausted_or_trap(error: &wasmtime::Error, meter: &Meter) -> Option<Error> {
    let exhausted = match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::OutOfFuel) => Exhausted::Fuel,
        Some(wasmtime::Trap::Interrupt) => Exhausted::Deadline,
        // what the guest's allocator does when it gets no memory
        Some(wasmtime::Trap::UnreachableCodeReached) if meter.refused() => Exhausted::Memory,
        Some(trap) => return Some(Error::Trap(trap_of(*trap))),
        None if meter.refused() => Exhausted::Memory,
        None if error.is::<PoolConcurrencyLimitError>() => Exhausted::Instances,
        None if is_result_limit(error) => Exhausted::Result,
        None => return None,
    };
    Some(Error::Exhausted(exhausted))
}

/// wasmtime's error for this has a private type, so its words have to do; a test holds them.
fn is_result_limit(error: &wasmtime::Error) -> bool {
    error.is::<ResultTooLarge>()
        || format!("{error:#}").contains("fuel allocated for hostcalls has been exhausted")
}

/// The name of a trap, which stays when wasmtime words it otherwise.
const fn trap_of(trap: wasmtime::Trap) -> Trap {
    use wasmtime::Trap as T;
    Trap::named(match trap {
        T::StackOverflow => "stack_overflow",
        T::MemoryOutOfBounds => "memory_out_of_bounds",
        T::HeapMisaligned => "heap_misaligned",
        T::TableOutOfBounds => "table_out_of_bounds",
        T::IndirectCallToNull => "indirect_call_to_null",
        T::BadSignature => "bad_signature",
        T::IntegerOverflow => "integer_overflow",
        T::IntegerDivisionByZero => "integer_division_by_zero",
        T::BadConversionToInteger => "bad_conversion_to_integer",
        T::UnreachableCodeReached => "unreachable",
        T::Interrupt => "interrupt",
        T::OutOfFuel => "out_of_fuel",
        T::AllocationTooLarge => "allocation_too_large",
        T::CannotEnterComponent => "cannot_enter_component",
        _ => "other",
    })
}
