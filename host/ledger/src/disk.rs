//! What the writer asks of a disk: every call that may fail half-way.
//!
//! One call a batch, a file or a folder, none a byte. Tests put a disk under the writer that fails.

use std::{
    fmt,
    fs::File,
    io::{self, Write as _},
};

use crate::dir::Dir;

/// A disk, as the writer uses it. What is provided is the disk of the system.
pub(crate) trait Disk: fmt::Debug + Send + Sync {
    /// Makes a file; nothing may be there.
    fn create(&self, dir: &Dir, name: &str) -> io::Result<File> {
        dir.create(name)
    }

    /// Appends bytes, or the first ones of them; says how many.
    fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<usize> {
        file.write(bytes)
    }

    /// Makes what was written last.
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    /// Cuts a file off.
    fn truncate(&self, file: &File, bytes: u64) -> io::Result<()> {
        file.set_len(bytes)
    }

    /// Gives a file another name.
    fn rename(&self, dir: &Dir, from: &str, to: &str) -> io::Result<()> {
        dir.rename(from, to)
    }

    /// Makes names last.
    fn sync_folder(&self, dir: &Dir) -> io::Result<()> {
        dir.sync()
    }
}

/// The disk of the system.
#[derive(Debug)]
pub(crate) struct System;

impl Disk for System {}

/// Appends all of the bytes.
pub(crate) fn write_all(disk: &dyn Disk, file: &File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match disk.write(file, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
