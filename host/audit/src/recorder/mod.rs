//! The four verbs, each decision and each step recorded before it is returned.

mod catalog;
mod ranker;
mod stepper;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sigmapol_core::{
    Admission, Decision, Engine, Error, Exhausted, Metered, RefusalCode, Spent, Stepper, Turn,
    WrapperError, digest,
};
use sigmapol_ledger::{Ledger, LedgerError};

use crate::{
    behind::Behind,
    ctx::Parted,
    facts::{called, event_kind, names, result_digest},
    over::{Latest, Over, OverRouter},
    receipt::{
        Chosen, DECISION, DecisionReceipt, EngineIdentity, Fuel, PolicyPart, STEP, StepReceipt,
        outcome, turn_outcome,
    },
    sink::{Draft, Sink},
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
    /// The limit of a [`Bounded`](sigmapol_core::Bounded) engine.
    pub cost_limit: Option<u64>,
    /// Also what was asked and answered: requests as they are, events and runs of steps. Without
    /// it the strings of requests are blanked, and a step is a row of digests.
    pub bodies: bool,
}

/// An engine whose decisions and steps are recorded: a result is returned once its record is
/// durable, and an error of the ledger is an error of the call, unless it records
/// [behind](Self::behind). Admissions and identities are not
/// recorded.
///
/// What stands in it may be any [`Engine`], [`Bounded`](sigmapol_core::Bounded) ones included, a
/// [`Catalog`](sigmapol::Catalog) or a [`Ranker`](sigmapol::Ranker). Clones of the two see each
/// other's changes, and a decision is recorded with those that it was made over.
pub struct Recorder<E> {
    engine: E,
    /// Shared with what takes the steps of a router.
    receipts: Arc<Receipts>,
}

/// A text that is in the ledger, after its digest.
type Known = (String, Arc<str>);

/// Where receipts go, and what of them is the same for many.
struct Receipts {
    sink: Sink,
    recording: Recording,
    /// The canonical encodings of policies and their digests, by policy and vocabulary.
    canonical: Mutex<HashMap<String, Option<Known>>>,
    /// Who the candidates are, by the digest of the catalog.
    names: Mutex<HashMap<String, Arc<[Chosen]>>>,
    /// The catalog that was decided over last, and the router.
    catalog: Latest<catalog::Known>,
    router: Latest<ranker::Known>,
}

impl<E> Recorder<E> {
    /// Records what is decided in `engine`.
    pub fn new(engine: E, ledger: Arc<Ledger>, recording: Recording) -> Self {
        Self::to(engine, Sink::Required(ledger), recording)
    }

    fn to(engine: E, sink: Sink, recording: Recording) -> Self {
        let receipts = Receipts {
            sink,
            recording,
            canonical: Mutex::default(),
            names: Mutex::default(),
            catalog: Latest::default(),
            router: Latest::default(),
        };
        Self { engine, receipts: Arc::new(receipts) }
    }

    /// What decides.
    pub const fn inner(&self) -> &E {
        &self.engine
    }
}

impl<E: Engine> Recorder<E> {
    /// As [`new`](Self::new), and no call waits for the disk, or fails because of it: records may be
    /// lost, and are counted then.
    pub fn behind(engine: E, records: Arc<Behind>, recording: Recording) -> Self {
        Self::to(engine, Sink::Behind(records), recording)
    }
}

/// What is decided over, beside the ctx.
struct Base<'b> {
    over: Option<Over>,
    vocabulary: &'b str,
    names: Option<Arc<[Chosen]>>,
}

impl Receipts {
    fn decision(
        &self,
        admits: &dyn Engine,
        policy: &str,
        ctx: &Parted,
        base: Base<'_>,
        result: &Result<Metered<Decision>, Error>,
    ) -> Result<(), LedgerError> {
        let blanked = !self.recording.bodies;
        let draft = self.sink.draft();
        let mut parts = ctx.keep(|text| draft.keep(text))?;
        parts.bytes = self.recording.cost_limit.map(|_| ctx.text.len().to_string());
        let outcome = outcome(result, blanked);
        let decided = result.as_ref().ok();
        let catalog = ctx.member("candidates").map(|text| digest(text.as_bytes()));
        let receipt = DecisionReceipt {
            engine: self.recording.engine.clone(),
            policy: PolicyPart {
                sha256: draft.keep(policy)?,
                canonical: self.canonical(&draft, admits, policy, base.vocabulary)?,
            },
            catalog,
            over: base.over,
            seed: ctx.member("seed").map(str::to_owned),
            chosen: decided.zip(base.names).and_then(|(decided, names)| {
                let first = decided.value.ordered.first()?.candidate;
                names.get(usize::try_from(first).ok()?).cloned()
            }),
            request: decided
                .and_then(|decided| decided.value.request.as_deref())
                .map(|request| digest(request.as_bytes())),
            result: result_digest(&outcome),
            fuel: Some(self.fuel(decided.map(|decided| decided.spent))),
            cost_limit: self.recording.cost_limit.map(|limit| limit.to_string()),
            ctx: parts,
            outcome,
        };
        draft.append(DECISION, &receipt)
    }

