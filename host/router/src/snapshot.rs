//! The runtime state on disk: written whole or not at all, and never trusted unseen.
//!
//! `{"version":1,"saved_at_ms":…,"sha256":"…","state":{…}}`, the digest being that of the text of
//! `state`.

use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::value::RawValue;
use sigmapol::file::{self, Held, HoldError};
use sigmapol_core::{
    INPUT_BYTES, digest,
    json::{Members, Object, quote},
};

use super::{RouterError, document::without_bom};

/// The version of the format.
const VERSION: &str = "1";

/// The most bytes of a snapshot: a state is an input of the engine, and has little around it.
const SNAPSHOT_BYTES: usize = 2 * INPUT_BYTES;

/// What was found where the state should be.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    Nothing,
    /// The text of the state.
    State(String),
    /// Why it is not a snapshot.
    Damaged(String),
}

/// The file of a state, held by this process alone.
#[derive(Debug)]
pub(super) struct SnapshotFile(Held);

impl SnapshotFile {
    /// Takes the file, and waits for so long where another router holds it.
    pub(super) fn open(path: &Path, patience: Duration) -> Result<Self, RouterError> {
        Held::take(path, patience).map(Self).map_err(|error| match error {
            HoldError::Busy(lock) => {
                wrong(path, format!("another router holds it, by {}", lock.display()))
            }
            HoldError::Lock(lock, error) => wrong(&lock, error),
            HoldError::File(error) => wrong(path, error),
        })
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn read(&self) -> Result<Found, RouterError> {
        read(self.path())
    }

    pub(super) fn write(&self, state: &str, now_ms: f64) -> Result<(), RouterError> {
        let text = encode(state, now_ms);
        self.0.replace(text.as_bytes()).map_err(|error| wrong(self.path(), error))
    }

    /// Renames a damaged snapshot to `<file>.damaged-<n>` with the first number that is free.
    pub(super) fn set_aside(&self) -> Result<PathBuf, RouterError> {
        let path = self.path();
        let name = path.file_name().unwrap_or_default();
        for number in 1_u32.. {
            let mut aside = name.to_owned();
            aside.push(format!(".damaged-{number}"));
            let aside = path.with_file_name(aside);
            // the name is taken first, by an empty file, so that the rename replaces nothing else
            match OpenOptions::new().create_new(true).write(true).open(&aside) {
                Ok(_) => {
                    fs::rename(path, &aside)
                        .and_then(|()| self.0.sync_folder())
                        .map_err(|error| wrong(path, error))?;
                    return Ok(aside);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(wrong(&aside, error)),
            }
        }
        Err(wrong(path, "no number is free for a damaged snapshot"))
    }
}

/// Reads a snapshot without holding it: what is there is whole, but may be replaced.
pub(super) fn read(path: &Path) -> Result<Found, RouterError> {
    let bytes = match file::read(path, SNAPSHOT_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(wrong(path, error)),
    };
    let state = String::from_utf8(bytes)
        .map_err(|error| error.to_string())
        .and_then(|text| decode(without_bom(&text)).map(str::to_owned));
    Ok(state.map_or_else(Found::Damaged, Found::State))
}

fn encode(state: &str, now_ms: f64) -> String {
    Object::new()
        .with("version", VERSION)
        .with("saved_at_ms", &now_ms.to_string())
        .with("sha256", &quote(&digest(state.as_bytes())))
        .with("state", state)
        .finish()
}

/// The text of the state.
fn decode(text: &str) -> Result<&str, String> {
    let Members(members) = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let names: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
    let values: Vec<_> = members.iter().map(|(_, value)| RawValue::get(value)).collect();
    let (["version", "saved_at_ms", "sha256", "state"], &[version, _, recorded, state]) =
        (names.as_slice(), values.as_slice())
    else {
        let names = names.join(", ");
        return Err(format!("expected version, saved_at_ms, sha256 and state, got {names}"));
    };
    if version != VERSION {
        return Err(format!("expected version {VERSION}, got {version}"));
    }
    let actual = quote(&digest(state.as_bytes()));
    if recorded != actual {
        return Err(format!("sha256: expected {actual}, the digest of the state, got {recorded}"));
    }
    Ok(state)
}

fn wrong(path: &Path, what: impl std::fmt::Display) -> RouterError {
    RouterError::Snapshot(format!("{}: {what}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format() {
        let text = encode(r#"{"a":1}"#, 1_700_000_000_000.0);
        assert_eq!(
            text,
            "{\"version\":1,\"saved_at_ms\":1700000000000,\"sha256\":\
             \"015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862\",\
             \"state\":{\"a\":1}}"
        );
        assert_eq!(decode(&text), Ok(r#"{"a":1}"#));
    }

    #[test]
    fn what_is_damaged() {
        let whole = encode(r#"{"a":1}"#, 1.0);
        for (text, why) in [
            ("", "EOF while parsing a value at line 1 column 0"),
            (&whole[..60], "EOF while parsing a string at line 1 column 60"),
            ("{\"version\":1}", "expected version, saved_at_ms, sha256 and state, got version"),
            (&whole.replace("\"version\":1", "\"version\":2"), "expected version 1, got 2"),
            (
                &whole.replace("{\"a\":1}", "{\"a\":2}"),
                "sha256: expected \
                 \"7e8059f495589fcd981232cc11d00b00da3802c01d688fa1cf1f6bed6e5bb33c\", \
                 the digest of the state, got \
                 \"015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862\"",
            ),
        ] {
            assert_eq!(decode(text).unwrap_err(), why);
        }
    }

    #[test]
    fn leftovers_go_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        for name in [".state.json.x1y2.tmp", ".other.json.x1y2.tmp", "state.json.damaged-1"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let file = SnapshotFile::open(&path, Duration::ZERO).unwrap();
        file.write("{}", 1.0).unwrap();
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [".other.json.x1y2.tmp", "state.json", "state.json.damaged-1", "state.json.lock"]
        );
        assert_eq!(file.read().unwrap(), Found::State("{}".to_owned()));
        let aside = file.set_aside().unwrap();
        assert_eq!(aside, folder.path().join("state.json.damaged-2"));
        assert_eq!(file.read().unwrap(), Found::Nothing);
    }
}
