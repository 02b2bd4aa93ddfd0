//! The ledger as a program and a person use it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, UNIX_EPOCH},
};

use clap::Parser as _;
use proptest::prelude::*;
use serde_json::{Value, json};
use sigmapol::{
    cli::{self, Cli, Failure},
    ledger::{self, Digest, Entry, Ledger, LedgerError, Options},
};
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

    /// Runs `sigmapol ledger`; `DIR` is the ledger.
    fn run(&self, line: &str) -> Result<String, (String, u8)> {
        let folder = self.folder().display().to_string();
        let line = format!("sigmapol ledger {line} --width 100").replace("DIR", &folder);
        let cli =
            Cli::try_parse_from(line.split_whitespace()).unwrap_or_else(|error| panic!("{error}"));
        let mut out = Vec::new();
        match cli::run(&cli, &mut out) {
            Ok(()) => Ok(String::from_utf8(out).unwrap().replace(&folder, "DIR")),
            Err(failure) => Err(self.hide(&failure)),
        }
    }

    fn hide(&self, failure: &Failure) -> (String, u8) {
        let text = failure.to_string().replace(&self.folder().display().to_string(), "DIR");
        (text, failure.exit_code())
    }
}

/// Where the error is: segment, line, number.
fn place(error: &LedgerError) -> (u64, u64, u64) {
    match error {
        LedgerError::Damaged { segment, line, number, .. } => (*segment, *line, *number),
        other => panic!("{other}"),
    }
}

#[test]
fn the_format() {
    let files = Files::new();
    let ledger = files.open().unwrap();
    let text = ledger.text("one\ntwo").unwrap();
    assert_eq!(ledger.text("one\ntwo"), Ok(text));
    let entry = ledger.append("decision", &json!({"z": 1.0, "a": u64::MAX, "of": text})).unwrap();
    assert_eq!(ledger.head(), Some(entry));
    ledger.close().unwrap();
    let written = fs::read_to_string(files.file("000001.jsonl")).unwrap();
    insta::assert_snapshot!(written);
    assert_eq!(files.verify(), Ok(entry));
    assert_eq!(ledger::anchor(files.folder()), Ok(entry));
    let mut exported = Vec::new();
    let head = ledger::export::<Box<dyn std::error::Error>>(files.folder(), &mut exported).unwrap();
    assert_eq!((head, String::from_utf8(exported).unwrap()), (Some(entry), written));
}

#[test]
fn reading_gives_what_was_written() {
    let files = Files::with(3);
    let mut records = ledger::read(files.folder()).unwrap();
    let digest = Digest::of("a text");
    assert!(records.texts().is_empty());
    let genesis = records.next().unwrap().unwrap();
    assert_eq!((genesis.kind.as_str(), genesis.number), ("genesis", 0));
    assert_eq!(genesis.at, "2026-02-24T12:00:30.000000Z");
    assert_eq!(genesis.prev.to_string(), "0".repeat(64));
    records.next().unwrap().unwrap();
    let texts = records.texts().clone();
    assert_eq!(texts.digests().collect::<Vec<_>>(), [digest]);
    assert_eq!(texts.get(digest), Ok(Some("a text".to_owned())));
    assert_eq!(texts.get(Digest::of("another")), Ok(None));
    let rest: Vec<_> = records.map(Result::unwrap).collect();
    for (n, record) in rest.iter().enumerate() {
        assert_eq!(record.body.get(), format!("{{\"n\":{n},\"of\":\"{digest}\"}}"));
        let again = ledger::read_record(files.folder(), record.position).unwrap();
        assert_eq!((again.entry(), again.body.get()), (record.entry(), record.body.get()));
    }
    let mut nowhere = rest[0].position;
    nowhere.offset += 1;
    assert_eq!(
        ledger::read_record(files.folder(), nowhere).unwrap_err().to_string(),
        format!(
            "damaged: segment 1, line 0, number 0: expected a record at offset {}",
            nowhere.offset
        )
    );
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let files = Files::with(1);
    let ledger = files.open().unwrap();
    let before = ledger.head();
    for (kind, body, text) in [
        ("text", json!({}), "unfit: expected a kind that is not the ledger's, got text"),
        ("genesis", json!({}), "unfit: expected a kind that is not the ledger's, got genesis"),
        ("segment", json!({}), "unfit: expected a kind that is not the ledger's, got segment"),
        ("recovered", json!({}), "unfit: expected a kind that is not the ledger's, got recovered"),
        (
            "No",
            json!({}),
            "unfit: expected a kind of at most 64 of a-z, 0-9, _, - and ., the first a letter",
        ),
        ("note", json!([1]), "unfit: expected an object as the body"),
        (
            "note",
            json!({"long": "x".repeat(64 << 20)}),
            "unfit: expected a body of at most 67108352 bytes, got 67108875",
        ),
    ] {
        let error = ledger.append(kind, &body).unwrap_err();
        assert_eq!(error.to_string(), text);
        let records = [("note", &json!({})), (kind, &body)];
        assert_eq!(ledger.append_all(records), Err(error));
    }
    assert_eq!(
        ledger.text(&"x".repeat(64 << 20)).unwrap_err().to_string(),
        "unfit: expected a body of at most 67108352 bytes, got 67108951"
    );
    let nan = ledger.append("note", &json!({"nan": f64::NAN})).unwrap();
    assert_eq!(nan.number, before.unwrap().number + 1);
    drop(ledger);
    assert_eq!(files.records().pop().unwrap().1, json!({"nan": null}));
}