    fn turn(
        &self,
        draft: Draft<'_>,
        over: Option<OverRouter>,
        run: Option<&str>,
        event: &str,
        result: &Result<Metered<Turn>, Error>,
    ) -> Result<(), LedgerError> {
        let outcome = turn_outcome(result);
        let receipt = StepReceipt {
            engine: self.recording.engine.clone(),
            kind: event_kind(event),
            chosen: result.as_ref().ok().and_then(|turn| called(&turn.value)),
            run: run.map(|run| self.keep_said(&draft, run)).transpose()?,
            event: self.keep_said(&draft, event)?,
            over,
            texts: self.recording.bodies,
            result: result_digest(&outcome),
            fuel: Some(self.fuel(result.as_ref().ok().map(|turn| turn.spent))),
            outcome,
        };
        draft.append(STEP, &receipt)
    }

    /// A text that may say more than was decided on: a digest alone, unless bodies are recorded.
    fn keep_said(&self, draft: &Draft<'_>, text: &str) -> Result<String, LedgerError> {
        match self.recording.bodies {
            true => draft.keep(text),
            false => Ok(digest(text.as_bytes())),
        }
    }

    fn fuel(&self, spent: Option<Spent>) -> Fuel {
        Fuel {
            limit: self.recording.fuel_limit.to_string(),
            used: spent.map(|spent| spent.fuel.to_string()),
        }
    }

    /// The digest of the canonical encoding of a policy, which is put in the ledger.
    fn canonical(
        &self,
        draft: &Draft<'_>,
        engine: &dyn Engine,
        policy: &str,
        vocabulary: &str,
    ) -> Result<Option<String>, LedgerError> {
        let key = format!("{}{}", digest(policy.as_bytes()), digest(vocabulary.as_bytes()));
        if let Some(known) = lock(&self.canonical).get(&key) {
            return Ok(known.as_ref().map(|(digest, text)| {
                draft.keep_known(digest, text);
                digest.clone()
            }));
        }
        let found = match engine.admit(policy, vocabulary) {
            Ok(admission) => {
                let text = Arc::from(admission.value.canonical);
                Some((draft.keep(&text)?, text))
            }
            Err(_) => None,
        };
        remember(&self.canonical, key, found.clone());
        Ok(found.map(|(digest, _)| digest))
    }

    /// Who the candidates are.
    fn names(&self, candidates: &str) -> Option<Arc<[Chosen]>> {
        let key = digest(candidates.as_bytes());
        if let Some(known) = lock(&self.names).get(&key) {
            return Some(Arc::clone(known));
        }
        let names: Arc<[Chosen]> = names(candidates)?.into();
        remember(&self.names, key, Arc::clone(&names));
        Some(names)
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

/// Whether a router that was read before leaves something to a stateless step: what it cannot do, and
/// what it has no instance for. Nothing was done, so that nothing is recorded.
fn is_for_others<T>(result: &Result<T, Error>) -> bool {
    match result {
        Err(Error::Refused(refusal)) => refusal.code == RefusalCode::Unsupported,
        Err(error) => *error == Error::Exhausted(Exhausted::Instances),
        Ok(_) => false,
    }
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
        let ctx = Parted::new(ctx, self.receipts.recording.bodies);
        let result = self.engine.decide(policy, &ctx.text);
        let base = Base {
            over: None,
            vocabulary: ctx.member("vocabulary").unwrap_or("{}"),
            names: ctx.member("candidates").and_then(|text| self.receipts.names(text)),
        };
        self.receipts.decision(&self.engine, policy, &ctx, base, &result).map_err(not_recorded)?;
        result
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        let result = self.engine.step(run, event);
        let draft = self.receipts.sink.draft();
        self.receipts.turn(draft, None, run, event, &result).map_err(not_recorded)?;
        result
    }

    /// The steps are recorded, each with the router by its digest.
    fn stepper(&self, router: &str) -> Result<Box<dyn Stepper>, Error> {
        let stepper = self.engine.stepper(router)?;
        Ok(Box::new(stepper::RecordedStepper::new(stepper, router, &self.receipts)?))
    }
}

impl<E> fmt::Debug for Recorder<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("recording", &self.receipts.recording)
            .finish_non_exhaustive()
    }
}
