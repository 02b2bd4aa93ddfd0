//! `{profile, retry_table?, contract?, expect: {sort, encoding, fingerprint, sha256} | {error} |
//! {throws}}`.
//!
//! `throws` is an error of the lowering, `error` one of the admission of what it made.

use serde_json::json;
use sigmapol_core::{Engine, RefusalCode};

use super::{
    Malformed, Record,
    check::Check,
    events::{Answer, ask, event, expect, or_refused},
};

pub(super) fn answer(record: &Record<'_>, vocabulary: &str, engine: &dyn Engine) -> Answer {
    let event = event("elaborate")
        .with("profile", record.need("profile")?)
        .with_some("retry_table", record.get("retry_table"))
        .with_some("contract", record.get("contract"));
    let lowered = ask(engine, event).and_then(|lowered| match lowered.get("term") {
        None => Ok(lowered),
        Some(term) => match engine.admit(&term.to_string(), vocabulary).map(|it| it.value) {
            Err(sigmapol_core::Error::Refused(refusal)) => Ok(json!({ "error": refusal.message })),
            Err(error) => Err(error),
            Ok(admission) => Ok(json!({
                "sort": admission.sort.name(),
                "encoding": admission.canonical,
                "fingerprint": admission.fingerprint,
                "sha256": admission.identity,
            })),
        },
    });
    Ok(or_refused(lowered, RefusalCode::Config, |error| json!({ "throws": error })))
}

pub(super) fn run(check: &mut Check<'_, '_>) -> Result<(), Malformed> {
    let expected = expect(check.record)?;
    let answer = answer(check.record, check.vocabulary(), check.engine)?;
    check.value("", &expected, answer);
    Ok(())
}
