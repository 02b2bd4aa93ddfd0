//! What callers may append.

use serde::Serialize;

use crate::{
    canonical,
    error::LedgerError,
    format::{GENESIS, RECOVERED, SEGMENT, TEXT},
    limits::{ENVELOPE_BYTES, LINE_BYTES},
    line,
};

/// The canonical body of a record of the caller's.
pub(crate) fn record(kind: &str, body: &impl Serialize) -> Result<String, LedgerError> {
    if !line::is_kind(kind) {
        let what = "expected a kind of at most 64 of a-z, 0-9, _, - and ., the first a letter";
        return Err(LedgerError::Unfit(what.to_owned()));
    }
    if [GENESIS, SEGMENT, TEXT, RECOVERED].contains(&kind) {
        return Err(LedgerError::Unfit(format!(
            "expected a kind that is not the ledger's, got {kind}"
        )));
    }
    let body = canonical::write(body).map_err(LedgerError::Unfit)?;
    check_length(&body)?;
    Ok(body)
}

/// Whether a body leaves room for the rest of its line.
pub(crate) fn check_length(body: &str) -> Result<(), LedgerError> {
    let most = LINE_BYTES - ENVELOPE_BYTES;
    match body.len() {
        length if length > most => Err(LedgerError::Unfit(format!(
            "expected a body of at most {most} bytes, got {length}"
        ))),
        _ => Ok(()),
    }
}
