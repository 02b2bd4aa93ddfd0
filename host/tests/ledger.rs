//! The ledger as a program and a person use it.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    fs,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, UNIX_EPOCH},
};

use serde_json::json;
use sigmapol::ledger::{self, Ledger, Options};

/// A clock that begins at one time and goes on by a second a look.
fn options() -> Options {
    let seconds = AtomicU64::new(1_771_934_430);
    Options::default()
        .clock(move || UNIX_EPOCH + Duration::from_secs(seconds.fetch_add(1, Ordering::Relaxed)))
}

#[test]
fn the_format() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("a/ledger");
    let ledger = Ledger::open(&folder, options()).unwrap();
    let text = ledger.text("one\ntwo").unwrap();
    assert_eq!(ledger.text("one\ntwo"), Ok(text));
    let entry = ledger.append("decision", &json!({"z": 1.0, "a": u64::MAX, "of": text})).unwrap();
    assert_eq!(ledger.head(), Some(entry));
    ledger.close().unwrap();
    let written = fs::read_to_string(folder.join("000001.jsonl")).unwrap();
    insta::assert_snapshot!(written);
    assert_eq!(ledger::verify(&folder, None).unwrap().head, entry);
    assert_eq!(ledger::anchor(&folder), Ok(entry));
}