#[test]
fn a_changed_byte_is_found_wherever_it_is() {
    let files = Files::with(998);
    let path = files.file("000001.jsonl");
    let mut bytes = fs::read(&path).unwrap();
    let ends: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
    assert_eq!(ends.len(), 1_000);
    for round in 0..40_usize {
        // another record every time, another byte of it, another bit
        let line = 7 + round * 23;
        let at = ends[line] - round * 7 % (ends[line] - ends[line - 1]);
        bytes[at] ^= 1 << (round % 8);
        fs::write(&path, &bytes).unwrap();
        let verified = files.verify().unwrap_err();
        let number = line as u64;
        assert_eq!(place(&verified), (1, number + 1, number));
        let read = ledger::read(files.folder()).unwrap().last().unwrap().unwrap_err();
        assert_eq!(read, verified);
        bytes[at] ^= 1 << (round % 8);
    }
    fs::write(&path, &bytes).unwrap();
    assert_eq!(files.verify().unwrap().number, 999);
}

#[test]
fn lines_deleted_swapped_and_doubled_are_found() {
    let files = Files::with(100);
    let lines = files.lines();
    let last = lines.len() - 1;
    for at in (0..last).step_by(9) {
        let mut deleted = lines.clone();
        deleted.remove(at);
        let mut swapped = lines.clone();
        swapped.swap(at, at + 1);
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at].clone());
        let number = at as u64;
        for (lines, number) in [(deleted, number), (swapped, number), (doubled, number + 1)] {
            files.write(&lines);
            let error = files.verify().unwrap_err();
            assert_eq!(place(&error), (1, number + 1, number), "{error}");
            // opening finds it too, and leaves everything as it is
            fs::remove_file(files.file("checkpoint.json")).unwrap_or_default();
            let before = files.all("");
            assert_eq!(files.open().unwrap_err(), error);
            assert_eq!(files.all(""), before);
        }
    }
    files.write(&lines);
    let expected = |at: usize, what: &str| {
        format!("damaged: segment 1, line {}, number {at}: expected {what}", at + 1)
    };
    let mut deleted = lines.clone();
    deleted.remove(50);
    files.write(&deleted);
    assert_eq!(files.verify().unwrap_err().to_string(), expected(50, "the number 50, got 51"));
    deleted[50] = lines[50].replace("\"n\":48", "\"n\":49");
    files.write(&deleted);
    let error = files.verify().unwrap_err().to_string();
    assert!(error.starts_with(&expected(50, "the seal ")), "{error}");
}

