//! Reading files and standard input, no more of them than the engine takes.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use sigmapol_core::{Error, INPUT_BYTES, Refusal, RefusalCode};

use crate::Failure;

/// In place of a path: standard input.
const STDIN: &str = "-";

/// Reads one input text. `what` names it in messages, as the engine does.
pub(crate) fn text(what: &str, path: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(INPUT_BYTES).unwrap_or(u64::MAX);
    open(path)
        .and_then(|input| input.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, &error))?;
    if bytes.len() > INPUT_BYTES {
        return Err(refused(
            RefusalCode::InputSize,
            format!("{what}: expected at most {INPUT_BYTES} bytes, got more"),
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        refused(RefusalCode::JsonSyntax, format!("{what}: invalid UTF-8 at byte {place}"))
    })
}

/// Reads a file of any size.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    open(path)
        .and_then(|mut input| input.read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

/// Standard input can be read once.
pub(crate) fn check_stdin<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<(), Failure> {
    let count = paths.into_iter().filter(|path| is_stdin(path)).count();
    if count > 1 {
        return Err(Failure::Usage("`-` is given more than once".to_owned()));
    }
    Ok(())
}

/// Whether it is standard input that is meant.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == STDIN
}

fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    Ok(if is_stdin(path) { Box::new(io::stdin().lock()) } else { Box::new(File::open(path)?) })
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
