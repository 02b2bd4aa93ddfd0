//! A file that is replaced whole, by one process at a time.
//!
//! New bytes go to a temporary file in the same folder, are synced, take the name in one step, and
//! the folder is synced: whenever the process or the machine stops, the name stands for the old
//! file or the new one. The temporary file is for its owner alone, and so is what it becomes.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::open_to_lock;

/// How the name of a temporary file ends; it starts with a dot and the name of the file.
const TEMPORARY: &str = ".tmp";

/// How often it is looked whether a file is free: a lock of a file has no wait with an end.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Why a file is not held.
#[derive(Debug)]
pub enum HoldError {
    /// Somebody else holds it, by the file of this name.
    Busy(PathBuf),
    /// The file of this name, which is locked in its place.
    Lock(PathBuf, io::Error),
    /// The file, or its folder.
    File(io::Error),
}

/// The right to replace a file, as long as this lives.
#[derive(Debug)]
pub struct Held {
    path: PathBuf,
    /// Gone with the file handle, also when the process is killed.
    _lock: File,
}

impl Held {
    /// Waits for so long where somebody else holds the file, and removes what a killed process may
    /// have left beside it. The file need not be there.
    ///
    /// # Errors
    ///
    /// [`HoldError`].
    pub fn take(path: &Path, patience: Duration) -> Result<Self, HoldError> {
        let nameless =
            || io::Error::new(io::ErrorKind::InvalidInput, "expected the name of a file");
        let mut lock_name =
            path.file_name().ok_or_else(nameless).map_err(HoldError::File)?.to_owned();
        lock_name.push(".lock");
        let lock_path = path.with_file_name(lock_name);
        let lock = match open_to_lock(&lock_path) {
            Ok(lock) => lock,
            Err(error) => return Err(HoldError::Lock(lock_path, error)),
        };
        let since = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if since.elapsed() < patience => {
                    std::thread::sleep(LOOK_AGAIN.min(patience));
                }
                Err(TryLockError::WouldBlock) => return Err(HoldError::Busy(lock_path)),
                Err(TryLockError::Error(error)) => return Err(HoldError::Lock(lock_path, error)),
            }
        }
        let held = Self { path: path.to_owned(), _lock: lock };
        // only now: a temporary file of a process that lives is not a leftover
        held.remove_leftovers().map_err(HoldError::File)?;
        Ok(held)
    }

    /// What is held.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts these bytes in place of the file.
    ///
    /// # Errors
    ///
    /// Those of the system; then the file is as it was.
    pub fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(&self.temporary_prefix())
            .suffix(TEMPORARY)
            .tempfile_in(self.folder())?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        self.sync_folder()
    }

    /// Syncs the folder: without it a new name may be lost with the power.
    ///
    /// # Errors
    ///
    /// Those of the system.
    pub fn sync_folder(&self) -> io::Result<()> {
        if cfg!(unix) { File::open(self.folder())?.sync_all() } else { Ok(()) }
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_it_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let held = Held::take(&path, Duration::ZERO).unwrap();
        assert!(matches!(
            Held::take(&path, Duration::ZERO),
            Err(HoldError::Busy(lock)) if lock == folder.path().join("file.lock")
        ));
        held.replace(b"one").unwrap();
        held.replace(b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        drop(held);
        // what a killed process left is gone, and what is not ours stays
        for name in [".file.x1.tmp", ".other.x1.tmp"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let _held = Held::take(&path, Duration::ZERO).unwrap();
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, [".other.x1.tmp", "file", "file.lock"]);
        assert!(matches!(Held::take(Path::new("/"), Duration::ZERO), Err(HoldError::File(_))));
    }
}
