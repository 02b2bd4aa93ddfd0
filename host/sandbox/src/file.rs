//! Files that somebody names: regular ones, opened without waiting, and read to a bound.
//!
//! To open a pipe is to wait for who writes to it, and a device has no end. What a name leads to is
//! asked of what was opened, where the system can open without waiting; elsewhere before.

use std::{
    fs::{self, File, FileType},
    io::{self, Read as _},
    path::Path,
};

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
        Err(error) => {
            return Err(match fs::symlink_metadata(path) {
                Ok(found) if !found.is_file() => unexpected(found.file_type()),
                _ => error,
            });
        }
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
