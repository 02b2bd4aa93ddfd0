//! A disk that fails, and a machine that stops: what was not synced may be gone then.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard},
};

use rustix::io::Errno;

use crate::{
    dir::{Dir, access::Access},
    disk::Disk,
    tests::random::Random,
};

/// A disk on top of the system's.
#[derive(Debug)]
pub(crate) struct Faulty(Mutex<State>);

#[derive(Debug)]
struct State {
    random: Random,
    /// A call in so many fails.
    one_in: usize,
    /// Nothing reaches the disk any more.
    dead: bool,
    full: bool,
    /// Bytes of each file, by its number, that are on disk for good.
    synced: HashMap<u64, u64>,
    /// Names that may be gone: of files that were made.
    made: Vec<(String, u64)>,
    /// Names that may be as before, with what was there.
    renamed: Vec<Renamed>,
    failures: BTreeMap<&'static str, u64>,
}

#[derive(Debug)]
struct Renamed {
    from: String,
    to: String,
    file: u64,
    replaced: Option<Vec<u8>>,
}

impl Faulty {
    pub(crate) fn new(seed: u64, one_in: usize) -> Self {
        Self(Mutex::new(State {
            random: Random(seed),
            one_in,
            dead: false,
            full: false,
            synced: HashMap::new(),
            made: Vec::new(),
            renamed: Vec::new(),
            failures: BTreeMap::new(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// From now on nothing is written, as if the process were not there any more.
    pub(crate) fn die(&self) {
        self.state().dead = true;
    }

    /// How often each call failed.
    pub(crate) fn failures(&self) -> BTreeMap<&'static str, u64> {
        self.state().failures.clone()
    }

    /// The power goes: of what was not synced, some is there and some is not.
    pub(crate) fn lose_power(&self, folder: &Path) {
        let mut state = self.state();
        for Renamed { from, to, file, replaced } in
            std::mem::take(&mut state.renamed).into_iter().rev()
        {
            let Some(path) = find(folder, file) else { continue };
            if path.file_name().unwrap() == to.as_str() && state.random.one_in(2) {
                fs::rename(&path, path.with_file_name(from)).unwrap();
                if let Some(bytes) = replaced {
                    fs::write(path, bytes).unwrap();
                }
            }
        }
        for (_, file) in std::mem::take(&mut state.made) {
            if let Some(path) = find(folder, file).filter(|_| state.random.one_in(2)) {
                fs::remove_file(path).unwrap();
            }
        }
        for (file, synced) in std::mem::take(&mut state.synced) {
            let Some(path) = find(folder, file) else { continue };
            let length = fs::metadata(&path).unwrap().len();
            let lost = length.saturating_sub(synced);
            let kept = length - state.random.next() % (lost + 1);
            OpenOptions::new().write(true).open(path).unwrap().set_len(kept).unwrap();
        }
    }
}

/// The file of a number, in the folder or in its quarantine.
fn find(folder: &Path, file: u64) -> Option<PathBuf> {
    let quarantine = folder.join("quarantine");
    [folder, &quarantine].into_iter().find_map(|folder| {
        let mut entries = fs::read_dir(folder).ok()?.map(|entry| entry.unwrap().path());
        entries.find(|path| fs::symlink_metadata(path).unwrap().ino() == file)
    })
}

fn number(file: &File) -> u64 {
    file.metadata().unwrap().ino()
}

impl State {
    /// Whether a call fails now.
    fn fails(&mut self, call: &'static str) -> Option<io::Error> {
        if self.dead {
            return Some(Errno::IO.into());
        }
        if self.full && ["create", "write"].contains(&call) {
            return Some(Errno::NOSPC.into());
        }
        if !self.random.one_in(self.one_in) {
            return None;
        }
        *self.failures.entry(call).or_default() += 1;
        self.full = self.random.one_in(3);
        Some(if self.full { Errno::NOSPC } else { Errno::IO }.into())
    }

    /// What is there already was synced by somebody, unless it is known better.
    fn know(&mut self, file: &File) -> u64 {
        let length = file.metadata().unwrap().len();
        *self.synced.entry(number(file)).or_insert(length)
    }
}

impl Disk for Faulty {
    fn create(&self, dir: &Dir, name: &str) -> io::Result<File> {
        let mut state = self.state();
        if let Some(error) = state.fails("create") {
            return Err(error);
        }
        let file = dir.create(name)?;
        // the number of a file that is gone is given to another one
        let made = number(&file);
        state.made.retain(|(_, file)| *file != made);
        state.renamed.retain(|one| one.file != made);
        state.synced.insert(made, 0);
        state.made.push((name.to_owned(), made));
        Ok(file)
    }

    fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        state.know(file);
        let some = bytes.len().min(1 + state.random.below(bytes.len()));
        if let Some(error) = state.fails("write") {
            // some of it may be there, and not even that
            if !state.dead && state.random.one_in(2) {
                file.write_all(&bytes[..some])?;
                if state.random.one_in(3) {
                    file.write_all(&vec![0xff; some % 50])?;
                }
            }
            return Err(error);
        }
        let one_in = state.one_in;
        if state.random.one_in(one_in) {
            *state.failures.entry("short write").or_default() += 1;
            return match state.random.one_in(3) {
                true => Err(io::ErrorKind::Interrupted.into()),
                false => file.write(&bytes[..some]),
            };
        }
        file.write(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        let mut state = self.state();
        state.know(file);
        if let Some(error) = state.fails("sync") {
            return Err(error);
        }
        state.synced.insert(number(file), file.metadata()?.len());
        Ok(())
    }

    fn truncate(&self, file: &File, bytes: u64) -> io::Result<()> {
        let mut state = self.state();
        let synced = state.know(file);
        if let Some(error) = state.fails("truncate") {
            return Err(error);
        }
        state.synced.insert(number(file), synced.min(bytes));
        file.set_len(bytes)
    }

    fn rename(&self, dir: &Dir, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        if let Some(error) = state.fails("rename") {
            return Err(error);
        }
        let file = number(&dir.file(from, Access::Read)?);
        let replaced = dir.file(to, Access::Read).and_then(io::read_to_string).ok();
        dir.rename(from, to)?;
        let (from, to) = (from.to_owned(), to.to_owned());
        let replaced = replaced.map(String::into_bytes);
        state.renamed.push(Renamed { from, to, file, replaced });
        Ok(())
    }

    fn sync_folder(&self, dir: &Dir) -> io::Result<()> {
        let mut state = self.state();
        if let Some(error) = state.fails("sync_folder") {
            return Err(error);
        }
        // nobody takes the power from this machine: the real sync is left out
        let here = |name: &str, file| {
            dir.file(name, Access::Read).is_ok_and(|found| number(&found) == file)
        };
        state.made.retain(|(name, file)| !here(name, *file));
        state.renamed.retain(|one| !here(&one.to, one.file));
        Ok(())
    }
}
