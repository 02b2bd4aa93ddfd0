//! What is in the place of a file, one hostile folder each, and what is said of it, word for word.

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
};

use super::{
    answer,
    said::{said, whole},
    surroundings::Surroundings,
};
use crate::{Digest, Ledger, Options, anchor, recover, verify};

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
