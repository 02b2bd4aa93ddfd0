//! The names of the format, and the records that the ledger itself writes.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// The name of the format, in the first record and under every seal.
pub(crate) const FORMAT: &str = "sigmapol-ledger/v1";

/// The first record of a ledger.
pub(crate) const GENESIS: &str = "genesis";
/// The first record of any later segment.
pub(crate) const SEGMENT: &str = "segment";
/// A text that other records refer to by its digest.
pub(crate) const TEXT: &str = "text";
/// What a recovery moved to the quarantine.
pub(crate) const RECOVERED: &str = "recovered";

/// The body of a text, and nothing else: what is hashed is all there is.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextBody<S> {
    pub(crate) sha256: Digest,
    pub(crate) text: S,
}

/// The body of a `recovered`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read to see whether it can be")]
pub(crate) struct RecoveredBody {
    bytes: u64,
    offset: u64,
    segment: u64,
    sha256: Digest,
}

/// The kind and the body of the first record of a segment.
pub(crate) fn opening(segment: u64) -> (&'static str, String) {
    match segment {
        1 => (GENESIS, format!("{{\"format\":\"{FORMAT}\"}}")),
        _ => (SEGMENT, format!("{{\"segment\":{segment}}}")),
    }
}
