//! Reading files and standard input, no more of them than is taken.
//!
//! A file is a regular one. Pipes are read where a descriptor hands them over: `-`, `/dev/stdin`,
//! `/dev/fd/N`. A pipe with a name of its own may have nobody who writes to it, and is refused.

use std::{fs::File, io, path::Path};

use sigmapol::file;
use sigmapol_core::{Error, INPUT_BYTES, Refusal, RefusalCode};
use sigmapol_router::document;

use crate::Failure;

/// In place of a path: standard input.
const STDIN: &str = "-";

/// Other names of it, where the system has them.
const NAMES_OF_STDIN: [&str; 3] = ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

/// A device that ends at once: the name for an empty file.
const NOTHING: &str = "/dev/null";

/// Where the system has the descriptors of this process.
const DESCRIPTORS: [&str; 2] = ["/dev/fd", "/proc/self/fd"];

/// The most bytes of a module, a package or a message: hundred times a module of today.
pub(crate) const MODULE_BYTES: usize = 64 << 20;

/// Reads one input text, without the byte order mark that editors of some systems put before it.
/// `what` names it in messages, as the engine does.
pub(crate) fn text(what: &str, path: &Path) -> Result<String, Failure> {
    let bytes = read(path, INPUT_BYTES).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => refused(RefusalCode::InputSize, format!("{what}: {error}")),
        _ => unreadable(path, &error),
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        refused(RefusalCode::JsonSyntax, format!("{what}: invalid UTF-8 at byte {place}"))
    })?;
    Ok(match document::without_bom(&text) {
        without if without.len() == text.len() => text,
        without => without.to_owned(),
    })
}

/// Reads a file of at most so many bytes.
pub(crate) fn bytes(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    read(path, most).map_err(|error| unreadable(path, &error))
}

/// Standard input can be read once.
pub(crate) fn check_stdin<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<(), Failure> {
    let names_it =
        |path: &&Path| is_stdin(path) || NAMES_OF_STDIN.iter().any(|name| *path == Path::new(name));
    if paths.into_iter().filter(names_it).count() > 1 {
        return Err(Failure::Usage("`-` is given more than once".to_owned()));
    }
    Ok(())
}

/// Whether it is standard input that is meant.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == STDIN
}

/// Whether a descriptor of this process is meant, which may be a pipe and has no extension.
pub(crate) fn is_descriptor(path: &Path) -> bool {
    let among = |folder: &&str| path.parent() == Some(Path::new(folder));
    is_stdin(path) || path == Path::new("/dev/stdin") || DESCRIPTORS.iter().any(among)
}

fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    if is_stdin(path) {
        return file::bounded(io::stdin().lock(), most);
    }
    if path == Path::new(NOTHING) {
        return Ok(Vec::new());
    }
    if !is_descriptor(path) {
        return file::read(path, most);
    }
    let input = File::open(path)?;
    // a system that has a folder there hands over what is opened in it
    if input.metadata()?.is_dir() {
        return file::read(path, most);
    }
    file::bounded(input, most)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::Usage(format!("cannot read {}: {error}", path.display()))
}

pub(crate) fn refused(code: RefusalCode, message: String) -> Failure {
    Failure::Engine(Error::Refused(Refusal { code, message }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.json");
        assert_eq!(text("policy", &path).unwrap_err().exit_code(), 2);
        std::fs::write(&path, b"[\"t\xff").unwrap();
        let failure = text("policy", &path).unwrap_err();
        assert_eq!(failure.to_string(), "refused json-syntax: policy: invalid UTF-8 at byte 3");
        File::create(&path).unwrap().set_len(50 << 20).unwrap();
        let failure = text("policy", &path).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "refused input-size: policy: expected at most 16777216 bytes, got more"
        );
    }

    #[test]
    fn standard_input_once() {
        assert!(check_stdin(["-", "a"].map(Path::new)).is_ok());
        assert!(check_stdin(["-", "a", "-"].map(Path::new)).is_err());
    }
}
