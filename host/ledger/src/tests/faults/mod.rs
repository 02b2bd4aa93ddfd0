//! Whatever a disk does half-way: nothing that was acknowledged is lost, and nothing that is
//! damaged is believed.

mod disk;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use serde_json::json;

use crate::{
    Digest, Entry, Ledger, LedgerError, Options, read, recover,
    tests::{attack::Campaign, random::Random},
    verify,
};
use disk::Faulty;

/// What the caller was told is on disk: the body of each record, and its text.
type Acknowledged = BTreeMap<u64, (Entry, String)>;

/// One life of a writer: until a call fails, or it has enough. Gives what was said of a failure.
fn live(
    folder: &Path,
    disk: &Arc<Faulty>,
    random: &mut Random,
    acknowledged: &mut Acknowledged,
) -> Result<(), LedgerError> {
    let bytes = random.pick(&[300, 1_500, 5_000]);
    let options = Options::default().segment_bytes(bytes).checkpoint_bytes(bytes);
    let ledger = Ledger::open_on(folder, options, disk.clone())?;
    let result = (0..random.below(12)).try_for_each(|_| {
        let text = format!("text {}", random.below(4));
        let of = ledger.text(&text)?;
        let bodies: Vec<_> = (0..1 + random.below(3))
            .map(|_| json!({ "n": random.below(1_000), "of": of, "z": "x".repeat(random.below(300)) }))
            .collect();
        let entries = ledger.append_all(bodies.iter().map(|body| ("note", body)))?;
        for (entry, body) in entries.into_iter().zip(bodies) {
            assert_eq!(acknowledged.insert(entry.number, (entry, body.to_string())), None);
        }
        Ok(())
    });
    if let Err(error) = &result {
        assert_eq!(
            ledger.append("note", &json!({})).as_ref(),
            Err(error),
            "it failed, and goes on"
        );
    }
    // some close it, others are killed
    if random.one_in(2) {
        disk.die();
    }
    drop(ledger);
    result
}

/// Reads what is there: all of it is in the chain, and everything acknowledged is in it.
fn check(folder: &Path, acknowledged: &Acknowledged, may_be_torn: bool) {
    if acknowledged.is_empty() && !folder.join("000001.jsonl").exists() {
        return;
    }
    let verified = verify(folder, None);
    match &verified {
        Ok(_) => {}
        Err(LedgerError::Torn { .. }) if may_be_torn => {}
        Err(error) => panic!("{error}"),
    }
    let mut found = 0;
    let mut records = read(folder).unwrap();
    for record in &mut records {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                assert_eq!(Some(&error), verified.as_ref().err());
                break;
            }
        };
        if let Some((entry, body)) = acknowledged.get(&record.number) {
            assert_eq!((record.entry(), record.body.get()), (*entry, body.as_str()));
            found += 1;
        }
    }
    assert_eq!(found, acknowledged.len(), "what was acknowledged is lost");
    let texts = records.into_texts();
    for (_, body) in acknowledged.values() {
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let digest: Digest = body["of"].as_str().unwrap().parse().unwrap();
        assert!(texts.get(digest).unwrap().is_some_and(|text| text.starts_with("text ")));
    }
}

#[test]
fn nothing_acknowledged_is_lost() {
    let (mut failures, mut kept) = (BTreeMap::<&str, u64>::new(), 0);
    let tally = Campaign::new("failing disks", 300).run(|numbers| {
        let mut random = Random(numbers.next());
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("ledger");
        let mut acknowledged = Acknowledged::new();
        let mut failed = false;
        for _ in 0..2 + random.below(6) {
            let one_in = random.pick(&[5, 20, 60]);
            let disk = Arc::new(Faulty::new(random.next(), one_in));
            if let Err(error) = live(&folder, &disk, &mut random, &mut acknowledged) {
                assert_eq!(error.code(), "io", "{error}");
                failed = true;
            }
            for (call, count) in disk.failures() {
                *failures.entry(call).or_default() += count;
            }
            if random.one_in(2) {
                disk.lose_power(&folder);
            }
            check(&folder, &acknowledged, true);
        }
        // on a disk that works everything is mended
        let works = Arc::new(Faulty::new(random.next(), usize::MAX));
        drop(Ledger::open_on(&folder, Options::default(), works).unwrap());
        check(&folder, &acknowledged, false);
        assert!(recover(&folder).unwrap().is_whole());
        kept += acknowledged.len();
        if failed { "with failures" } else { "without" }
    });
    let calls = ["create", "rename", "short write", "sync", "sync_folder", "truncate", "write"];
    if tally.is_whole {
        assert_eq!(failures.keys().copied().collect::<Vec<_>>(), calls, "{failures:?}");
        assert!(kept > 1_000, "{kept} were acknowledged");
    }
    let failures: u64 = failures.values().sum();
    tally.say(format!("; {failures} calls failed, {kept} records were acknowledged and kept"));
}
