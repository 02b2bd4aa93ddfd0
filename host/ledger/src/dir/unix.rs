//! Folders where the system has `openat`: everything is opened relative to one descriptor.

use std::{
    fs::File,
    io,
    os::{fd::OwnedFd, unix::fs::DirBuilderExt as _},
    path::Path,
};

use rustix::{
    fs::{self, AtFlags, FileType, Mode, OFlags},
    io::Errno,
};

use crate::dir::access::{Access, FILE, FOLDER, Unexpected};

/// Never follows, never waits, is not handed to other programs.
const CAREFUL: OFlags =
    OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// A ledger may have prompts: what is made is for its owner alone.
const PRIVATE_FILE: Mode = Mode::RUSR.union(Mode::WUSR);
const PRIVATE_FOLDER: Mode = Mode::RWXU;

/// Makes a folder, and those that it is in, where they are not there.
pub(crate) fn make_all(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER.as_raw_mode()).create(path)
}

/// An open folder. It stays the same one when its path is made to lead elsewhere.
#[derive(Debug)]
pub(crate) struct Dir(OwnedFd);

impl Dir {
    /// Opens a folder by its path. The last part of it is not followed, unless it ends in `/`.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Self::open_at(fs::CWD, path)
    }

    /// Opens a folder in this one.
    pub(crate) fn folder(&self, name: &str) -> io::Result<Self> {
        Self::open_at(&self.0, Path::new(name))
    }

    fn open_at(at: impl rustix::fd::AsFd, path: &Path) -> io::Result<Self> {
        match fs::openat(&at, path, CAREFUL | OFlags::DIRECTORY | OFlags::RDONLY, Mode::empty()) {
            Ok(fd) => Ok(Self(fd)),
            Err(error) => match kind(&at, path) {
                Some(kind) if kind != FileType::Directory => {
                    Err(Unexpected::error(FOLDER, name_of(kind)))
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Makes a folder in this one, if nothing is there.
    pub(crate) fn make_folder(&self, name: &str) -> io::Result<()> {
        match fs::mkdirat(&self.0, name, PRIVATE_FOLDER) {
            Err(Errno::EXIST) => Ok(()),
            result => Ok(result?),
        }
    }

    /// Opens a regular file that is there, or makes the one to lock.
    pub(crate) fn file(&self, name: &str, access: Access) -> io::Result<File> {
        let flags = match access {
            Access::Read => OFlags::RDONLY,
            Access::Append => OFlags::RDWR | OFlags::APPEND,
            Access::Lock => OFlags::RDWR | OFlags::CREATE,
        };
        let fd = match fs::openat(&self.0, name, CAREFUL | flags, PRIVATE_FILE) {
            Ok(fd) => fd,
            // a link, a pipe that nobody reads, a folder: what it is says more than the number
            Err(error) => {
                return Err(match kind(&self.0, Path::new(name)) {
                    Some(kind) if kind != FileType::RegularFile => {
                        Unexpected::error(FILE, name_of(kind))
                    }
                    _ => error.into(),
                });
            }
        };
        let stat = fs::fstat(&fd)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind != FileType::RegularFile {
            return Err(Unexpected::error(FILE, name_of(kind)));
        }
        if access == Access::Append && stat.st_nlink != 1 {
            return Err(Unexpected::error("a file of one name", stat.st_nlink.to_string()));
        }
        Ok(File::from(fd))
    }

    /// Makes a file to append to; nothing may be there.
    pub(crate) fn create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL;
        let fd = fs::openat(&self.0, name, CAREFUL | flags, PRIVATE_FILE)?;
        Ok(File::from(fd))
    }

    /// Takes the name of a file away.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Gives a file of this folder another name; a file of that name is replaced, not followed.
    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(fs::renameat(&self.0, from, &self.0, to)?)
    }

    /// Makes names last; without it a new file may be lost with the power.
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(fs::fsync(&self.0)?)
    }

    /// The names in the folder, one after the other.
    pub(crate) fn names(&self) -> io::Result<impl Iterator<Item = io::Result<String>>> {
        let name = |entry: rustix::io::Result<fs::DirEntry>| {
            Ok(entry?.file_name().to_string_lossy().into_owned())
        };
        let own =
            |name: &io::Result<String>| name.as_ref().is_ok_and(|name| name == "." || name == "..");
        Ok(fs::Dir::read_from(&self.0)?.map(name).filter(move |name| !own(name)))
    }
}

fn kind(at: impl rustix::fd::AsFd, path: &Path) -> Option<FileType> {
    let stat = fs::statat(at, path, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    Some(FileType::from_raw_mode(stat.st_mode))
}

const fn name_of(kind: FileType) -> &'static str {
    match kind {
        FileType::RegularFile => "a regular file",
        FileType::Directory => "a folder",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "something else",
    }
}
