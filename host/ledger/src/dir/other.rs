//! Folders where the system has no `openat`: what a name leads to is asked before it is opened.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use crate::dir::access::{Access, FILE, FOLDER, Unexpected};

/// A folder, by its path.
#[derive(Debug)]
pub(crate) struct Dir(PathBuf);

/// Makes a folder, and those that it is in, where they are not there.
pub(crate) fn make_all(path: &std::path::Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

impl Dir {
    /// Opens a folder by its path. The last part of it is not followed.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        match fs::symlink_metadata(path)? {
            metadata if metadata.is_dir() => Ok(Self(path.to_owned())),
            metadata => Err(Unexpected::error(FOLDER, name_of(&metadata))),
        }
    }

    /// Opens a folder in this one.
    pub(crate) fn folder(&self, name: &str) -> io::Result<Self> {
        Self::open(&self.0.join(name))
    }

    /// Makes a folder in this one, if nothing is there.
    pub(crate) fn make_folder(&self, name: &str) -> io::Result<()> {
        match fs::create_dir(self.0.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            result => result,
        }
    }

    /// Opens a regular file that is there, or makes the one to lock.
    pub(crate) fn file(&self, name: &str, access: Access) -> io::Result<File> {
        let path = self.0.join(name);
        match fs::symlink_metadata(&path) {
            Ok(metadata) if !metadata.is_file() => {
                return Err(Unexpected::error(FILE, name_of(&metadata)));
            }
            Err(error) if access != Access::Lock || error.kind() != io::ErrorKind::NotFound => {
                return Err(error);
            }
            _ => {}
        }
        let mut options = OpenOptions::new();
        match access {
            Access::Read => options.read(true),
            // not to append only: then a file could not be cut off everywhere
            Access::Append => options.read(true).append(true).write(true),
            Access::Lock => options.read(true).write(true).create(true).truncate(false),
        };
        options.open(path)
    }

    /// Makes a file to append to; nothing may be there.
    pub(crate) fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().append(true).create_new(true).open(self.0.join(name))
    }

    /// Takes the name of a file away.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    /// Gives a file of this folder another name; a file of that name is replaced.
    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    /// Folders cannot be synced everywhere.
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    /// The names in the folder, one after the other.
    pub(crate) fn names(&self) -> io::Result<impl Iterator<Item = io::Result<String>>> {
        let name =
            |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
        Ok(fs::read_dir(&self.0)?.map(name))
    }
}

fn name_of(metadata: &fs::Metadata) -> &'static str {
    match metadata {
        metadata if metadata.is_dir() => "a folder",
        metadata if metadata.is_file() => "a regular file",
        metadata if metadata.is_symlink() => "a symbolic link",
        _ => "something else",
    }
}
