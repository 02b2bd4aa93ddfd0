//! A record's number and seal: what stands for it, and for all records before it.

use std::{fmt, str::FromStr};

use serde::Serialize;

use crate::digest::Digest;

/// The number and the seal of a record.
///
/// The seal is over the seal before it, so an entry that is kept elsewhere is an anchor for the
/// ledger up to there: see [`verify`](crate::verify()). Its text is `NUMBER:SEAL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Entry {
    /// Records count from 0, without gaps.
    pub number: u64,
    /// The SHA-256 over the record and the seal before it.
    pub seal: Digest,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, self.seal)
    }
}

impl FromStr for Entry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let entry = text.split_once(':').and_then(|(number, seal)| {
            Some(Self { number: number.parse().ok()?, seal: Digest::from_hex(seal)? })
        });
        entry.ok_or_else(|| "expected NUMBER:SEAL, the seal 64 digits of 0-9 and a-f".to_owned())
    }
}
