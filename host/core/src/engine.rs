//! The four verbs, whatever runs them.

use std::{sync::Arc, time::Duration};

use sigmapol_engine::{Admission, Decision, Refusal, RefusalCode, Turn};

use crate::{Error, Stepper};

/// A way to run the engine: in a sandbox as a component, as a core module, or as native code.
///
/// Every implementation gives the same values and the same refusals for the same texts; only
/// [`Spent`] differs. Nothing is remembered between calls.
pub trait Engine: Send + Sync {
    /// Checks a term of any sort and names it. `vocabulary` is `{profile?, fields?, tier_order?}`.
    ///
    /// # Errors
    ///
    /// A refusal of the term or the vocabulary; limits and traps as [`Error`] describes them.
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error>;

    /// The identity that `admit` would report: SHA-256 of the canonical encoding, 64 lower-case
    /// hexadecimal digits.
    ///
    /// # Errors
    ///
    /// As for [`admit`](Self::admit).
    fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error>;

    /// Runs a policy over the candidates of a ctx: `{candidates, request?, body?, state?, seed?,
    /// now_ms?, vocabulary?, envelope?, customs?, failures?}`.
    ///
    /// # Errors
    ///
    /// A refusal of the policy or the ctx; limits and traps as [`Error`] describes them.
    fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error>;

    /// One step of a run; without `run`, the event starts one.
    ///
    /// # Errors
    ///
    /// A refusal of the run or the event; limits and traps as [`Error`] describes them.
    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error>;

    /// Reads a router, `{admission?, config, multipliers?, state?}`, once for many steps.
    ///
    /// # Errors
    ///
    /// The refusal `unsupported` of an engine that has no such way, and of one that has none for
    /// this router: then the router goes into every event ([`Stateless`](crate::Stateless)). A
    /// refusal of the router; limits and traps as [`Error`] describes them.
    fn stepper(&self, router: &str) -> Result<Box<dyn Stepper>, Error> {
        let _ = router;
        let message = "router: expected an engine that reads one before its steps".to_owned();
        Err(Refusal { code: RefusalCode::Unsupported, message }.into())
    }
}

/// A reference, or a pointer that owns or shares, is the engine that it points at: what wraps an
/// engine takes any of them.
macro_rules! pointer {
    ($($pointer:ty),*) => {$(
        impl<E: Engine + ?Sized> Engine for $pointer {
            fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
                (**self).admit(term, vocabulary)
            }

            fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
                (**self).hash(term, vocabulary)
            }

            fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
                (**self).decide(policy, ctx)
            }

            fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
                (**self).step(run, event)
            }

            fn stepper(&self, router: &str) -> Result<Box<dyn Stepper>, Error> {
                (**self).stepper(router)
            }
        }
    )*};
}

pointer!(&E, Box<E>, Arc<E>);

/// A result, and what it took to get it.
#[derive(Clone, Debug, PartialEq)]
pub struct Metered<T> {
    /// The result: a function of the arguments alone.
    pub value: T,
    /// What it took: a measurement, different from machine to machine.
    pub spent: Spent,
}

/// What a call took. Not part of the decision: never hash it, never compare it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Fuel, in wasmtime's units; 0 for native code. It depends on the version of wasmtime.
    pub fuel: u64,
    /// Largest linear memory of the instance, in bytes; 0 for native code.
    pub memory_bytes: usize,
    /// Wall-clock time, instantiation included.
    pub elapsed: Duration,
}
