//! The runtime state on disk: written whole or not at all, and never trusted unseen.
//!
//! `{"version":1,"saved_at_ms":…,"sha256":"…","state":{…}}`, the digest being that of the text of
//! `state`. A new snapshot goes to a temporary file in the same folder, is synced, takes the name
//! in one step, and the folder is synced: whenever the process or the machine stops, the name
//! stands for one whole snapshot, the old or the new one.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::value::RawValue;
use sigmapol::file;
use sigmapol_core::{
    INPUT_BYTES, digest,
    json::{Members, Object, quote},
};

use super::{RouterError, document::without_bom};

/// The version of the format.
const VERSION: &str = "1";

/// How the name of a temporary file ends; it starts with a dot and the name of the snapshot.
const TEMPORARY: &str = ".tmp";

/// The most bytes of a snapshot: a state is an input of the engine, and has little around it.
const SNAPSHOT_BYTES: usize = 2 * INPUT_BYTES;
/// How often it is looked whether a file is free: a lock of a file has no wait with an end.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

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
pub(super) struct SnapshotFile {
    path: PathBuf,
    /// Gone with the file handle, also when the process is killed.
    _lock: File,
}

impl SnapshotFile {
    /// Takes the file, waits for so long where another router holds it, and removes what a killed process may have left beside it.
    pub(super) fn open(path: &Path, patience: Duration) -> Result<Self, RouterError> {
        let name = path.file_name().ok_or_else(|| wrong(path, "expected the name of a file"))?;
        let mut lock_name = name.to_owned();
        lock_name.push(".lock");
        let lock_path = path.with_file_name(lock_name);
        let lock = file::open_to_lock(&lock_path).map_err(|error| wrong(&lock_path, error))?;
        let since = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if since.elapsed() < patience => {
                    std::thread::sleep(LOOK_AGAIN.min(patience));
                }
                Err(TryLockError::WouldBlock) => {
                    let held = format!("another router holds it, by {}", lock_path.display());
                    return Err(wrong(path, held));
                }
                Err(TryLockError::Error(error)) => return Err(wrong(&lock_path, error)),
            }
        }
        let file = Self { path: path.to_owned(), _lock: lock };
        // only now: a temporary file of a router that lives is not a leftover
        file.remove_leftovers().map_err(|error| wrong(path, error))?;
        Ok(file)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn read(&self) -> Result<Found, RouterError> {
        read(&self.path)
    }

    pub(super) fn write(&self, state: &str, now_ms: f64) -> Result<(), RouterError> {
        let text = encode(state, now_ms);
        let replace = || -> io::Result<()> {
            let mut file = tempfile::Builder::new()
                .prefix(&self.temporary_prefix())
                .suffix(TEMPORARY)
                .tempfile_in(self.folder())?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&self.path).map_err(|error| error.error)?;
            self.sync_folder()
        };
        replace().map_err(|error| wrong(&self.path, error))
    }

    /// Renames a damaged snapshot to `<file>.damaged-<n>` with the first number that is free.
    pub(super) fn set_aside(&self) -> Result<PathBuf, RouterError> {
        let name = self.path.file_name().unwrap_or_default();
        for number in 1_u32.. {
            let mut aside = name.to_owned();
            aside.push(format!(".damaged-{number}"));
            let aside = self.path.with_file_name(aside);
            // the name is taken first, by an empty file, so that the rename replaces nothing else
            match OpenOptions::new().create_new(true).write(true).open(&aside) {
                Ok(_) => {
                    fs::rename(&self.path, &aside)
                        .and_then(|()| self.sync_folder())
                        .map_err(|error| wrong(&self.path, error))?;
                    return Ok(aside);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(wrong(&aside, error)),
            }
        }
        Err(wrong(&self.path, "no number is free for a damaged snapshot"))
    }

    fn remove_leftovers(&self) -> io::Result<()> {
        let prefix = self.temporary_prefix();
        for entry in fs::read_dir(self.folder())? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(&prefix) && name.ends_with(TEMPORARY) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn temporary_prefix(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        format!(".{name}.")
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        }
    }

    /// Without it a new name may be lost with the power.
    fn sync_folder(&self) -> io::Result<()> {
        if cfg!(unix) { File::open(self.folder())?.sync_all() } else { Ok(()) }
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
