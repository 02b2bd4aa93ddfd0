//! The normal form means what the term means, and so does every term that the laws make equal.

use sigmapol_core::{Decision, Engine as _, Error, Native, RefusalCode};

use super::{Verdict, require};
use crate::canonical::{disguise, read};
use crate::generate::{Draw, Words, ctx, policy};

/// A policy, its normal form and a disguise of that, over one ctx.
pub fn check(bytes: &[u8]) -> Verdict {
    let mut draw = Draw::new(bytes);
    let words = Words::new(&mut draw);
    let policy = policy(&mut draw, &words);
    let ctx = ctx(&mut draw, &words);
    let same = |draw: &mut Draw<'_>| -> Verdict {
        let Ok(admission) = Native.admit(&policy, &words.vocabulary) else { return Ok(false) };
        let normal = read(&admission.value.canonical)?;
        let raw = decided(&policy, &ctx);
        let of_normal = decided(&normal.to_string(), &ctx);
        // the normal form is no deeper and no larger; with an envelope that may decide
        let refused = matches!(&raw, Err(refusal) if too_large(refusal));
        require(refused || equal(&raw, &of_normal), || {
            format!("{raw:?}, and of the normal form {of_normal:?}\n{normal}")
        })?;
        let disguise = disguise(&normal, draw).to_string();
        let of_disguise = decided(&disguise, &ctx);
        let refused = matches!(&of_disguise, Err(refusal) if too_large(refusal));
        require(refused || equal(&of_normal, &of_disguise), || {
            format!("{of_normal:?}, and of an equal term {of_disguise:?}\n{disguise}")
        })?;
        Ok(raw.is_ok())
    };
    same(&mut draw).map_err(|broken| format!("{broken}\n{policy}\n{ctx}"))
}

fn decided(policy: &str, ctx: &str) -> Result<Decision, Error> {
    Ok(Native.decide(policy, ctx)?.value)
}

fn too_large(error: &Error) -> bool {
    matches!(error, Error::Refused(refusal)
        if matches!(refusal.code, RefusalCode::TermDepth | RefusalCode::TermNodes))
}

/// To the last bit: the identity, scores, texts and the cost, which is that of the normal form.
/// What is refused is refused for the same reason, at a place of its own.
fn equal(first: &Result<Decision, Error>, second: &Result<Decision, Error>) -> bool {
    match (first, second) {
        (Ok(first), Ok(second)) => {
            let bits = |decision: &Decision| -> Vec<u64> {
                let waits = decision.reactions.iter().map(|reaction| reaction.backoff_ms);
                let scores = decision.ordered.iter().map(|ranked| ranked.score);
                scores.chain(waits).map(f64::to_bits).collect()
            };
            first == second && bits(first) == bits(second)
        }
        (Err(first), Err(second)) => first.code() == second.code(),
        _ => false,
    }
}
