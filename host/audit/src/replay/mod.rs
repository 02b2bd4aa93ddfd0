//! Making the decisions of a ledger again, in the component that made them, and comparing.

mod beside;
mod catalog;
mod counterfactual;
mod engines;
mod foreign;
mod job;
mod offers;
mod other_ask;
mod plausible;
mod resolve;
mod text_cache;
mod versions;
mod walk;

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

pub use counterfactual::{Change, Counterfactual, LeftOut, counterfactual};
pub use engines::{EngineKind, Engines, Found};
pub use job::Verdict;
use sigmapol_core::Error;
use sigmapol_ledger::LedgerError;
use walk::{lock, walk};

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
    /// Their component is not here, or cannot be used.
    pub component_mismatch: u64,
    /// They need more fuel than is given here.
    pub out_of_fuel: u64,
    /// Recorded by digest alone.
    pub not_recorded: u64,
    /// Records that are missing: they were lost when they should have been written. Where a disk
    /// failed there may be fewer.
    pub missing: u64,
}

impl Summary {
    /// Decisions and steps.
    pub const fn records(&self) -> u64 {
        self.same + self.diverged + self.component_mismatch + self.out_of_fuel + self.not_recorded
    }

    fn count(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Same { fuel } => {
                self.same += 1;
                self.same_fuel += u64::from(*fuel);
            }
            Verdict::Diverged(_) => self.diverged += 1,
            Verdict::ComponentMismatch(..) => self.component_mismatch += 1,
            Verdict::OutOfFuel(..) => self.out_of_fuel += 1,
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
    let missing = walk(folder, threads, &|number, job| {
        let verdict = match job {
            Some(job) => job.replay(engines)?,
            None => Verdict::NotRecorded,
        };
        each(number, &verdict);
        lock(&summary).count(&verdict);
        Ok(())
    })?;
    Ok(Summary { missing, ..summary.into_inner().unwrap_or_else(PoisonError::into_inner) })
}
