//! The ledger as a program and a person use it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod damage;
mod format;
mod recovery;
mod round_trip;
mod writing;

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, UNIX_EPOCH},
};

use proptest::prelude::*;
use serde_json::{Value, json};
use sigmapol_ledger as ledger;
use sigmapol_ledger::{Digest, Entry, Ledger, LedgerError, Options};
use tempfile::TempDir;

/// A clock that goes on by a second a look.
fn options() -> Options {
    let seconds = AtomicU64::new(1_771_934_430);
    Options::default()
        .clock(move || UNIX_EPOCH + Duration::from_secs(seconds.fetch_add(1, Ordering::Relaxed)))
}

/// A folder for a ledger.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A ledger of one segment, with its checkpoint: genesis, a text, and so many records.
    fn with(records: u64) -> Self {
        let files = Self::new();
        files.append(records);
        files
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("ledger")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn open(&self) -> Result<Ledger, LedgerError> {
        Ledger::open(self.folder(), options())
    }

    fn append(&self, records: u64) -> Vec<Entry> {
        let ledger = self.open().unwrap();
        let text = ledger.text("a text").unwrap();
        let bodies: Vec<_> = (0..records).map(|n| json!({"n": n, "of": text})).collect();
        ledger.append_all(bodies.iter().map(|body| ("note", body))).unwrap()
    }

    fn verify(&self) -> Result<Entry, LedgerError> {
        ledger::verify(self.folder(), None).map(|report| report.head)
    }

    /// Every record: its kind and its body.
    fn records(&self) -> Vec<(String, Value)> {
        ledger::read(self.folder())
            .unwrap()
            .map(|record| {
                let record = record.unwrap();
                (record.kind, serde_json::from_str(record.body.get()).unwrap())
            })
            .collect()
    }

    /// The lines of the first segment, with their ends.
    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.file("000001.jsonl")).unwrap();
        text.split_inclusive('\n').map(str::to_owned).collect()
    }

    fn write(&self, lines: &[String]) {
        fs::write(self.file("000001.jsonl"), lines.concat()).unwrap();
    }

    /// The files of a folder, by name.
    fn all(&self, name: &str) -> HashMap<PathBuf, Vec<u8>> {
        let Ok(entries) = fs::read_dir(self.file(name)) else { return HashMap::new() };
        let paths = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
        paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    }
}

impl Files {
    /// What is said of the ledger; `DIR` stands for its folder.
    fn said(&self, call: &str) -> Result<(), String> {
        let folder = self.folder();
        let result = match call {
            "verify" => ledger::verify(&folder, None).map(drop),
            "recover" => ledger::recover(&folder).map(drop),
            "anchor" => ledger::anchor(&folder).map(drop),
            "open" => self.open().map(drop),
            _ => panic!("{call}"),
        };
        let folder = folder.display().to_string();
        result.map_err(|error| error.to_string().replace(&folder, "DIR"))
    }
}

/// Where the error is: segment, line, number.
fn place(error: &LedgerError) -> (u64, u64, u64) {
    match error {
        LedgerError::Damaged { segment, line, number, .. } => (*segment, *line, *number),
        other => panic!("{other}"),
    }
}
