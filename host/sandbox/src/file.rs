//! Files that somebody names: regular ones, opened without waiting, and read to a bound.
//!
//! To open a pipe is to wait for who writes to it, and a device has no end. What a name leads to is
//! asked of what was opened, where the system can open without waiting; elsewhere before.

mod held;

use std::{
    fs::{self, File, FileType},
    io::{self, Read as _},
    path::Path,
};

pub use held::{Held, HoldError};

/// Opens a regular file to read it; links are followed.
///
/// # Errors
///
/// Those of the system; `expected a regular file, got a pipe` (a folder, a device, a socket) for
/// whatever else is there.
pub fn open(path: &Path) -> io::Result<File> {
    let file = match open_at_once(path) {
        Ok(file) => file,
        // a socket cannot be opened: what it is says more than the number
        Err(error) => {
            return Err(match fs::metadata(path) {
                Ok(metadata) if !metadata.is_file() => unexpected(metadata.file_type()),
                _ => error,
            });
        }
    };
    let kind = file.metadata()?.file_type();
    if kind.is_file() { Ok(file) } else { Err(unexpected(kind)) }
}

/// Opens a regular file to read it that is this user's, and nobody else's; links are not followed.
/// Where the system knows no owners and modes, whose it is is not looked at.
///
/// # Errors
///
/// As for [`open`]; `expected a regular file, got a link`; `expected a file for its owner alone (chmod
/// 600), got mode 0644`; `expected a file of the user that runs this (0), got one of 1000`.
pub fn open_secret(path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};

        use rustix::fs::OFlags;

        let flags = OFlags::NONBLOCK.union(OFlags::NOCTTY).union(OFlags::NOFOLLOW).bits();
        let opened = fs::OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path);
        let file = opened.map_err(|error| no_file(path, error))?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(unexpected(metadata.file_type()));
        }
        let denied = |message| Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
        let mode = metadata.mode() & 0o7777;
        if mode & 0o077 != 0 {
            let expected = "expected a file for its owner alone (chmod 600)";
            return denied(format!("{expected}, got mode {mode:04o}"));
        }
        let (user, owner) = (rustix::process::geteuid().as_raw(), metadata.uid());
        if owner != user {
            let expected = "expected a file of the user that runs this";
            return denied(format!("{expected} ({user}), got one of {owner}"));
        }
        Ok(file)
    }
    #[cfg(not(unix))]
    {
        let kind = fs::symlink_metadata(path)?.file_type();
        if kind.is_file() { File::open(path) } else { Err(unexpected(kind)) }
    }
}

/// Opens a regular file to lock it, and makes it if there is none. Links are not followed where the
/// system can tell.
///
/// # Errors
///
/// As for [`open`]; those of the system for a link.
pub fn open_to_lock(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;

        use rustix::fs::OFlags;

        let flags = OFlags::NONBLOCK.union(OFlags::NOCTTY).union(OFlags::NOFOLLOW).bits();
        options.custom_flags(flags.cast_signed());
    }
    let file = match options.open(path) {
        Ok(file) => file,
        // a pipe that nobody reads cannot be opened: what it is says more than the number
        Err(error) => return Err(no_file(path, error)),
    };
    let kind = file.metadata()?.file_type();
    if kind.is_file() { Ok(file) } else { Err(unexpected(kind)) }
}

/// Reads a regular file of at most so many bytes.
///
/// # Errors
///
/// As for [`open`]; `expected at most … bytes, got more` for a longer one, of which no more is read.
pub fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    bounded(open(path)?, most)
}

/// Reads to the end, which comes within so many bytes.
///
/// # Errors
///
/// As for [`read`].
pub fn bounded(input: impl io::Read, most: usize) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    input.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        let message = format!("expected at most {most} bytes, got more");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

#[cfg(unix)]
fn open_at_once(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;

    let flags = OFlags::NONBLOCK.union(OFlags::NOCTTY).bits();
    fs::OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)
}

#[cfg(not(unix))]
fn open_at_once(path: &Path) -> io::Result<File> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_file() { File::open(path) } else { Err(unexpected(kind)) }
}

/// Why a path that is not followed cannot be opened: what is there, if it is no file.
fn no_file(path: &Path, error: io::Error) -> io::Error {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => unexpected(found.file_type()),
        _ => error,
    }
}

fn unexpected(kind: FileType) -> io::Error {
    let message = format!("expected a regular file, got {}", name_of(kind));
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

fn name_of(kind: FileType) -> &'static str {
    if kind.is_dir() {
        return "a folder";
    }
    if kind.is_symlink() {
        return "a link";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;

        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    "something else"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        let error = read(&path, 4).unwrap_err();
        assert_eq!(error.to_string(), "expected at most 4 bytes, got more");
        let error = read(folder.path(), 5).unwrap_err();
        assert_eq!(error.to_string(), "expected a regular file, got a folder");
        let error = read(&folder.path().join("none"), 5).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_for_its_owner_alone() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "12345").unwrap();
        // of somebody else, where there is a user who can make such a file
        if rustix::process::geteuid().is_root() {
            let other = folder.path().join("other");
            fs::write(&other, "").unwrap();
            fs::set_permissions(&other, fs::Permissions::from_mode(0o600)).unwrap();
            std::os::unix::fs::chown(&other, Some(1), None).unwrap();
            let error = open_secret(&other).unwrap_err().to_string();
            assert_eq!(error, "expected a file of the user that runs this (0), got one of 1");
        }
        let mode = |bits| fs::set_permissions(&path, fs::Permissions::from_mode(bits)).unwrap();
        for bits in [0o640, 0o604, 0o620, 0o601] {
            mode(bits);
            let error = open_secret(&path).unwrap_err().to_string();
            let expected = "expected a file for its owner alone (chmod 600), got mode";
            assert_eq!(error, format!("{expected} {bits:04o}"));
        }
        mode(0o600);
        assert_eq!(bounded(open_secret(&path).unwrap(), 5).unwrap(), b"12345");
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        let error = open_secret(&link).unwrap_err().to_string();
        assert_eq!(error, "expected a regular file, got a link");
        let error = open_secret(folder.path()).unwrap_err().to_string();
        assert_eq!(error, "expected a regular file, got a folder");
    }

    /// It comes back, though nobody writes to the pipe.
    #[cfg(unix)]
    #[test]
    fn what_is_no_file() {
        use rustix::fs::{FileType, Mode};

        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).unwrap();
        let socket = folder.path().join("socket");
        let _bound = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, kind) in [
            (pipe.as_path(), "a pipe"),
            (&socket, "a socket"),
            (Path::new("/dev/null"), "a device"),
        ] {
            let error = open(path).unwrap_err();
            assert_eq!(error.to_string(), format!("expected a regular file, got {kind}"));
        }
    }
}
