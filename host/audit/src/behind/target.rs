//! Where records are written, and again after a failure.

use std::{collections::HashSet, path::PathBuf};

use sigmapol_ledger::{Ledger, LedgerError, Options};

use super::Job;

/// Texts that are known to be in the ledger: routers and policies are the same for many records.
const KNOWN: usize = 1024;

/// Where records are written.
pub(super) trait Target: Send {
    /// Writes records, all of them or none that counts, and comes back when they are on disk.
    fn write(&mut self, records: &[Job]) -> Result<(), LedgerError>;

    /// Makes it fit to be written again after a failure.
    fn mend(&mut self) -> Result<(), LedgerError>;
}

/// A ledger in a folder.
pub(super) struct OnDisk {
    folder: PathBuf,
    /// Nothing while it cannot be opened.
    ledger: Option<Ledger>,
    known: HashSet<String>,
}

impl OnDisk {
    pub(super) fn open(folder: PathBuf) -> Result<Self, LedgerError> {
        let ledger = Some(Ledger::open(&folder, Options::default())?);
        Ok(Self { folder, ledger, known: HashSet::new() })
    }
}

impl Target for OnDisk {
    fn write(&mut self, records: &[Job]) -> Result<(), LedgerError> {
        if self.ledger.is_none() {
            self.mend()?;
        }
        let Some(ledger) = &self.ledger else { return Ok(()) };
        for (digest, text) in records.iter().flat_map(|job| &job.texts) {
            if self.known.contains(digest) {
                continue;
            }
            ledger.text(text)?;
            if self.known.len() >= KNOWN {
                self.known.clear();
            }
            self.known.insert(digest.clone());
        }
        ledger.append_all(records.iter().map(|job| (job.kind, &job.body))).map(drop)
    }

    fn mend(&mut self) -> Result<(), LedgerError> {
        self.known.clear();
        self.ledger = None; // its lock goes with it
        self.ledger = Some(Ledger::open(&self.folder, Options::default())?);
        Ok(())
    }
}
