//! What is said of a folder.

use std::{fs, path::Path};

use super::{answer, records::Chain, surroundings::Surroundings};
use crate::{Ledger, LedgerError, Options, anchor, read, recover, verify};

/// A whole ledger of so many segments; what lies around it.
pub(crate) fn whole(segments: u64) -> Surroundings {
    let around = Surroundings::new();
    let mut chain = Chain::new();
    for segment in 1..=segments {
        chain.lines.clear();
        chain.open(segment);
        chain.push("note", "{}");
        let bytes = chain.lines.concat();
        fs::write(around.ledger().join(format!("{segment:06}.jsonl")), bytes).unwrap();
    }
    around
}

/// What each call says, with `DIR` for the folder; one text, if they say the same.
pub(crate) fn said(around: &Surroundings) -> String {
    let folder = around.ledger();
    let outside = around.digest();
    let call = |what: &str, call: fn(&Path) -> Result<(), LedgerError>| {
        let path = folder.clone();
        let error = answer(what, move || call(&path))
            .map_or_else(|error| error, |()| LedgerError::Unfit("nothing".to_owned()));
        assert_eq!(around.digest(), outside, "{what}");
        error.to_string().replace(&folder.display().to_string(), "DIR")
    };
    let verified = call("verify", |path| verify(path, None).map(drop));
    let all = call("read", |path| read(path)?.try_for_each(|record| record.map(drop)));
    assert_eq!(verified, all);
    for said in [
        call("anchor", |path| anchor(path).map(drop)),
        call("recover", |path| recover(path).map(drop)),
        call("open", |path| Ledger::open(path, Options::default()).map(drop)),
    ] {
        assert_eq!(said, verified);
    }
    verified
}
