//! admit → encode → parse → encode is a fixed point, and identities are digests of encodings.

use sha2::{Digest as _, Sha256};
use sigmapol_core::{Engine as _, Native};

use super::{COMPONENT, Verdict, accepted, require};
use crate::canonical;
use crate::generate::{Draw, Words, term};

/// A term of any sort in a vocabulary.
pub fn check(bytes: &[u8]) -> Verdict {
    let mut draw = Draw::new(bytes);
    let words = Words::new(&mut draw);
    let term = term(&mut draw, &words);
    encodes(&term, &words.vocabulary)
        .map_err(|broken| format!("{broken}\n{term}\n{}", words.vocabulary))
}

fn encodes(term: &str, vocabulary: &str) -> Verdict {
    let Some(first) = accepted(COMPONENT.admit(term, vocabulary))? else { return Ok(false) };
    require(first.identity == sha256(&first.canonical), || {
        format!("{} is not the digest of {}", first.identity, first.canonical)
    })?;
    require(first.fingerprint == fingerprint(&first.canonical), || {
        format!("{} is not the fingerprint of {}", first.fingerprint, first.canonical)
    })?;
    let parsed = canonical::read(&first.canonical)
        .map_err(|rest| format!("{} cannot be read from {rest:?} on", first.canonical))?;
    let again = Native
        .admit(&parsed.to_string(), vocabulary)
        .map_err(|error| format!("{parsed} is not admitted: {error}"))?
        .value;
    let names = |admission: &sigmapol_core::Admission| {
        let sigmapol_core::Admission { sort, identity, canonical, fingerprint, .. } =
            admission.clone();
        (sort, identity, canonical, fingerprint)
    };
    require(names(&again) == names(&first), || format!("{again:?} is not {first:?}"))?;
    require(again.nodes <= first.nodes && again.depth <= first.depth, || {
        format!("the normal form is larger: {again:?}, {first:?}")
    })?;
    Ok(true)
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Section 5 of the specification.
fn fingerprint(text: &str) -> String {
    let roll = |start: u64, times: u64, modulus: u64| {
        text.bytes().fold(start, |hash, byte| (times * hash + u64::from(byte)) % modulus)
    };
    format!("{}-{}", roll(5381, 31, 2_147_483_647), roll(52_711, 37, 2_147_483_629))
}
