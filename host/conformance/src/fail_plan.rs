//! `{term, kinds, expect: {encoding, sha256, classified: [{kind, action, backoff?: [ms…]}]}}`.
//!
//! `backoff` holds the waits before attempts 1 to 4. In a specification document the kinds are
//! called `cases`, and there are no waits.

use serde::Deserialize;
use serde_json::Value;
use sigmapol_core::json::quote;

use super::{Malformed, check::Check, equal};

/// Attempts that a vector gives a wait for.
const ATTEMPTS: usize = 4;

#[derive(Deserialize)]
struct Classified {
    kind: String,
    action: Value,
    backoff: Option<Vec<f64>>,
}

pub(super) fn run(check: &mut Check<'_, '_>) -> Result<(), Malformed> {
    let record = check.record;
    let expect = record.object("expect")?;
    let classified = expect
        .get("classified")
        .ok_or_else(|| record.expected("expected `classified` in `expect`"))?;
    let classified: Vec<Classified> = record.parse("classified", classified)?;
    let policy =
        format!(r#"["policy",["top"],["zero"],["ordered"],["id"],{}]"#, record.need("term")?);
    let failures: Vec<_> = classified
        .iter()
        .flat_map(|entry| (1..=ATTEMPTS).map(|attempt| (quote(&entry.kind), attempt)))
        .map(|(kind, attempt)| format!(r#"{{"kind":{kind},"attempt":{attempt}}}"#))
        .collect();
    let failures = format!("[{}]", failures.join(","));
    match check.decide(&policy, "[]", |object| object.with("failures", &failures)) {
        Err(error) => check.no_value("reactions", &error),
        Ok(decision) => {
            let count = classified.len() * ATTEMPTS;
            check.equal("reactions", count, decision.reactions.len());
            for (entry, reactions) in classified.iter().zip(decision.reactions.chunks(ATTEMPTS)) {
                for (index, reaction) in reactions.iter().enumerate() {
                    let what = format!("{} at attempt {}", entry.kind, index + 1);
                    let same = serde_json::from_str(&reaction.action)
                        .is_ok_and(|got| equal::json(&entry.action, &got));
                    check.same(format!("action of {what}"), same, &entry.action, &reaction.action);
                    if let Some(wait) = entry.backoff.as_ref().and_then(|waits| waits.get(index)) {
                        let same = equal::numbers(*wait, reaction.backoff_ms);
                        check.same(format!("backoff of {what}"), same, wait, reaction.backoff_ms);
                    }
                }
            }
        }
    }
    check.names(&expect)
}
