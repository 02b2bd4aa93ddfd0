//! A folder of a ledger whose bytes somebody changed.

use std::{fs, path::Path, sync::LazyLock};

use serde_json::json;
use sigmapol_ledger::{Ledger, LedgerError, Options, read, recover, verify};

use crate::attack::edits;

/// The files of a ledger of two segments, by name.
static FILES: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let options = Options::default().segment_bytes(1_000);
    let ledger = Ledger::open(folder.path(), options).unwrap();
    for number in 0..6 {
        let of = ledger.text(&format!("text {}", number % 2)).unwrap();
        ledger.append("note", &json!({"n": number, "of": of})).unwrap();
    }
    ledger.close().unwrap();
    let mut files: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
});

/// A file of the folder by its number, and edits of it, or all of its bytes.
pub fn folder(input: &[u8]) {
    let [which, how, rest @ ..] = input else { return };
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("ledger");
    fs::create_dir(&folder).unwrap();
    let changed = usize::from(*which) % FILES.len();
    for (number, (name, bytes)) in FILES.iter().enumerate() {
        let bytes = match how % 4 {
            _ if number != changed => bytes.clone(),
            0 => rest.to_vec(),
            1 => continue,
            _ => edits::edited(bytes, rest),
        };
        fs::write(folder.join(name), bytes).unwrap();
    }
    ask(&folder);
}

/// Readers agree; a writer goes on with what is whole, and with nothing that is damaged.
fn ask(folder: &Path) {
    let verified = verify(folder, None).map(|report| report.head);
    let mut head = Ok(None);
    match read(folder) {
        Err(error) => head = Err(error),
        Ok(records) => {
            for record in records {
                match record {
                    Ok(record) => head = Ok(Some(record.entry())),
                    Err(error) => head = Err(error),
                }
                if head.is_err() {
                    break;
                }
            }
        }
    }
    assert_eq!(head, verified.clone().map(Some), "read and verify differ");
    let recovered = recover(folder).map(drop);
    let opened = Ledger::open(folder, Options::default()).and_then(|ledger| {
        let entry = ledger.append("note", &json!({}))?;
        ledger.close()?;
        Ok(entry)
    });
    match (&verified, &opened) {
        (Ok(before), Ok(entry)) => {
            assert_eq!(verify(folder, Some(*before)).unwrap().head, *entry);
        }
        (Ok(_), Err(error)) => panic!("a whole ledger can be written: {error}"),
        (Err(LedgerError::Damaged { .. }), Ok(_)) => {
            // damage before the last checkpoint is for verify to find
            assert!(verify(folder, None).is_err());
        }
        _ => {}
    }
    let _ = recovered;
}
