//! Writers, segments and checkpoints.

use super::*;

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
    assert_eq!(files.said("recover"), Err("busy: DIR: another one writes this ledger".to_owned()));
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

/// It may have prompts.
#[cfg(unix)]
#[test]
fn what_is_made_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let files = tempfile::tempdir().unwrap();
    let folder = files.path().join("of/a/ledger");
    let ledger = Ledger::open(&folder, options()).unwrap();
    ledger.text("hi").unwrap();
    drop(ledger);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty());
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}
