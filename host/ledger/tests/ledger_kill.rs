//! What processes leave behind that were killed, or stopped by a full disk, while they appended:
//! a chain that verifies once it is recovered, with everything in it that was acknowledged.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    collections::HashMap,
    env,
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Mutex,
    thread,
    time::Duration,
};

use serde_json::json;
use sigmapol_ledger as ledger;
use sigmapol_ledger::{Entry, Ledger, LedgerError, Options};

/// Where the child has its ledger; without it a test is not a child.
const FOLDER: &str = "SIGMAPOL_TEST_LEDGER";

/// Threads of the child.
const THREADS: &str = "SIGMAPOL_TEST_LEDGER_THREADS";

const KILLS: u64 = 200;

/// Kills of one ledger; then another one begins, so that reading it stays short.
const KILLS_OF_ONE: u64 = 20;

/// Small, so that kills fall on the beginnings of segments too.
fn options() -> Options {
    Options::default().segment_bytes(20_000).checkpoint_bytes(10_000)
}

fn say(line: &str) {
    // one write: a line is there whole or not at all
    static STDOUT: Mutex<()> = Mutex::new(());
    let _held = STDOUT.lock().unwrap();
    let mut stdout = io::stdout();
    stdout.write_all(format!("{line}\n").as_bytes()).unwrap();
    stdout.flush().unwrap();
}

/// Appends from several threads, and says what is acknowledged, until somebody kills it or a write
/// fails.
#[test]
fn child() {
    let (Ok(folder), Ok(threads)) = (env::var(FOLDER), env::var(THREADS)) else { return };
    let threads: u64 = threads.parse().unwrap();
    let ledger = Ledger::open(folder, options()).unwrap();
    let append = |thread: u64| {
        for n in 0_u64.. {
            let text = format!("text {}", n % 50).repeat(10);
            let appended = ledger.text(&text).and_then(|of| {
                let padding = "x".repeat(usize::try_from(n * 37 % 400).unwrap());
                ledger.append("note", &json!({"thread": thread, "of": of, "padding": padding}))
            });
            match appended {
                Ok(entry) => say(&format!("appended {entry}")),
                Err(error) => return error,
            }
        }
        unreachable!("numbers do not end")
    };
    let errors: Vec<LedgerError> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..threads).map(|thread| scope.spawn(move || append(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    // all of them met the same error, and it stays
    let first = errors.first().unwrap();
    assert!(errors.iter().all(|error| error == first), "{errors:?}");
    assert_eq!(ledger.append("note", &json!({})).as_ref(), Err(first));
    assert_eq!(ledger.close().as_ref(), Err(first));
    say(&format!("failed {first}"));
}

fn start(command: &mut Command, folder: &Path, threads: u64) -> Child {
    command
        .args(["--exact", "child", "--nocapture"])
        .env(FOLDER, folder)
        .env(THREADS, threads.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What a line of the child says, which may stand after other output of a test.
fn after<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    line.split_once(word).map(|(_, rest)| rest)
}

/// Recovers a ledger and checks that it has every acknowledged entry.
fn check(folder: &Path, acknowledged: &HashMap<u64, Entry>) -> u64 {
    ledger::recover(folder).unwrap();
    let report = ledger::verify(folder, None).unwrap();
    let mut found = 0;
    let mut texts = 0;
    for record in ledger::read(folder).unwrap() {
        let record = record.unwrap();
        texts += u64::from(record.kind == "text");
        if let Some(entry) = acknowledged.get(&record.number) {
            assert_eq!((record.kind.as_str(), record.entry()), ("note", *entry));
            found += 1;
        }
    }
    assert_eq!(found, acknowledged.len());
    assert!(texts <= 50, "{texts}: a text is there twice");
    assert_eq!(texts, report.texts);
    report.records
}

#[test]
fn two_hundred_kills() {
    let mut folder = tempfile::tempdir().unwrap();
    let mut acknowledged = HashMap::new();
    let (mut seed, mut said) = (7_u64, 0);
    for round in 0..KILLS {
        if round % KILLS_OF_ONE == 0 {
            folder = tempfile::tempdir().unwrap();
            acknowledged.clear();
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut child = start(&mut Command::new(env::current_exe().unwrap()), folder.path(), 4);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut entries =
            lines.filter_map(|line| after(&line, "appended ").and_then(|entry| entry.parse().ok()));
        // some are killed while they open the ledger, others in the middle of appending
        let few = usize::try_from((seed >> 60) % 12).unwrap();
        let mut seen: Vec<Entry> = entries.by_ref().take(few).collect();
        thread::sleep(Duration::from_micros((seed >> 33) % 4_000));
        child.kill().unwrap();
        child.wait().unwrap();
        seen.extend(entries);
        said += seen.len();
        acknowledged.extend(seen.into_iter().map(|entry| (entry.number, entry)));
        // one that was killed before it began has left nothing
        if acknowledged.is_empty() && !folder.path().join("000001.jsonl").exists() {
            continue;
        }
        check(folder.path(), &acknowledged);
    }
    assert!(said > 1_000, "{said} were acknowledged");
}

/// A file may not become longer than so many blocks: a write stops in the middle of a line.
#[test]
fn a_disk_that_is_full() {
    for blocks in 3..10 {
        let folder = tempfile::tempdir().unwrap();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"", &blocks.to_string()])
            .arg(env::current_exe().unwrap());
        let mut child = start(&mut shell, folder.path(), 1); // the same lines in every run
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let (mut acknowledged, mut failure) = (HashMap::new(), None);
        for line in lines {
            if let Some(entry) = after(&line, "appended ") {
                let entry: Entry = entry.parse().unwrap();
                acknowledged.insert(entry.number, entry);
            } else if let Some(error) = after(&line, "failed ") {
                failure = Some(error.to_owned());
            }
        }
        assert!(child.wait().unwrap().success());
        let failure = failure.unwrap();
        assert!(
            failure.starts_with("io: ") && failure.contains(".jsonl: File too large"),
            "{failure}"
        );
        let Err(LedgerError::Torn { bytes, .. }) = ledger::verify(folder.path(), None) else {
            panic!("{blocks} blocks: a write was not cut short")
        };
        assert!(bytes > 0);
        check(folder.path(), &acknowledged);
        assert_eq!(std::fs::read_dir(folder.path().join("quarantine")).unwrap().count(), 1);
    }
}