#[test]
fn what_is_cut_off_is_seen_against_an_anchor_only() {
    let files = Files::with(40);
    let anchor = files.verify().unwrap();
    assert_eq!(ledger::verify(files.folder(), Some(anchor)).unwrap().head, anchor);
    let lines = files.lines();
    for kept in lines.len() - 20..lines.len() {
        files.write(&lines[..kept]);
        let last = kept as u64 - 1;
        assert_eq!(files.verify().unwrap().number, last);
        let error = ledger::verify(files.folder(), Some(anchor)).unwrap_err();
        let expected = format!("anchor: expected the record 41, the last one is {last}");
        assert_eq!((error.code(), error.to_string()), ("anchor", expected));
    }
    // an anchor of a ledger that went another way
    files.write(&lines);
    let other = Entry { number: 7, seal: anchor.seal };
    let error = ledger::verify(files.folder(), Some(other)).unwrap_err();
    let records = ledger::read(files.folder()).unwrap();
    let seal = records.map(Result::unwrap).nth(7).unwrap().seal;
    let text = format!("anchor: expected the seal {} of the record 7, got {seal}", anchor.seal);
    assert_eq!(error.to_string(), text);
    let earlier = Entry { number: 7, seal };
    assert_eq!(ledger::verify(files.folder(), Some(earlier)).unwrap().head, anchor);
}

#[test]
fn a_last_line_cut_short_anywhere_is_mended() {
    let files = Files::with(3);
    let lines = files.lines();
    let (last, before) = lines.split_last().unwrap();
    let offset = before.concat().len();
    let head = files.verify().unwrap();
    for kept in 1..last.len() {
        let cut = &last[..kept];
        files.write(&[before.concat(), cut.to_owned()]);
        let torn = LedgerError::Torn { segment: 1, offset: offset as u64, bytes: kept as u64 };
        assert_eq!(files.verify(), Err(torn.clone()));
        assert_eq!(ledger::read(files.folder()).unwrap().last().unwrap().unwrap_err(), torn);
        assert_eq!(ledger::anchor(files.folder()).unwrap().number, 3);
        // the checkpoint says more than there is
        let recovery = ledger::recover(files.folder()).unwrap();
        if kept == last.len() - 1 {
            // all but its end
            assert!(recovery.completed && recovery.quarantined.is_empty());
            assert_eq!((files.verify(), files.lines()), (Ok(head), lines.clone()));
            continue;
        }
        assert!(!recovery.completed);
        let [quarantined] = recovery.quarantined.as_slice() else { panic!("{recovery:?}") };
        assert_eq!((quarantined.segment, quarantined.offset), (1, offset as u64));
        assert_eq!(fs::read_to_string(&quarantined.file).unwrap(), cut);
        assert_eq!(files.verify().unwrap().number, 4);
        assert_eq!(files.lines()[..4], *before);
        let sha256 = Digest::of(cut);
        let body = json!({"bytes": kept, "offset": offset, "segment": 1, "sha256": sha256});
        assert_eq!(files.records()[4..], [("recovered".to_owned(), body)]);
        assert!(ledger::recover(files.folder()).unwrap().is_whole());
    }
    assert_eq!(files.all("quarantine").len(), last.len() - 2);
}

/// A recovery that was itself interrupted: between any two of its steps.
#[test]
fn recovery_goes_on_where_it_stopped() {
    let files = Files::with(3);
    let mut lines = files.lines();
    let whole = lines.concat().len();
    let cut = lines[3][..70].to_owned();
    lines.push(cut.clone());
    files.write(&lines);
    ledger::recover(files.folder()).unwrap();
    let recovered = files.lines();
    let kept = files.all("quarantine").into_keys().next().unwrap();
    let pending = kept.with_extension("pending");
    assert_eq!(kept.extension().unwrap(), "torn");

    // copied and not cut off, with half a copy; cut off and not told; told and not renamed
    for (copied, segment) in [
        (&cut[..10], lines.concat()),
        (cut.as_str(), lines.concat()),
        (cut.as_str(), lines[..5].concat()),
        (cut.as_str(), recovered.concat()),
    ] {
        fs::remove_file(&kept).unwrap();
        fs::write(&pending, copied).unwrap();
        fs::write(files.file("000001.jsonl"), segment).unwrap();
        fs::remove_file(files.file("checkpoint.json")).unwrap();
        let recovery = ledger::recover(files.folder()).unwrap();
        assert_eq!(recovery.quarantined[0].bytes, 70);
        let records = files.records();
        assert_eq!(records.len(), 6);
        assert_eq!(records[5].1["offset"], json!(whole));
        assert_eq!(
            files.all("quarantine"),
            HashMap::from([(kept.clone(), cut.clone().into_bytes())])
        );
    }
}

