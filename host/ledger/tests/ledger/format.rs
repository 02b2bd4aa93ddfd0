//! What is written, and what is read.

use super::*;

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
fn what_is_no_ledger() {
    let files = Files::new();
    assert_eq!(files.said("verify"), Err("not-a-ledger: DIR: expected a folder".to_owned()));
    fs::create_dir(files.folder()).unwrap();
    let none = "not-a-ledger: DIR: expected the file 000001.jsonl".to_owned();
    for line in ["verify", "recover", "anchor"] {
        assert_eq!(files.said(line), Err(none.clone()));
    }
    assert_eq!(files.all(""), HashMap::new());
    fs::write(files.file("diary.txt"), "").unwrap();
    assert_eq!(
        files.said("open"),
        Err("not-a-ledger: DIR: expected the file 000001.jsonl, or an empty folder".to_owned())
    );
    fs::write(files.file("000001.jsonl"), "{}\n").unwrap();
    assert_eq!(
        files.said("verify"),
        Err("damaged: segment 1, line 1, number 0: expected a record as canonical JSON".to_owned())
    );
}

#[test]
fn another_version() {
    let files = Files::with(1);
    let mut lines = files.lines();
    lines[0] = lines[0].replace("ledger/v1", "ledger/v2");
    files.write(&lines);
    let version = "version: expected sigmapol-ledger/v1, got sigmapol-ledger/v2";
    assert_eq!(files.said("verify"), Err(version.to_owned()));
    fs::remove_file(files.file("checkpoint.json")).unwrap();
    assert_eq!(files.open().unwrap_err(), LedgerError::Version("sigmapol-ledger/v2".to_owned()));
}
