//! The ledger: an append-only log on disk, each record sealed and chained to the one before.
//!
//! For programs that have to show later that nothing was changed or left out. It knows nothing of
//! policies: a record is a kind and a JSON object. `docs/ledger.md` has the format, what is
//! guaranteed and what is not.
//!
//! ```
//! use serde_json::json;
//! use sigmapol_ledger::{self as ledger, Ledger, Options};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let temporary = tempfile::tempdir()?;
//! # let folder = temporary.path().join("ledger");
//! let ledger = Ledger::open(&folder, Options::default())?;
//! let prompt = ledger.text("a long text that many records refer to")?;
//! let entry = ledger.append("call", &json!({ "model": "m", "prompt": prompt }))?;
//! ledger.close()?;
//!
//! let report = ledger::verify(&folder, Some(entry))?;
//! assert_eq!((report.records, report.texts, report.head), (3, 1, entry));
//!
//! let mut records = ledger::read(&folder)?;
//! let last = records.by_ref().last().ok_or("no record")??;
//! assert_eq!((last.kind.as_str(), last.number), ("call", 2));
//! assert!(records.texts().get(prompt)?.is_some_and(|text| text.starts_with("a long text")));
//! # Ok(())
//! # }
//! ```

mod canonical;
mod chain;
mod checkpoint;
mod digest;
mod dir;
mod disk;
mod entry;
mod error;
mod fault;
mod fit;
mod folder;
mod format;
mod limits;
mod line;
mod lines;
mod options;
mod position;
mod quarantine;
mod queue;
mod read;
mod record;
mod record_at;
mod recover;
mod recovery;
mod segment;
mod tail;
#[cfg(test)]
mod tests;
mod texts;
mod time;
mod verify;
mod walk;
mod writer;

pub use digest::Digest;
pub use entry::Entry;
pub use error::LedgerError;
pub use options::Options;
pub use position::Position;
pub use read::{Records, export, read};
pub use record::{Record, read_record};
pub use recover::{anchor, recover};
pub use recovery::{Quarantined, Recovery};
pub use texts::Texts;
pub use verify::{Report, verify};
pub use writer::Ledger;