#[test]
fn a_segment_that_was_made_and_not_written_is_begun() {
    let files = Files::with(3);
    let head = files.verify().unwrap();
    fs::write(files.file("000002.jsonl"), "").unwrap();
    let torn = LedgerError::Torn { segment: 2, offset: 0, bytes: 0 };
    assert_eq!(files.verify(), Err(torn.clone()));
    assert_eq!(ledger::read(files.folder()).unwrap().last().unwrap().unwrap_err(), torn);
    assert_eq!(ledger::anchor(files.folder()), Ok(head));
    assert!(ledger::recover(files.folder()).unwrap().is_whole());
    assert_eq!(files.records()[5..], [("segment".to_owned(), json!({"segment": 2}))]);
    assert_eq!(ledger::verify(files.folder(), Some(head)).unwrap().segments, 2);

    // and so is a ledger that was torn in its first line
    let files = Files::new();
    drop(files.open().unwrap());
    for cut in ["", "{\"at\":"] {
        files.write(&[cut.to_owned()]);
        assert_eq!(ledger::anchor(files.folder()).unwrap_err().code(), "torn");
        drop(files.open().unwrap());
        assert_eq!(
            files.records()[0],
            ("genesis".to_owned(), json!({"format": "sigmapol-ledger/v1"}))
        );
    }
    assert_eq!(files.records().len(), 2);
}

