//! One hostile folder each, and what is said of it, word for word.

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::Path,
};

use super::{
    answer,
    records::{AT, Chain},
    surroundings::Surroundings,
};
use crate::{
    Digest, Ledger, LedgerError, Options, Position, Recovery, anchor, line, read, recover, verify,
};

/// A whole ledger of so many segments; what lies around it.
fn whole(segments: u64) -> Surroundings {
    let around = Surroundings::new();
    let mut chain = Chain::new();
    for segment in 1..=segments {
        chain.lines.clear();
        chain.open(segment);
        chain.push("note", "{}");
        let bytes = chain.lines.concat();
        fs::write(around.ledger().join(format!("{segment:06}.jsonl")), bytes).unwrap();
    }
    around
}

/// What each call says, with `DIR` for the folder; one text, if they say the same.
fn said(around: &Surroundings) -> String {
    let folder = around.ledger();
    let outside = around.digest();
    let call = |what: &str, call: fn(&Path) -> Result<(), LedgerError>| {
        let path = folder.clone();
        let error = answer(what, move || call(&path))
            .map_or_else(|error| error, |()| LedgerError::Unfit("nothing".to_owned()));
        assert_eq!(around.digest(), outside, "{what}");
        error.to_string().replace(&folder.display().to_string(), "DIR")
    };
    let verified = call("verify", |path| verify(path, None).map(drop));
    let all = call("read", |path| read(path)?.try_for_each(|record| record.map(drop)));
    assert_eq!(verified, all);
    for said in [
        call("anchor", |path| anchor(path).map(drop)),
        call("recover", |path| recover(path).map(drop)),
        call("open", |path| Ledger::open(path, Options::default()).map(drop)),
    ] {
        assert_eq!(said, verified);
    }
    verified
}

#[test]
fn a_huge_number_of_a_segment() {
    for (name, text) in [
        (u64::MAX.to_string(), "not-a-ledger: DIR: expected segments up to 999999, got one beyond"),
        ("9".repeat(40), "not-a-ledger: DIR: expected segments up to 999999, got one beyond"),
        ("1000000".to_owned(), "not-a-ledger: DIR: expected segments up to 999999, got one beyond"),
        (
            "999999".to_owned(),
            "damaged: segment 2, line 1, number 2: expected the file 000002.jsonl",
        ),
    ] {
        let around = whole(1);
        File::create(around.ledger().join(format!("{name}.jsonl"))).unwrap();
        assert_eq!(said(&around), text);
    }
}

#[test]
fn a_link_in_the_place_of_a_segment() {
    for target in ["000001.jsonl", "torn.jsonl", "diary.txt", "folder", "not-there"] {
        let around = whole(1);
        let segment = around.ledger().join("000001.jsonl");
        fs::remove_file(&segment).unwrap();
        symlink(around.outside().join(target), &segment).unwrap();
        let text = "not-a-ledger: DIR/000001.jsonl: expected a regular file, got a symbolic link";
        assert_eq!(said(&around), text);
    }
}

#[test]
fn a_pipe_a_folder_and_a_device_in_the_place_of_a_segment() {
    let around = whole(1);
    let segment = around.ledger().join("000001.jsonl");
    fs::remove_file(&segment).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o666);
    let node = |kind, device| rustix::fs::mknodat(rustix::fs::CWD, &segment, kind, mode, device);
    let expected =
        |got: &str| format!("not-a-ledger: DIR/000001.jsonl: expected a regular file, got {got}");
    node(rustix::fs::FileType::Fifo, 0).unwrap();
    assert_eq!(said(&around), expected("a pipe"));
    fs::remove_file(&segment).unwrap();
    if node(rustix::fs::FileType::CharacterDevice, rustix::fs::makedev(1, 5)).is_ok() {
        assert_eq!(said(&around), expected("a device"));
        fs::remove_file(&segment).unwrap();
    }
    fs::create_dir(&segment).unwrap();
    assert_eq!(said(&around), expected("a folder"));
}

#[test]
fn a_folder_that_is_a_link() {
    let around = whole(1);
    let moved = around.outside().join("moved");
    fs::rename(around.ledger(), &moved).unwrap();
    symlink(&moved, around.ledger()).unwrap();
    assert_eq!(said(&around), "not-a-ledger: DIR: expected a folder, got a symbolic link");
    // who says that it may be one gets it
    assert_eq!(verify(around.ledger().join(""), None).unwrap().records, 2);
}

/// The user's file has a second name in the folder: appending would show in both.
#[test]
fn a_segment_of_two_names_is_not_written() {
    let around = whole(1);
    let segment = around.ledger().join("000001.jsonl");
    fs::remove_file(&segment).unwrap();
    fs::hard_link(around.outside().join("torn.jsonl"), &segment).unwrap();
    let outside = around.digest();
    let text = format!("not-a-ledger: {}: expected a file of one name, got 2", segment.display());
    assert_eq!(recover(around.ledger()).unwrap_err().to_string(), text);
    assert_eq!(Ledger::open(around.ledger(), Options::default()).unwrap_err().to_string(), text);
    assert_eq!(around.digest(), outside);
    assert_eq!(verify(around.ledger(), None).unwrap_err().code(), "torn");
}

