//! Making the decisions of a ledger again, in the component that made them, and comparing.

mod counterfactual;
mod engines;
mod job;
mod text_cache;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc::sync_channel},
    thread,
};

pub use counterfactual::{Change, Counterfactual, counterfactual};
pub use engines::{EngineKind, Engines};
use job::Job;
pub use job::Verdict;
use sigmapol_core::Error;
use sigmapol_ledger as ledger;
use sigmapol_ledger::{LedgerError, Record, Records};

use crate::{DECISION, DecisionReceipt, STEP, StepReceipt};
use text_cache::Texts;

/// Records that wait for a worker, times their number.
const WAITING: usize = 64;

/// Why a replay could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The ledger is damaged, or cannot be read.
    #[error("{0}")]
    Ledger(#[from] LedgerError),
    /// A component could not be made ready to run.
    #[error("{0}")]
    Engine(#[from] Error),
    /// A record that holds, but is not what its kind says.
    #[error("record {number}: expected a {kind}: {reason}")]
    Record {
        /// Of the record.
        number: u64,
        /// Its kind.
        kind: String,
        /// Where it is something else.
        reason: String,
    },
}

/// How many records came out how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The same outcome.
    pub same: u64,
    /// Of these, with the same fuel; for the others it could not be compared.
    pub same_fuel: u64,
    /// Another outcome.
    pub diverged: u64,
    /// Their component is not here.
    pub component_mismatch: u64,
    /// Recorded by digest alone.
    pub not_recorded: u64,
}

impl Summary {
    /// Decisions and steps.
    pub const fn records(&self) -> u64 {
        self.same + self.diverged + self.component_mismatch + self.not_recorded
    }

    fn count(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Same { fuel } => {
                self.same += 1;
                self.same_fuel += u64::from(*fuel);
            }
            Verdict::Diverged(_) => self.diverged += 1,
            Verdict::ComponentMismatch(_) => self.component_mismatch += 1,
            Verdict::NotRecorded => self.not_recorded += 1,
        }
    }
}

/// Replays every decision and step of a ledger on so many threads; the chain is verified on the
/// way. `each` hears of every record, in no order.
///
/// # Errors
///
/// The first damage of the ledger, or a component that cannot run.
pub fn replay(
    folder: &Path,
    engines: &Engines,
    threads: usize,
    each: &(dyn Fn(u64, &Verdict) + Sync),
) -> Result<Summary, ReplayError> {
    let summary = Mutex::new(Summary::default());
    walk(folder, threads, &|number, job| {
        let verdict = match job {
            Some(job) => job.replay(engines)?,
            None => Verdict::NotRecorded,
        };
        each(number, &verdict);
        lock(&summary).count(&verdict);
        Ok(())
    })?;
    Ok(summary.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// What is done with a record; there is no job where the texts are not recorded.
type Work<'w> = dyn Fn(u64, Option<&Job>) -> Result<(), Error> + Sync + 'w;

/// Reads a ledger, and works on its decisions and steps on so many threads.
fn walk(folder: &Path, threads: usize, work: &Work<'_>) -> Result<(), ReplayError> {
    let failed: Mutex<Option<Error>> = Mutex::new(None);
    let (jobs, waiting) = sync_channel::<(u64, Option<Job>)>(WAITING * threads.max(1));
    let waiting = Mutex::new(waiting);
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let next = lock(&waiting).recv();
                    let Ok((number, job)) = next else { return };
                    if let Err(error) = work(number, job.as_ref()) {
                        *lock(&failed) = Some(error);
                    }
                }
            });
        }
        // workers go on until there are no more jobs
        let read = feed(folder, |number, job| drop(jobs.send((number, job))));
        drop(jobs);
        read
    })?;
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a ledger and passes on what can be replayed.
fn feed(folder: &Path, mut pass: impl FnMut(u64, Option<Job>)) -> Result<(), ReplayError> {
    let mut reader = ledger::read(folder)?;
    let mut texts = Texts::default();
    while let Some(record) = reader.next() {
        let record = record?;
        match record.kind.as_str() {
            DECISION => {
                let receipt: Box<DecisionReceipt> = body(&record)?;
                let mut find = |digest: &str| find(digest, &mut texts, &reader);
                let ctx = receipt.ctx.text(&mut find);
                let job = match (find(&receipt.policy.sha256), ctx) {
                    (Some(policy), Ok(Some(ctx))) => Some(Job::Decision { receipt, policy, ctx }),
                    _ => None,
                };
                pass(record.number, job);
            }
            STEP => {
                let receipt: Box<StepReceipt> = body(&record)?;
                let mut find = |digest: &str| find(digest, &mut texts, &reader);
                let run = receipt.run.as_deref().map(&mut find);
                let job = match (run, find(&receipt.event)) {
                    (None, Some(event)) => Some(Job::Step { receipt, run: None, event }),
                    (Some(Some(run)), Some(event)) => {
                        Some(Job::Step { receipt, run: Some(run), event })
                    }
                    _ => None,
                };
                pass(record.number, job);
            }
            _ => {}
        }
    }
    Ok(())
}

fn find(digest: &str, texts: &mut Texts, reader: &Records) -> Option<Arc<str>> {
    if let Some(text) = texts.get(digest) {
        return Some(text);
    }
    let text: Arc<str> = reader.texts().get(digest.parse().ok()?).ok()??.into();
    texts.put(digest.to_owned(), Arc::clone(&text));
    Some(text)
}

fn body<T: serde::de::DeserializeOwned>(record: &Record) -> Result<Box<T>, ReplayError> {
    serde_json::from_str(record.body.get()).map(Box::new).map_err(|error| ReplayError::Record {
        number: record.number,
        kind: record.kind.clone(),
        reason: error.to_string(),
    })
}