#[test]
fn many_threads_append_one_chain() {
    let files = Files::new();
    let ledger = files.open().unwrap();
    let entries: Vec<Vec<Entry>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let ledger = &ledger;
                scope.spawn(move || {
                    let append = |n| {
                        let of = ledger.text(&format!("text {}", n % 5)).unwrap();
                        ledger.append("note", &json!({"thread": thread, "n": n, "of": of})).unwrap()
                    };
                    (0..200).map(append).collect()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    drop(ledger);
    let report = ledger::verify(files.folder(), None).unwrap();
    assert_eq!((report.records, report.texts), (1 + 5 + 1_600, 5));
    let numbers: HashSet<_> = entries.iter().flatten().map(|entry| entry.number).collect();
    assert_eq!(numbers.len(), 1_600);
    let mut seen = HashSet::new();
    for record in ledger::read(files.folder()).unwrap().map(Result::unwrap) {
        let body: Value = serde_json::from_str(record.body.get()).unwrap();
        match record.kind.as_str() {
            "text" => drop(seen.insert(body["sha256"].clone())),
            "note" => {
                assert!(seen.contains(&body["of"]), "a text is before what refers to it");
                let thread = body["thread"].as_u64().unwrap() as usize;
                let n = body["n"].as_u64().unwrap() as usize;
                assert_eq!(entries[thread][n], record.entry());
            }
            other => assert_eq!(other, "genesis"),
        }
    }
}

#[test]
fn one_writer_at_a_time() {
    let files = Files::with(1);
    let ledger = files.open().unwrap();
    let busy = LedgerError::Busy { folder: files.folder().display().to_string() };
    assert_eq!(files.open().unwrap_err(), busy);
    assert_eq!(ledger::recover(files.folder()), Err(busy));
    assert_eq!(
        files.run("recover DIR"),
        Err(("busy: DIR: another one writes this ledger".to_owned(), 75))
    );
    // readers need no lock
    assert_eq!(files.verify().ok(), ledger.head());
    drop(ledger);
    assert!(ledger::recover(files.folder()).unwrap().is_whole());
}

#[test]
fn after_a_write_that_failed_nothing_is_written() {
    let files = Files::new();
    let ledger = Ledger::open(files.folder(), options().segment_bytes(1_000)).unwrap();
    // the name of the next segment is taken
    fs::create_dir(files.file("000002.jsonl")).unwrap();
    let mut acknowledged = ledger.head().unwrap();
    let error = loop {
        match ledger.append("note", &json!({"n": acknowledged.number})) {
            Ok(entry) => acknowledged = entry,
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), "io");
    fs::remove_dir(files.file("000002.jsonl")).unwrap();
    assert_eq!(ledger.append("note", &json!({})), Err(error.clone()));
    assert_eq!(ledger.text("x"), Err(error.clone()));
    assert_eq!(ledger.sync(), Err(error.clone()));
    assert_eq!(ledger.head(), Some(acknowledged));
    assert_eq!(ledger.close(), Err(error));
    assert_eq!(files.verify(), Ok(acknowledged));
    let again = files.open().unwrap().append("note", &json!({})).unwrap();
    assert_eq!(again.number, acknowledged.number + 1);
}

#[test]
fn the_chain_goes_on_over_segments() {
    let files = Files::new();
    let open = || Ledger::open(files.folder(), options().segment_bytes(2_000)).unwrap();
    let (mut last, mut texts) = (None, 0);
    for round in 0..10 {
        let ledger = open();
        ledger.text("the same").unwrap();
        ledger.text(&format!("text {round}")).unwrap();
        for n in 0..7 {
            last = Some(ledger.append("note", &json!({"round": round, "n": n})).unwrap());
        }
        texts += 1;
        drop(ledger);
        assert_eq!(files.verify().ok(), last);
    }
    let report = ledger::verify(files.folder(), last).unwrap();
    assert_eq!(report.texts, texts + 1);
    assert!(report.segments > 10, "{report:?}");
    let records = files.records();
    assert_eq!(records.iter().filter(|(kind, _)| kind == "note").count(), 70);
    let segments: Vec<_> = records
        .iter()
        .filter(|(kind, _)| kind == "segment")
        .map(|(_, body)| body.clone())
        .collect();
    let expected: Vec<_> =
        (2..=report.segments).map(|segment| json!({"segment": segment})).collect();
    assert_eq!(segments, expected);
    let bytes: u64 = (1..=report.segments)
        .map(|segment| fs::metadata(files.file(&format!("{segment:06}.jsonl"))).unwrap().len())
        .sum();
    assert_eq!(report.bytes, bytes);
    let records = ledger::read(files.folder()).unwrap();
    let texts = records.fold(None, |_, record| Some(record.unwrap())).map(|last| last.number);
    assert_eq!(texts, last.map(|last| last.number));

    // a segment that is gone, and one that is torn though it is not the last
    let third = files.file("000003.jsonl");
    let bytes = fs::read(&third).unwrap();
    fs::write(&third, &bytes[..bytes.len() - 1]).unwrap();
    let error = files.verify().unwrap_err().to_string();
    assert!(error.ends_with(": expected the end of the line"), "{error}");
    fs::remove_file(&third).unwrap();
    let error = files.verify().unwrap_err().to_string();
    assert!(error.starts_with("damaged: segment 3, line 1, number "), "{error}");
    assert!(error.ends_with(": expected the file 000003.jsonl"), "{error}");
    fs::remove_file(files.file("checkpoint.json")).unwrap();
    assert_eq!(files.open().unwrap_err().to_string(), error);
}

/// Without a checkpoint, with a wrong one, and with an old one, the ledger goes on in the same way.
#[test]
fn a_checkpoint_changes_nothing() {
    let files = Files::new();
    let append = |texts: &[&str]| {
        let options = options().segment_bytes(1_500).checkpoint_bytes(700);
        let ledger = Ledger::open(files.folder(), options).unwrap();
        let of: Vec<_> = texts.iter().map(|text| ledger.text(text).unwrap()).collect();
        ledger.append("note", &json!({ "of": of })).unwrap()
    };
    append(&["one", "two"]);
    let path = files.file("checkpoint.json");
    let old = fs::read_to_string(&path).unwrap();
    append(&["three"]);
    append(&["three"]);
    let new = fs::read_to_string(&path).unwrap();
    assert_ne!(old, new);
    let segments = files.all("");
    let expected = append(&["one", "three", "four"]);
    let position = |text: &str| new.find(&Digest::of(text).to_string()).unwrap();
    let renamed = |text: &str, other: &str| {
        new.replace(&Digest::of(text).to_string(), &Digest::of(other).to_string())
    };
    assert!(position("one") > 0);
    let head = new.find("\"seal\":\"").unwrap() + 8;
    let mut other_seal = new.clone();
    other_seal.replace_range(head..head + 64, &"0".repeat(64));
    for (what, checkpoint) in [
        ("removed", None),
        ("old", Some(old.clone())),
        ("empty", Some(String::new())),
        ("cut off", Some(new[..new.len() / 2].to_owned())),
        ("of another format", Some(new.replace("checkpoint/v1", "checkpoint/v2"))),
        ("of another head", Some(other_seal)),
        ("of another place", Some(new.replace("\"offset\":", "\"offset\":1"))),
        ("with more lines", Some(new.replace("\"lines\":", "\"lines\":9"))),
        ("with a text that is not there", Some(renamed("two", "four"))),
        ("true", Some(new.clone())),
    ] {
        for (path, bytes) in files.all("") {
            match segments.get(&path) {
                Some(before) if *before == bytes => {}
                Some(before) => fs::write(path, before).unwrap(),
                None => fs::remove_file(path).unwrap(),
            }
        }
        match checkpoint {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let entry = append(&["one", "three", "four"]);
        assert_eq!(entry.number, expected.number, "{what}");
        let report = ledger::verify(files.folder(), Some(entry)).unwrap();
        assert_eq!(report.texts, 4, "{what}");
    }
}

/// What the checkpoint covers is not read again when the ledger is opened.
#[test]
fn opening_reads_what_follows_the_checkpoint() {
    let files = Files::with(100);
    let mut lines = files.lines();
    lines[50] = lines[50].replace("note", "NOTE");
    files.write(&lines);
    assert_eq!(files.append(1)[0].number, 102);
    assert_eq!(place(&files.verify().unwrap_err()), (1, 51, 50));
    let mut lines = files.lines();
    let last = lines.len() - 1;
    lines[last] = lines[last].replace("note", "NOTE");
    files.write(&lines);
    // the record that the checkpoint names is another one now: all is read
    assert_eq!(place(&files.open().unwrap_err()), (1, 51, 50));
}

#[test]
fn what_is_no_ledger() {
    let files = Files::new();
    assert_eq!(
        files.run("verify DIR"),
        Err(("not-a-ledger: DIR: expected a folder".to_owned(), 65))
    );
    fs::create_dir(files.folder()).unwrap();
    let none = "not-a-ledger: DIR: expected the file 000001.jsonl".to_owned();
    for line in ["verify DIR", "recover DIR", "export DIR", "anchor DIR"] {
        assert_eq!(files.run(line), Err((none.clone(), 65)));
    }
    assert_eq!(files.all(""), HashMap::new());
    fs::write(files.file("diary.txt"), "").unwrap();
    assert_eq!(
        files.hide(&files.open().unwrap_err().into()),
        ("not-a-ledger: DIR: expected the file 000001.jsonl, or an empty folder".to_owned(), 65)
    );
    fs::write(files.file("000001.jsonl"), "{}\n").unwrap();
    assert_eq!(
        files.run("verify DIR"),
        Err((
            "damaged: segment 1, line 1, number 0: expected a record as canonical JSON".to_owned(),
            65
        ))
    );
}

#[test]
fn another_version() {
    let files = Files::with(1);
    let mut lines = files.lines();
    lines[0] = lines[0].replace("ledger/v1", "ledger/v2");
    files.write(&lines);
    let version = "version: expected sigmapol-ledger/v1, got sigmapol-ledger/v2";
    assert_eq!(files.run("verify DIR"), Err((version.to_owned(), 65)));
    fs::remove_file(files.file("checkpoint.json")).unwrap();
    assert_eq!(files.open().unwrap_err(), LedgerError::Version("sigmapol-ledger/v2".to_owned()));
}

#[test]
fn the_command() {
    let files = Files::with(1_500);
    let head = files.verify().unwrap();
    insta::assert_snapshot!("ledger_verify", files.run("verify DIR").unwrap());
    let json: Value = serde_json::from_str(&files.run("verify DIR --json").unwrap()).unwrap();
    let bytes = fs::metadata(files.file("000001.jsonl")).unwrap().len();
    assert_eq!(
        json,
        json!({"records": 1_502, "texts": 1, "segments": 1, "bytes": bytes,
            "head": {"number": 1_501, "seal": head.seal}})
    );
    let anchor = files.run("anchor DIR").unwrap();
    assert_eq!(anchor, format!("{head}\n"));
    let json: Value = serde_json::from_str(&files.run("anchor DIR --json").unwrap()).unwrap();
    assert_eq!(json, json!({"number": 1_501, "seal": head.seal}));
    assert_eq!(files.run("export DIR").unwrap(), files.lines().concat());
    assert_eq!(files.run("recover DIR").unwrap(), "whole\n");
    let line = format!("verify DIR --anchor {anchor}");
    assert_eq!(files.run(&line), files.run("verify DIR"));
    let mut lines = files.lines();
    let last = lines.pop().unwrap();
    files.write(&lines);
    assert_eq!(
        files.run(&line),
        Err(("anchor: expected the record 1501, the last one is 1500".to_owned(), 65))
    );
    let offset = lines.concat().len();
    lines.push(last[..10].to_owned());
    files.write(&lines);
    let torn = format!(
        "torn: segment 1, offset {offset}: expected the end of the last line after 10 bytes"
    );
    assert_eq!(files.run("verify DIR"), Err((torn.clone(), 65)));
    assert_eq!(files.run("export DIR"), Err((torn, 65)));
    let digest = Digest::of(&last[..10]);
    assert_eq!(
        files.run("recover DIR").unwrap(),
        format!(
            "cut off: 10 bytes of segment 1 from offset {offset}, \
             now DIR/quarantine/000001-{offset}-{digest}.torn\n"
        )
    );
    let mut lines = files.lines();
    lines.last_mut().unwrap().pop();
    files.write(&lines);
    assert_eq!(
        files.run("recover DIR").unwrap(),
        "completed: the last line was whole but for its end\n"
    );
    assert_eq!(files.verify().unwrap().number, 1_501);
    let error = Cli::try_parse_from(["sigmapol", "ledger", "verify", "DIR", "--anchor", "12"])
        .expect_err("an anchor without a seal");
    let failure = cli::usage(&error).unwrap();
    assert_eq!(
        (failure.to_string().as_str(), failure.exit_code()),
        (
            "invalid value '12' for '--anchor <NUMBER:SEAL>': \
             expected NUMBER:SEAL, the seal 64 digits of 0-9 and a-f",
            2
        )
    );
}

/// A file where a folder should be cannot be read as one.
#[test]
fn a_disk_that_fails() {
    let files = Files::with(1);
    fs::remove_file(files.file("000001.jsonl")).unwrap();
    fs::create_dir(files.file("000001.jsonl")).unwrap();
    let (text, code) = files.run("verify DIR").unwrap_err();
    assert!(text.starts_with("io: DIR/000001.jsonl: "), "{text}");
    assert_eq!(code, 74);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever is appended is read back, in order, and verifies, however it is cut into segments.
    #[test]
    fn what_goes_in_comes_out(
        bodies in prop::collection::vec(prop::collection::btree_map(any::<String>(), any::<(String, i32, bool)>(), 0..4), 1..20),
        texts in prop::collection::vec(any::<String>(), 0..6),
        segment_bytes in 300_u64..3_000,
    ) {
        let files = Files::new();
        let ledger = Ledger::open(files.folder(), options().segment_bytes(segment_bytes)).unwrap();
        for text in &texts {
            ledger.text(text).unwrap();
        }
        ledger.append_all(bodies.iter().map(|body| ("note", body))).unwrap();
        drop(ledger);
        let own = files.records().into_iter().filter(|(kind, _)| kind == "note");
        let expected: Vec<_> = bodies.iter().map(|body| json!(body)).collect();
        prop_assert_eq!(own.map(|(_, body)| body).collect::<Vec<_>>(), expected);
        let mut records = ledger::read(files.folder()).unwrap();
        for record in &mut records {
            record.unwrap();
        }
        for text in &texts {
            prop_assert_eq!(records.texts().get(Digest::of(text)), Ok(Some(text.clone())));
        }
        let distinct: HashSet<_> = texts.iter().collect();
        let report = ledger::verify(files.folder(), None).unwrap();
        prop_assert_eq!(report.texts, distinct.len() as u64);
    }
}

/// So that a path is used as it is given.
#[test]
fn relative_paths() {
    let error = ledger::verify(Path::new("no/such/folder"), None).unwrap_err();
    assert_eq!(error.to_string(), "not-a-ledger: no/such/folder: expected a folder");
}
