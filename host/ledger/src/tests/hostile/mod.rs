//! Folders that somebody made to do harm: every call answers, and nothing around them changes.

mod files;
mod lies;
mod places;
mod records;
mod said;
mod surroundings;

use std::{path::PathBuf, sync::mpsc, thread, time::Duration};

use serde_json::json;

use crate::{
    Digest, Entry, Ledger, LedgerError, Options, Position, anchor, export, read, read_record,
    recover,
    tests::{attack::Campaign, random::Random},
    verify,
};
use surroundings::Surroundings;

/// Far more than any call takes: only one that does not end takes as long.
const HANGS: Duration = Duration::from_secs(10);

/// Calls on a thread of its own, and gives up on a call that does not come back.
fn answer<T: Send + 'static>(what: &str, call: impl FnOnce() -> T + Send + 'static) -> T {
    let (said, heard) = mpsc::channel();
    thread::spawn(move || drop(said.send(call())));
    heard.recv_timeout(HANGS).unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// The outcome of reading all, texts too.
fn read_all(folder: PathBuf) -> Result<Option<Entry>, LedgerError> {
    let mut records = read(folder)?;
    let mut head = None;
    for record in &mut records {
        head = Some(record?.entry());
    }
    let texts = records.into_texts();
    for digest in texts.digests().take(5) {
        let text = texts.get(digest)?.unwrap();
        assert!(text.len() as u64 <= texts.bytes(digest).unwrap());
        assert_eq!(Digest::of(&text), digest);
    }
    Ok(head)
}

#[derive(Debug)]
struct Failed(LedgerError);

impl From<LedgerError> for Failed {
    fn from(error: LedgerError) -> Self {
        Self(error)
    }
}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        panic!("a vector takes all: {error}")
    }
}

/// Everything that can be asked of a folder, each thing once; the writers last.
fn ask_everything(around: &Surroundings, random: &mut Random) {
    let folder = || around.ledger();
    let outside = around.digest();
    let check = |call: &str| assert_eq!(around.digest(), outside, "{call} changed what is outside");

    let verified = answer("verify", {
        let folder = folder();
        move || verify(folder, None)
    });
    check("verify");
    let all = answer("read", {
        let folder = folder();
        move || read_all(folder)
    });
    assert_eq!(all, verified.clone().map(|report| Some(report.head)), "read and verify differ");
    let exported = answer("export", {
        let folder = folder();
        move || export::<Failed>(folder, &mut Vec::new())
    });
    assert_eq!(exported.map_err(|Failed(error)| error), all, "export and verify differ");
    check("read");
    let anchored = answer("anchor", {
        let folder = folder();
        move || anchor(folder)
    });
    if let Ok(report) = &verified {
        assert_eq!(anchored, Ok(report.head), "a whole ledger has this anchor");
    }
    check("anchor");
    let position = Position {
        segment: random.pick(&[0, 1, 2, 999_999, u64::MAX]),
        offset: random.pick(&[0, 1, 300, i64::MAX as u64, u64::MAX]),
    };
    let _ = answer("read_record", {
        let folder = folder();
        move || read_record(folder, position)
    });
    check("read_record");

    let segments = around.segments();
    let refused = |result: &Result<(), LedgerError>| {
        let refusal = matches!(
            result,
            Err(LedgerError::Damaged { .. } | LedgerError::Version(_) | LedgerError::Busy { .. })
        );
        assert!(
            !refusal || around.segments() == segments,
            "it wrote, and then refused: {result:?}"
        );
    };
    let recovered = answer("recover", {
        let folder = folder();
        move || recover(folder).map(drop)
    });
    refused(&recovered);
    check("recover");
    let opened = answer("open", {
        let folder = folder();
        move || {
            let ledger = Ledger::open(folder, Options::default().segment_bytes(2_000))?;
            let of = ledger.text("a text")?;
            let entry = ledger.append("note", &json!({ "of": of }))?;
            ledger.close()?;
            Ok::<_, LedgerError>(entry)
        }
    });
    refused(&opened.clone().map(drop));
    check("open");
    if let (Ok(before), Ok(entry)) = (&verified, &opened) {
        let after = verify(folder(), Some(before.head)).unwrap();
        assert_eq!(after.head, *entry, "what was appended is the end");
    }
    if verified.is_ok() && around.is_writable() {
        assert!(opened.is_ok(), "a whole ledger can be written: {opened:?}");
    }
}

#[test]
fn hostile_folders_do_no_harm() {
    let tally = Campaign::new("hostile ledgers", 300).run(|numbers| {
        let mut random = Random(numbers.next());
        let around = Surroundings::new();
        let done = files::make(&around, &mut random);
        // shown of a case that fails
        println!("{done:?}");
        ask_everything(&around, &mut random);
        verify(around.ledger(), None).map_or_else(|error| error.code(), |_| "whole")
    });
    // the generator reaches every answer that a reader can give
    for kind in ["whole", "damaged", "not-a-ledger"] {
        assert!(!tally.is_whole || tally.of(kind) > tally.cases / 30, "{tally:?}");
    }
    tally.say("");
}
