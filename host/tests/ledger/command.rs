//! `sigmapol ledger`.

use super::*;

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
