//! What `sigmapol ledger` prints, by calling it as a function.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use clap::Parser as _;
use serde_json::{Value, json};
use sigmapol_audit::{Recorder, Recording, replay::EngineKind};
use sigmapol_cli::{self as cli, Cli, Failure};
use sigmapol_core::{Engine as _, Native};
use sigmapol_ledger::{self as ledger, Digest, Entry, Ledger, LedgerError, Options};
use tempfile::TempDir;

/// A folder for a ledger.
struct Files(TempDir);

impl Files {
    /// A ledger of one segment: genesis, a text, and so many records; a clock that goes on by a
    /// second a look.
    fn with(records: u64) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        let seconds = AtomicU64::new(1_771_934_430);
        let clock =
            move || UNIX_EPOCH + Duration::from_secs(seconds.fetch_add(1, Ordering::Relaxed));
        let ledger = Ledger::open(files.folder(), Options::default().clock(clock)).unwrap();
        let text = ledger.text("a text").unwrap();
        let bodies: Vec<_> = (0..records).map(|n| json!({"n": n, "of": text})).collect();
        ledger.append_all(bodies.iter().map(|body| ("note", body))).unwrap();
        files
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("ledger")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn verify(&self) -> Result<Entry, LedgerError> {
        ledger::verify(self.folder(), None).map(|report| report.head)
    }

    /// The lines of the first segment, with their ends.
    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.file("000001.jsonl")).unwrap();
        text.split_inclusive('\n').map(str::to_owned).collect()
    }

    fn write(&self, lines: &[String]) {
        fs::write(self.file("000001.jsonl"), lines.concat()).unwrap();
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
    let not_verified = |records: &str| {
        format!(
            "not verified: {records} records before were not read; \
             \"sigmapol ledger verify DIR\" checks them\n"
        )
    };
    let whole = format!("nothing to mend\n{}", not_verified("1,502"));
    assert_eq!(files.run("recover DIR").unwrap(), whole);
    // not even of what is damaged: that is for `verify`
    let lines = files.lines();
    let mut damaged = lines.clone();
    damaged[700] = damaged[700].replacen("\"kind\"", "\"kinD\"", 1);
    files.write(&damaged);
    assert_eq!(files.run("recover DIR").unwrap(), whole);
    assert_eq!(files.run("verify DIR").unwrap_err().1, 65);
    files.write(&lines);
    // without a checkpoint everything is read, and checked
    fs::remove_file(files.file("checkpoint.json")).unwrap();
    assert_eq!(files.run("recover DIR").unwrap(), "whole\n");
    assert_eq!(files.run("recover DIR").unwrap(), whole);
    fs::remove_file(files.file("checkpoint.json")).unwrap();
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

/// Steps are there by digest alone without `--record-bodies`: that is told, and counts where somebody
/// asks for every record.
#[test]
fn what_cannot_be_made_again() {
    let files = Files(tempfile::tempdir().unwrap());
    let ledger = Arc::new(Ledger::open(files.folder(), Options::default()).unwrap());
    let engine = EngineKind::Native.engine();
    let recording = Recording { engine, fuel_limit: 0, cost_limit: None, bodies: false };
    let recorder = Recorder::new(Native, ledger, recording);
    let config = json!({ "providers": {}, "models": {}, "profiles": {} });
    let status = json!({ "kind": "status", "now_ms": 1, "config": config });
    recorder.step(None, &status.to_string()).unwrap();
    drop(recorder);
    let replay = |more: &str| {
        let folder = files.folder().display().to_string();
        let line = format!("sigmapol replay {folder} --engine native {more}");
        let mut out = Vec::new();
        let result = cli::run(&Cli::try_parse_from(line.split_whitespace()).unwrap(), &mut out);
        let result = result.map_err(|failure| files.hide(&failure));
        (String::from_utf8(out).unwrap(), result)
    };
    let (out, result) = replay("");
    assert_eq!(result, Ok(()));
    assert!(out.contains("1   not recorded   by digest alone: nothing to replay"), "{out}");
    let (again, result) = replay("--complete");
    let message = "replay: 1 of 1 records are not shown to be the same";
    assert_eq!((again, result), (out, Err((message.to_owned(), 1))));
}

/// A file where a folder should be cannot be read as one.
#[test]
fn a_disk_that_fails() {
    let files = Files::with(1);
    fs::remove_file(files.file("000001.jsonl")).unwrap();
    fs::create_dir(files.file("000001.jsonl")).unwrap();
    let (text, code) = files.run("verify DIR").unwrap_err();
    assert!(text.starts_with("not-a-ledger: DIR/000001.jsonl: expected a regular file"), "{text}");
    assert_eq!(code, 65);
}
