//! Files that say what is not so, one hostile folder each, and what is said of it, word for word.

use std::fs;

use super::{
    records::{AT, Chain},
    said::{said, whole},
    surroundings::Surroundings,
};
use crate::{Digest, Ledger, Options, Position, Recovery, line, read, recover, verify};

#[test]
fn more_in_the_ledgers_own_records() {
    let (text, sha256) = ("one", Digest::of("one"));
    for (kind, body, what) in [
        (
            "text",
            format!("{{\"sha256\":\"{sha256}\",\"text\":\"{text}\",\"z\":1}}"),
            "expected sha256 and text in the body of a text",
        ),
        (
            "text",
            format!("{{\"a\":1,\"sha256\":\"{sha256}\",\"text\":\"{text}\"}}"),
            "expected sha256 and text in the body of a text",
        ),
        (
            "recovered",
            format!("{{\"bytes\":1,\"offset\":0,\"segment\":1,\"sha256\":\"{sha256}\",\"z\":1}}"),
            "expected bytes, offset, segment and sha256 in the body of a recovered",
        ),
        (
            "recovered",
            "{}".to_owned(),
            "expected bytes, offset, segment and sha256 in the body of a recovered",
        ),
    ] {
        let around = Surroundings::new();
        let mut chain = Chain::of(1);
        chain.push(kind, &body);
        fs::write(around.ledger().join("000001.jsonl"), chain.lines.concat()).unwrap();
        let text = format!("damaged: segment 1, line 3, number 2: {what}");
        assert_eq!(said(&around), text, "{body}");
    }
}

/// A user reads the message on a terminal.
#[test]
fn the_name_of_another_format() {
    let expected = "damaged: segment 1, line 1, number 0: expected the name of a format of at most 64 characters";
    for (name, text) in [
        ("sigmapol-ledger/v9", "version: expected sigmapol-ledger/v1, got sigmapol-ledger/v9"),
        ("v\u{7f}", expected),
        ("\u{9b}2J", expected),
        (&"v".repeat(65), expected),
        ("", expected),
    ] {
        let around = Surroundings::new();
        let mut chain = Chain::new();
        chain.push("genesis", &format!("{{\"format\":\"{name}\"}}"));
        fs::write(around.ledger().join("000001.jsonl"), chain.lines.concat()).unwrap();
        assert_eq!(said(&around), text);
    }
}

/// A checkpoint that names this text, at the end of the first segment.
fn checkpoint(around: &Surroundings, number: u64, text: (Digest, u64, u64)) {
    let bytes = fs::read_to_string(around.ledger().join("000001.jsonl")).unwrap();
    let last = bytes.trim_end().rfind('\n').unwrap() + 1;
    let seal = &bytes[bytes.len() - 67..bytes.len() - 3];
    let ((digest, segment, offset), lines) = (text, bytes.lines().count());
    let text = format!(
        "{{\"format\":\"sigmapol-ledger-checkpoint/v1\",\"number\":{number},\"seal\":\"{seal}\",\
         \"last\":{{\"segment\":1,\"offset\":{last}}},\
         \"next\":{{\"segment\":1,\"offset\":{}}},\"lines\":{lines},\
         \"texts\":[[\"{digest}\",{segment},{offset}]]}}",
        bytes.len()
    );
    fs::write(around.ledger().join("checkpoint.json"), text).unwrap();
}

/// Opening believes a checkpoint for what is before it; what can be seen at once is looked at.
#[test]
fn damage_before_the_checkpoint_that_is_seen_at_once() {
    let nothing = (Digest::of("x"), 1, 0);
    // the first record is another one
    let around = whole(1);
    let segment = around.ledger().join("000001.jsonl");
    let bytes = fs::read_to_string(&segment).unwrap();
    fs::write(&segment, bytes.replacen("v1", "v3", 1).replacen("genesis", "genesiz", 1)).unwrap();
    checkpoint(&around, 1, nothing);
    assert!(said(&around).starts_with("damaged: segment 1, line 1, number 0: expected the seal "));

    // a segment that is gone
    let around = whole(4);
    drop(Ledger::open(around.ledger(), Options::default()).unwrap());
    assert!(around.ledger().join("checkpoint.json").exists());
    fs::remove_file(around.ledger().join("000002.jsonl")).unwrap();
    let text = "damaged: segment 2, line 1, number 2: expected the file 000002.jsonl";
    assert_eq!(said(&around), text);

    // the segment that the checkpoint names begins with something else
    let around = whole(3);
    drop(Ledger::open(around.ledger(), Options::default()).unwrap());
    let segment = around.ledger().join("000003.jsonl");
    let bytes = fs::read_to_string(&segment).unwrap();
    fs::write(&segment, bytes.replacen("\"segment\":3", "\"segment\":4", 1)).unwrap();
    assert!(said(&around).starts_with("damaged: segment 3, line 1, number 4: expected the seal "));
}

