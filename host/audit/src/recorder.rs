//! The four engine, each decision and each step recorded before it is returned.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sigmapol_core::{
    Admission, Decision, Engine, Error, Metered, Spent, Turn, WrapperError, digest,
};
use sigmapol_ledger::{Ledger, LedgerError};

use crate::{
    ctx::Parted,
    facts::{called, event_kind, names, result_digest},
    receipt::{
        Chosen, DECISION, DecisionReceipt, EngineIdentity, Fuel, PolicyPart, STEP, StepReceipt,
        outcome, turn_outcome,
    },
};

/// Policies and catalogs of which something is remembered: what decisions share is few.
const REMEMBERED: usize = 64;

/// What is recorded, and how much of it.
#[derive(Clone, Debug)]
pub struct Recording {
    /// What decides.
    pub engine: EngineIdentity,
    /// The fuel of a call; 0 for an engine that has no limit.
    pub fuel_limit: u64,
    /// Also what was asked and answered: requests as they are, events and runs of steps. Without
    /// it the strings of requests are blanked, and a step is a row of digests.
    pub bodies: bool,
}

/// An engine whose decisions and steps are recorded: a result is returned once its record is
/// durable, and an error of the ledger is an error of the call. Admissions and identities are not
/// recorded.
pub struct Recorder<E> {
    engine: E,
    ledger: Arc<Ledger>,
    recording: Recording,
    /// The canonical encodings of policies, by policy and vocabulary.
    canonical: Mutex<HashMap<String, Option<String>>>,
    /// Who the candidates are, by the digest of the catalog.
    names: Mutex<HashMap<String, Arc<[Chosen]>>>,
}

impl<E: Engine> Recorder<E> {
    /// Records what `engine` decides.
    pub fn new(engine: E, ledger: Arc<Ledger>, recording: Recording) -> Self {
        Self { engine, ledger, recording, canonical: Mutex::default(), names: Mutex::default() }
    }

    fn decision(
        &self,
        policy: &str,
        ctx: &Parted,
        result: &Result<Metered<Decision>, Error>,
    ) -> Result<(), LedgerError> {
        let blanked = !self.recording.bodies;
        let keep = |text: &str| Ok::<_, LedgerError>(self.ledger.text(text)?.to_string());
        let parts = ctx.keep(keep)?;
        let outcome = outcome(result, blanked);
        let decided = result.as_ref().ok();
        let receipt = DecisionReceipt {
            engine: self.recording.engine.clone(),
            policy: PolicyPart {
                sha256: self.ledger.text(policy)?.to_string(),
                canonical: self.canonical(policy, ctx.member("vocabulary").unwrap_or("{}"))?,
            },
            catalog: ctx.member("candidates").map(|text| digest(text.as_bytes())),
            seed: ctx.member("seed").map(str::to_owned),
            chosen: decided.and_then(|decided| self.chosen(&decided.value, ctx)),
            request: decided
                .and_then(|decided| decided.value.request.as_deref())
                .map(|request| digest(request.as_bytes())),
            result: result_digest(&outcome),
            fuel: Some(self.fuel(decided.map(|decided| decided.spent))),
            ctx: parts,
            outcome,
        };
        self.ledger.append(DECISION, &receipt).map(drop)
    }

    fn turn(
        &self,
        run: Option<&str>,
        event: &str,
        result: &Result<Metered<Turn>, Error>,
    ) -> Result<(), LedgerError> {
        let keep = |text: &str| match self.recording.bodies {
            true => Ok(self.ledger.text(text)?.to_string()),
            false => Ok::<_, LedgerError>(digest(text.as_bytes())),
        };
        let outcome = turn_outcome(result);
        let receipt = StepReceipt {
            engine: self.recording.engine.clone(),
            kind: event_kind(event),
            chosen: result.as_ref().ok().and_then(|turn| called(&turn.value)),
            run: run.map(keep).transpose()?,
            event: keep(event)?,
            texts: self.recording.bodies,
            result: result_digest(&outcome),
            fuel: Some(self.fuel(result.as_ref().ok().map(|turn| turn.spent))),
            outcome,
        };
        self.ledger.append(STEP, &receipt).map(drop)
    }

    fn fuel(&self, spent: Option<Spent>) -> Fuel {
        Fuel {
            limit: self.recording.fuel_limit.to_string(),
            used: spent.map(|spent| spent.fuel.to_string()),
        }
    }

    /// The digest of the canonical encoding of a policy, which is put in the ledger.
    fn canonical(&self, policy: &str, vocabulary: &str) -> Result<Option<String>, LedgerError> {
        let key = format!("{}{}", digest(policy.as_bytes()), digest(vocabulary.as_bytes()));
        if let Some(known) = lock(&self.canonical).get(&key) {
            return Ok(known.clone());
        }
        let found = match self.engine.admit(policy, vocabulary) {
            Ok(admission) => Some(self.ledger.text(&admission.value.canonical)?.to_string()),
            Err(_) => None,
        };
        remember(&self.canonical, key, found.clone());
        Ok(found)
    }

    fn chosen(&self, decision: &Decision, ctx: &Parted) -> Option<Chosen> {
        let first = usize::try_from(decision.ordered.first()?.candidate).ok()?;
        let candidates = ctx.member("candidates")?;
        let key = digest(candidates.as_bytes());
        let known = lock(&self.names).get(&key).cloned();
        let names = match known {
            Some(names) => names,
            None => {
                let names: Arc<[Chosen]> = names(candidates)?.into();
                remember(&self.names, key, Arc::clone(&names));
                names
            }
        };
        names.get(first).cloned()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts one more in, and everything else out when there are too many.
fn remember<T>(known: &Mutex<HashMap<String, T>>, key: String, value: T) {
    let mut known = lock(known);
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(key, value);
}

/// A result that could not be recorded is not given out.
fn not_recorded(error: LedgerError) -> Error {
    WrapperError::new(format!("ledger {}", error.code()), error).into()
}

impl<E: Engine> Engine for Recorder<E> {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
        self.engine.admit(term, vocabulary)
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
        self.engine.hash(term, vocabulary)
    }

    /// The members of the ctx are put in byte order before it is decided on: that text is what is
    /// recorded.
    fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
        let ctx = Parted::new(ctx, self.recording.bodies);
        let result = self.engine.decide(policy, &ctx.text);
        self.decision(policy, &ctx, &result).map_err(not_recorded)?;
        result
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        let result = self.engine.step(run, event);
        self.turn(run, event, &result).map_err(not_recorded)?;
        result
    }
}

impl<E> fmt::Debug for Recorder<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("recording", &self.recording).finish_non_exhaustive()
    }
}
