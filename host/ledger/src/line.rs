//! One record as one line: how it is written, sealed and checked.
//!
//! The members are in their canonical order and the seal is the last of them, so a line is sealed
//! and checked as text: the seal is the SHA-256 of the name of the format, a line feed, and the
//! record without its seal.

use serde::Deserialize;

use crate::{
    canonical::scan::is_object,
    digest::Digest,
    fault::Fault,
    format::{FORMAT, GENESIS, RECOVERED, RecoveredBody, SEGMENT, TEXT, TextBody, opening},
    limits::{FORMAT_CHARS, KIND_BYTES},
    time::is_time,
};

/// The record as it stands in its line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line<'a> {
    pub(crate) at: &'a str,
    /// A canonical object.
    pub(crate) body: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) number: u64,
    pub(crate) prev: Digest,
    pub(crate) seal: Digest,
}

/// Writes a record, with the line feed that ends it, and seals it.
pub(crate) fn seal(
    at: &str,
    body: &str,
    kind: &str,
    number: u64,
    prev: Digest,
) -> (String, Digest) {
    let mut line = format!(
        "{{\"at\":\"{at}\",\"body\":{body},\"kind\":\"{kind}\",\"number\":{number},\"prev\":\"{prev}\""
    );
    let seal = digest(&line);
    line.push_str(&format!(",\"seal\":\"{seal}\"}}\n"));
    (line, seal)
}

/// The seal of a record, of which this is everything before the seal.
fn digest(sealed: &str) -> Digest {
    Digest::of_all([FORMAT.as_bytes(), b"\n", sealed.as_bytes(), b"}"])
}

/// Whether a kind may be used: a short word of lower-case letters, digits, `_`, `-` and `.`.
pub(crate) fn is_kind(kind: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.".contains(&byte);
    (1..=KIND_BYTES).contains(&kind.len())
        && kind.starts_with(|first: char| first.is_ascii_lowercase())
        && kind.bytes().all(allowed)
}

/// Checks what a line can be checked for alone: its form, its seal, the digest of a text, and
/// whether it belongs at the beginning of this segment.
pub(crate) fn check(bytes: &[u8], segment: u64, first: bool) -> Result<Line<'_>, Fault> {
    let text = str::from_utf8(bytes).map_err(|_| Fault::damage("expected UTF-8"))?;
    let (line, sealed) =
        parse(text).ok_or_else(|| Fault::damage("expected a record as canonical JSON"))?;
    if first && segment == 1 && line.kind == GENESIS {
        check_version(line.body)?;
    }
    let actual = digest(sealed);
    if actual != line.seal {
        return Err(Fault::Damage(format!("expected the seal {actual}, got {}", line.seal)));
    }
    let (kind, body) = opening(segment);
    if first && (line.kind, line.body) != (kind, &body) {
        return Err(Fault::Damage(format!("expected the kind {kind} and the body {body}")));
    }
    if !first && [GENESIS, SEGMENT].contains(&line.kind) {
        return Err(Fault::Damage(format!("expected no {} here", line.kind)));
    }
    if line.kind == TEXT {
        let TextBody { sha256, text } = serde_json::from_str::<TextBody<String>>(line.body)
            .map_err(|_| Fault::damage("expected sha256 and text in the body of a text"))?;
        let actual = Digest::of(text);
        if sha256 != actual {
            return Err(Fault::Damage(format!("expected the digest {actual}, got {sha256}")));
        }
    }
    if line.kind == RECOVERED {
        serde_json::from_str::<RecoveredBody>(line.body).map_err(|_| {
            Fault::damage("expected bytes, offset, segment and sha256 in the body of a recovered")
        })?;
    }
    Ok(line)
}

/// Before the seal is looked at: another version may seal in another way.
fn check_version(body: &str) -> Result<(), Fault> {
    #[derive(Deserialize)]
    struct Genesis {
        format: String,
    }
    match serde_json::from_str::<Genesis>(body) {
        Ok(Genesis { format }) if format == FORMAT => Ok(()),
        Ok(Genesis { format }) if is_format(&format) => Err(Fault::Version(format)),
        Ok(_) => Err(Fault::Damage(format!(
            "expected the name of a format of at most {FORMAT_CHARS} characters"
        ))),
        Err(_) => Ok(()),
    }
}

/// Whether this may be a name, and be shown on a terminal.
fn is_format(name: &str) -> bool {
    (1..=FORMAT_CHARS).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Takes a line apart; gives what is sealed as well.
fn parse(text: &str) -> Option<(Line<'_>, &str)> {
    // from the end: only a kind and a number are of unknown length there
    let (rest, seal) = tail(text.strip_suffix("\"}")?)?;
    let sealed = rest.strip_suffix(",\"seal\":\"")?;
    let (rest, prev) = tail(sealed.strip_suffix('"')?)?;
    let (rest, number) = rest.strip_suffix(",\"prev\":\"")?.rsplit_once(",\"number\":")?;
    let (rest, kind) = rest.strip_suffix('"')?.rsplit_once(",\"kind\":\"")?;
    let (at, body) = rest.strip_prefix("{\"at\":\"")?.split_once("\",\"body\":")?;
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits && (number == "0" || !number.starts_with('0'));
    let number = number.parse().ok().filter(|_| canonical)?;
    let whole = is_time(at) && is_kind(kind) && is_object(body);
    whole.then_some((Line { at, body, kind, number, prev, seal }, sealed))
}

/// The digest at the end of a text.
fn tail(text: &str) -> Option<(&str, Digest)> {
    let (rest, digits) = text.split_at_checked(text.len().checked_sub(64)?)?;
    Some((rest, Digest::from_hex(digits)?))
}