/// The last number there is, in a record and in the checkpoint of it.
#[test]
fn a_checkpoint_of_the_last_number() {
    let around = Surroundings::new();
    let mut chain = Chain::of(0);
    chain.number = u64::MAX;
    chain.push("note", "{}");
    fs::write(around.ledger().join("000001.jsonl"), chain.lines.concat()).unwrap();
    checkpoint(&around, u64::MAX, (Digest::of("x"), 1, 0));
    let text =
        format!("damaged: segment 1, line 2, number 1: expected the number 1, got {}", u64::MAX);
    assert_eq!(said(&around), text);
}

/// A text beside the chain, which nobody verifies, must not pass for one that is kept.
#[test]
fn a_checkpoint_that_names_a_text_beside_the_chain() {
    let (text, sha256) = ("a text", Digest::of("a text"));
    let body = format!("{{\"sha256\":\"{sha256}\",\"text\":\"{text}\"}}");
    let (aside, _) = line::seal(AT, &body, "text", 7, Digest::ZERO);
    let (first, _) = line::seal(AT, "{\"segment\":0}", "segment", 7, Digest::ZERO);
    for (segment, offset) in [(0, first.len()), (999_998, 0), (1, 1 << 40), (u64::MAX, usize::MAX)]
    {
        let around = whole(1);
        fs::write(around.ledger().join("000000.jsonl"), format!("{first}{aside}")).unwrap();
        checkpoint(&around, 1, (sha256, segment, offset as u64));
        let ledger = Ledger::open(around.ledger(), Options::default()).unwrap();
        assert_eq!(ledger.text(text), Ok(sha256));
        ledger.close().unwrap();
        assert_eq!(verify(around.ledger(), None).unwrap().texts, 1, "{segment}");
    }
}

/// No system looks beyond the largest offset, and a checkpoint may name it.
#[test]
fn a_place_beyond_every_file() {
    let around = whole(1);
    for offset in [1 << 40, 1 << 62, i64::MAX as u64 - 1, i64::MAX as u64, 1 << 63, u64::MAX] {
        let position = Position { segment: 1, offset };
        let error = crate::read_record(around.ledger(), position).unwrap_err();
        let text =
            format!("damaged: segment 1, line 0, number 0: expected a record at offset {offset}");
        assert_eq!(error.to_string(), text);
    }
}

/// What a short record names many times can be added up before it is read.
#[test]
fn how_long_a_text_is() {
    let around = Surroundings::new();
    let text = "long ".repeat(1_000);
    let ledger = Ledger::open(around.ledger(), Options::default()).unwrap();
    let of = ledger.text(&text).unwrap();
    ledger.append("note", &serde_json::json!({ "of": vec![of; 100] })).unwrap();
    drop(ledger);
    let mut records = read(around.ledger()).unwrap();
    assert!(records.by_ref().all(|record| record.is_ok()));
    let bytes = records.texts().bytes(of).unwrap();
    assert!((5_000..5_200).contains(&bytes), "{bytes}");
    assert_eq!(records.texts().bytes(Digest::of("another")), None);
}

/// A recovery says how many records it took from the checkpoint, unread.
#[test]
fn a_recovery_says_what_it_did_not_check() {
    let around = whole(1);
    assert_eq!(recover(around.ledger()).unwrap(), Recovery::default());
    // a checkpoint is there now, of both records
    let recovery = recover(around.ledger()).unwrap();
    assert_eq!((recovery.believed, recovery.is_whole()), (2, true));
    let json = serde_json::to_string(&recovery).unwrap();
    assert_eq!(json, "{\"believed\":2,\"completed\":false,\"quarantined\":[]}");
    let position = Position { segment: 1, offset: 0 };
    assert_eq!(crate::read_record(around.ledger(), position).unwrap().number, 0);
}
