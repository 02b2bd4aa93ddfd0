//! A record's number and seal: what stands for it, and for all records before it.

use std::{fmt, str::FromStr};

use serde::Serialize;

use super::{
    Digest,
    line::{Fault, Line},
};

/// The number and the seal of a record.
///
/// The seal is over the seal before it, so an entry that is kept elsewhere is an anchor for the
/// ledger up to there: see [`verify`](super::verify). Its text is `NUMBER:SEAL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Entry {
    /// Records count from 0, without gaps.
    pub number: u64,
    /// The SHA-256 over the record and the seal before it.
    pub seal: Digest,
}

impl Entry {
    /// The number and the seal that the record after this one carries.
    pub(super) fn next(head: Option<Self>) -> (u64, Digest) {
        // a line may claim any number; that it cannot be the one before is seen elsewhere
        head.map_or((0, Digest::ZERO), |head| (head.number.wrapping_add(1), head.seal))
    }

    /// Whether a line follows on this head; gives the new head.
    pub(super) fn follow(head: Option<Self>, line: &Line<'_>) -> Result<Self, Fault> {
        Self::follow_link(head, line.number, line.prev)?;
        Ok(Self { number: line.number, seal: line.seal })
    }

    /// Whether a record of this number, after this seal, follows on this head.
    pub(super) fn follow_link(head: Option<Self>, number: u64, prev: Digest) -> Result<(), Fault> {
        let expected = Self::next(head);
        if number != expected.0 {
            let what = format!("expected the number {}, got {number}", expected.0);
            return Err(Fault::Damage(what));
        }
        if prev != expected.1 {
            return Err(Fault::Damage(format!("expected the prev {}, got {prev}", expected.1)));
        }
        Ok(())
    }
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
