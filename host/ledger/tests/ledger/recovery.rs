//! What was being written when the machine stopped.

use super::*;

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
