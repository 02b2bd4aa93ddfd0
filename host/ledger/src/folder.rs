//! The files of a ledger, by name.

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    dir::{Dir, access::Access, make_all},
    disk::{Disk, System},
    error::LedgerError,
    limits::SEGMENTS,
};

/// Held, exclusively, by the one who writes.
const LOCK: &str = "LOCK";

/// How far the ledger was read; see `checkpoint`.
pub(crate) const CHECKPOINT: &str = "checkpoint.json";

/// How a temporary file of a checkpoint begins and ends.
const TEMPORARY: (&str, &str) = (".checkpoint.", ".tmp");

/// The temporary file of a checkpoint; there is one writer.
pub(crate) const CHECKPOINT_TEMPORARY: &str = ".checkpoint.new.tmp";

/// The name of a segment.
pub(crate) fn segment_name(segment: u64) -> String {
    format!("{segment:06}.jsonl")
}

/// The number of a segment, if it is the name of one; the largest for one that has too many digits.
fn segment_number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".jsonl")?;
    let digit = digits.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits.len() == 6 || (digits.len() > 6 && !digits.starts_with('0'));
    let number = digits.parse().unwrap_or(u64::MAX);
    (digit && canonical && number > 0).then_some(number)
}

/// The folder of a ledger, open.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    pub(crate) dir: Arc<Dir>,
    pub(crate) disk: Arc<dyn Disk>,
}

/// Which segments a folder has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Segments {
    pub(crate) last: u64,
    /// How many there are; fewer than the last one says if some are missing.
    pub(crate) present: u64,
}

impl Folder {
    /// Opens a folder that is there.
    pub(crate) fn open(path: &Path) -> Result<Self, LedgerError> {
        Self::open_on(path, Arc::new(System))
    }

    pub(crate) fn open_on(path: &Path, disk: Arc<dyn Disk>) -> Result<Self, LedgerError> {
        let named = named(path);
        let dir = Dir::open(&named).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                LedgerError::not_a_ledger(&named, "expected a folder")
            }
            _ => LedgerError::io(&named)(error),
        })?;
        Ok(Self { path: named, dir: Arc::new(dir), disk })
    }

    /// Opens a folder, and makes it if it is not there.
    pub(crate) fn create_on(path: &Path, disk: Arc<dyn Disk>) -> Result<Self, LedgerError> {
        let named = named(path);
        let made = !named.exists();
        make_all(&named).map_err(LedgerError::io(&named))?;
        let folder = Self::open_on(path, disk)?;
        if made && let Some(parent) = named.parent() {
            // the operator names the parent: it may be a link, as every part of a path but the last
            let parent = parent.join(".");
            Dir::open(&parent).and_then(|dir| dir.sync()).map_err(LedgerError::io(&parent))?;
        }
        Ok(folder)
    }

    /// The path of a file, to be shown.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// For `map_err`: the system's error, with the file.
    pub(crate) fn io(&self, name: &str) -> impl FnOnce(io::Error) -> LedgerError + use<> {
        LedgerError::io(&self.path(name))
    }

    /// For `map_err`: the system's error, with the folder.
    pub(crate) fn io_here(&self) -> impl FnOnce(io::Error) -> LedgerError + use<> {
        LedgerError::io(&self.path)
    }

    /// Opens a segment to read it.
    pub(crate) fn read_segment(&self, segment: u64) -> io::Result<File> {
        self.dir.file(&segment_name(segment), Access::Read)
    }

    /// Makes the names in the folder last.
    pub(crate) fn sync(&self) -> Result<(), LedgerError> {
        self.disk.sync_folder(&self.dir).map_err(self.io_here())
    }

    /// Takes the ledger for writing, until the file is dropped or the process ends.
    pub(crate) fn lock(&self) -> Result<File, LedgerError> {
        let lock = self.dir.file(LOCK, Access::Lock).map_err(self.io(LOCK))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => {
                Err(LedgerError::Busy { folder: self.path.display().to_string() })
            }
            Err(TryLockError::Error(error)) => Err(self.io(LOCK)(error)),
        }
    }

    /// The segments, at least one.
    pub(crate) fn segments(&self) -> Result<Segments, LedgerError> {
        self.find()?.0.ok_or_else(|| self.refuse("expected the file 000001.jsonl"))
    }

    /// The segments, or none in a folder in which a ledger may begin.
    pub(crate) fn segments_or_none(&self) -> Result<Option<Segments>, LedgerError> {
        match self.find()? {
            (None, true) => Err(self.refuse("expected the file 000001.jsonl, or an empty folder")),
            (segments, _) => Ok(segments),
        }
    }

    /// The segments, and whether there is anything else but a lock.
    fn find(&self) -> Result<(Option<Segments>, bool), LedgerError> {
        let (mut segments, mut others) = (None, false);
        for name in self.dir.names().map_err(self.io_here())? {
            let name = name.map_err(self.io_here())?;
            let Some(number) = segment_number(&name) else {
                others |= name != LOCK;
                continue;
            };
            let Segments { last, present } = segments.unwrap_or(Segments { last: 0, present: 0 });
            segments = Some(Segments { last: last.max(number), present: present + 1 });
        }
        match segments {
            Some(Segments { last, .. }) if last > SEGMENTS => {
                Err(self.refuse(&format!("expected segments up to {SEGMENTS}, got one beyond")))
            }
            _ => Ok((segments, others)),
        }
    }

    /// Removes what a killed process may have left beside its files; only under the lock.
    pub(crate) fn remove_leftovers(&self) -> Result<(), LedgerError> {
        let (prefix, suffix) = TEMPORARY;
        for name in self.dir.names().map_err(self.io_here())? {
            let name = name.map_err(self.io_here())?;
            if name.starts_with(prefix) && name.ends_with(suffix) {
                self.dir.remove(&name).map_err(self.io(&name))?;
            }
        }
        Ok(())
    }

    fn refuse(&self, what: &str) -> LedgerError {
        LedgerError::not_a_ledger(&self.path, what)
    }
}

/// A relative path of one part has the empty path as its parent.
fn named(path: &Path) -> PathBuf {
    if path == Path::new("") { PathBuf::from(".") } else { path.to_owned() }
}