/// Everything else that a writer makes, opens or replaces.
#[test]
fn links_in_the_places_of_other_files() {
    let target = "diary.txt";
    for (name, refused) in [
        ("LOCK", true),
        ("quarantine", true),
        ("checkpoint.json", false),
        (".checkpoint.new.tmp", false),
    ] {
        let around = whole(1);
        symlink(around.outside().join(target), around.ledger().join(name)).unwrap();
        let outside = around.digest();
        let recovered = recover(around.ledger());
        assert_eq!(around.digest(), outside, "{name}");
        match recovered {
            Ok(_) => assert!(!refused, "{name}"),
            Err(error) => {
                let kind = if name == "LOCK" { "a regular file" } else { "a folder" };
                let path = around.ledger().join(name).display().to_string();
                let text = format!("not-a-ledger: {path}: expected {kind}, got a symbolic link");
                assert_eq!((refused, error.to_string()), (true, text));
            }
        }
        // a checkpoint takes the place of the link
        let place = fs::symlink_metadata(around.ledger().join("checkpoint.json"));
        assert_eq!(place.is_ok_and(|metadata| metadata.is_file()), !refused, "{name}");
    }
}

/// The copy would go where the link leads, and the last line would be cut off.
#[test]
fn a_quarantine_that_leads_outside() {
    let around = whole(1);
    let segment = around.ledger().join("000001.jsonl");
    let bytes = fs::read(&segment).unwrap();
    fs::write(&segment, &bytes[..bytes.len() - 20]).unwrap();
    symlink(around.outside().join("folder"), around.ledger().join("quarantine")).unwrap();
    let before = (around.digest(), around.segments());
    assert_eq!(recover(around.ledger()).unwrap_err().code(), "not-a-ledger");
    assert_eq!((around.digest(), around.segments()), before);
}

/// The copy that a recovery would make is there, under the user's name as well.
#[test]
fn a_copy_in_the_quarantine_of_two_names() {
    let around = whole(1);
    let segment = around.ledger().join("000001.jsonl");
    let bytes = fs::read(&segment).unwrap();
    let cut = bytes.len() - 20;
    let line = bytes[..cut].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    fs::write(&segment, &bytes[..cut]).unwrap();
    let quarantine = around.ledger().join("quarantine");
    fs::create_dir(&quarantine).unwrap();
    let sha256 = Digest::of(&bytes[line..cut]);
    let pending = quarantine.join(format!("000001-{line}-{sha256}.pending"));
    for link in [false, true] {
        fs::write(&segment, &bytes[..cut]).unwrap();
        let diary = around.outside().join("diary.txt");
        match link {
            true => symlink(&diary, &pending).unwrap(),
            false => fs::hard_link(&diary, &pending).unwrap(),
        }
        let outside = around.digest();
        let recovery = recover(around.ledger()).unwrap();
        assert_eq!(recovery.quarantined.len(), 1);
        assert_eq!(fs::read(&recovery.quarantined[0].file).unwrap(), bytes[line..cut]);
        assert_eq!(around.digest(), outside);
    }
}

/// A record tells of a copy for ever, so a name of the quarantine must not break it.
#[test]
fn a_name_in_the_quarantine_that_no_recovery_gave() {
    let sha256 = Digest::of("x");
    for name in [
        format!("000001-9007199254740993-{sha256}.pending"),
        format!("000000-0-{sha256}.pending"),
        format!("1000000-0-{sha256}.pending"),
        format!("1-0-{sha256}.pending"),
        format!("000001-00-{sha256}.pending"),
        format!("000001-+1-{sha256}.pending"),
        format!("000001-0-{}.pending", Digest::of("other")),
        "nothing.pending".to_owned(),
    ] {
        let around = whole(1);
        let quarantine = around.ledger().join("quarantine");
        fs::create_dir(&quarantine).unwrap();
        fs::write(quarantine.join(&name), "x").unwrap();
        let recovery = recover(around.ledger()).unwrap();
        assert!(recovery.is_whole(), "{name}: {recovery:?}");
        assert_eq!(verify(around.ledger(), None).unwrap().records, 2, "{name}");
        assert!(quarantine.join(&name).exists());
    }
}

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

/// A file that says it has any number of bytes, of which none is there.
#[test]
fn a_sparse_segment() {
    let around = Surroundings::new();
    let segment = File::create(around.ledger().join("000001.jsonl")).unwrap();
    // as many as the file system takes
    let made = [1_u64 << 62, 1 << 43, 1 << 36].map(|bytes| segment.set_len(bytes).is_ok());
    assert!(made.contains(&true));
    let text = "damaged: segment 1, line 1, number 0: expected a line of at most 67108864 bytes";
    assert_eq!(said(&around), text);
}

#[test]
fn a_checkpoint_that_does_not_end() {
    let around = whole(1);
    let path = around.ledger().join("checkpoint.json");
    for target in ["/dev/zero", "sparse"] {
        let _ = fs::remove_file(&path);
        match target {
            "sparse" => File::create(&path).unwrap().set_len(1 << 36).unwrap(),
            target => symlink(target, &path).unwrap(),
        }
        let folder = around.ledger();
        assert_eq!(answer(target, move || anchor(folder)).unwrap().number, 1);
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
