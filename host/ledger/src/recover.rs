//! What is asked of the end of a ledger by somebody who does not write it.

use std::path::Path;

use crate::{
    entry::Entry, error::LedgerError, folder::Folder, options::Options, recovery::Recovery,
    tail::Tail, writer::Ledger,
};

/// Mends a ledger as opening it would, and says what was mended.
///
/// It does not verify: what the checkpoint covers is not read ([`Recovery::believed`]), and damage
/// there stays unseen. [`verify`](crate::verify()) the ledger before you rely on what it says.
///
/// # Errors
///
/// Those of [`Ledger::open`]; a folder without a ledger stays without one.
pub fn recover(folder: impl AsRef<Path>) -> Result<Recovery, LedgerError> {
    let folder = Folder::open(folder.as_ref())?;
    let ledger = Ledger::open_existing(folder, Options::default())?;
    let recovery = ledger.recovery().clone();
    ledger.close()?;
    Ok(recovery)
}

/// The last whole record, to be kept elsewhere: that records after it are cut off cannot be seen
/// in the ledger itself. What the checkpoint covers is not read; nothing is written.
///
/// Of a ledger that is being written, [`Ledger::head`] is the one that is on disk for good.
///
/// # Errors
///
/// `damaged`, `not-a-ledger`, `version` or `io`; `torn` if there is no whole record.
pub fn anchor(folder: impl AsRef<Path>) -> Result<Entry, LedgerError> {
    let folder = Folder::open(folder.as_ref())?;
    let tail = Tail::find(&folder)?;
    let torn = || LedgerError::Torn { segment: 1, offset: 0, bytes: tail.torn_bytes() };
    tail.reached.head.ok_or_else(torn)
}
