//! The files of a ledger.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use super::LedgerError;

/// Held, exclusively, by the one who writes.
const LOCK: &str = "LOCK";

/// How a temporary file of a checkpoint begins and ends.
pub(super) const TEMPORARY: (&str, &str) = (".checkpoint.", ".tmp");

/// The folder of a ledger.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(path: &Path) -> Self {
        // a relative path of one part has the empty path as its parent
        Self(if path == Path::new("") { PathBuf::from(".") } else { path.to_owned() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn segment(&self, segment: u64) -> PathBuf {
        self.0.join(format!("{segment:06}.jsonl"))
    }

    pub(super) fn quarantine(&self) -> PathBuf {
        self.0.join("quarantine")
    }

    pub(super) fn checkpoint(&self) -> PathBuf {
        self.0.join("checkpoint.json")
    }

    /// Makes the folder, if it is not there.
    pub(super) fn create(&self) -> Result<(), LedgerError> {
        let made = !self.0.exists();
        fs::create_dir_all(&self.0).map_err(LedgerError::io(&self.0))?;
        match self.0.parent() {
            Some(parent) if made && parent != Path::new("") => sync(parent),
            Some(_) if made => sync(Path::new(".")),
            _ => Ok(()),
        }
    }

    /// Takes the ledger for writing, until the file is dropped or the process ends.
    pub(super) fn lock(&self) -> Result<File, LedgerError> {
        let path = self.0.join(LOCK);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(LedgerError::io(&path))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => {
                Err(LedgerError::Busy { folder: self.0.display().to_string() })
            }
            Err(TryLockError::Error(error)) => Err(LedgerError::io(&path)(error)),
        }
    }

    /// The last segment.
    pub(super) fn last_segment(&self) -> Result<u64, LedgerError> {
        self.find_last_segment()?.ok_or_else(|| self.not_a_ledger("expected the file 000001.jsonl"))
    }

    /// The last segment, or none in a folder in which a ledger may begin.
    pub(super) fn last_segment_or_none(&self) -> Result<Option<u64>, LedgerError> {
        let last = self.find_last_segment()?;
        if last.is_none() && self.names()?.iter().any(|name| name != LOCK) {
            return Err(self.not_a_ledger("expected the file 000001.jsonl, or an empty folder"));
        }
        Ok(last)
    }

    fn find_last_segment(&self) -> Result<Option<u64>, LedgerError> {
        let number = |name: &String| {
            let number = name.strip_suffix(".jsonl")?.parse().ok()?;
            (number > 0 && self.segment(number).ends_with(name)).then_some(number)
        };
        Ok(self.names()?.iter().filter_map(number).max())
    }

    /// Removes what a killed process may have left beside its files; only under the lock.
    pub(super) fn remove_leftovers(&self) -> Result<(), LedgerError> {
        let (prefix, suffix) = TEMPORARY;
        for name in self.names()? {
            if name.starts_with(prefix) && name.ends_with(suffix) {
                let path = self.0.join(name);
                fs::remove_file(&path).map_err(LedgerError::io(&path))?;
            }
        }
        Ok(())
    }

    /// The names that are text; no file of a ledger has another one.
    fn names(&self) -> Result<Vec<String>, LedgerError> {
        names(&self.0).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                self.not_a_ledger("expected a folder")
            }
            _ => LedgerError::io(&self.0)(error),
        })
    }

    fn not_a_ledger(&self, what: &str) -> LedgerError {
        LedgerError::NotALedger { folder: self.0.display().to_string(), what: what.to_owned() }
    }
}

/// The names in a folder.
pub(super) fn names(folder: &Path) -> io::Result<Vec<String>> {
    let name =
        |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
    fs::read_dir(folder)?.map(name).collect()
}

/// Makes names in a folder last; without it a new file may be lost with the power.
pub(super) fn sync(folder: &Path) -> Result<(), LedgerError> {
    if cfg!(unix) {
        File::open(folder).and_then(|file| file.sync_all()).map_err(LedgerError::io(folder))?;
    }
    Ok(())
}
