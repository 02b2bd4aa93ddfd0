//! `{flow, input?, expect: {encoding, fingerprint, sha256, run?: {output, calls}} | {error}}`.
//!
//! The calls of the run are answered with `R1`, `R2`, … in their order.

use serde_json::{Value, json};

use super::{
    Malformed, Record,
    check::Check,
    events::{Answer, event, expect, or_refused, output},
};
use crate::{
    Error, RefusalCode, Verbs,
    json_text::{Object, quote},
};

/// A flow has no more nodes than this, and each calls once.
const CALLS: usize = 256;

pub(super) fn answer(record: &Record<'_>, vocabulary: &str, verbs: &dyn Verbs) -> Answer {
    let flow = record.need("flow")?;
    let start = || event("flow").with("vocabulary", vocabulary).with("flow", flow);
    let named = super::events::ask(verbs, start()).map(|named| {
        json!({
            "encoding": named["canonical"],
            "fingerprint": named["fingerprint"],
            "sha256": named["identity"],
        })
    });
    let answer = named.and_then(|mut named| {
        if let (Some(input), Some(members)) = (record.get("input"), named.as_object_mut()) {
            let event = start().with("input", input);
            members.insert("run".to_owned(), walk(event, vocabulary, verbs)?);
        }
        Ok(named)
    });
    Ok(or_refused(answer, RefusalCode::Flow, |error| json!({ "error": error })))
}

/// The run of a flow to its end, or to one call more than there can be.
fn walk(start: Object, vocabulary: &str, verbs: &dyn Verbs) -> Result<Value, Error> {
    let mut calls = Vec::new();
    let mut turn = verbs.step(None, &start.finish())?.value;
    loop {
        let mut out = output(&turn, true);
        let Some(call) = out.get_mut("request").and_then(Value::as_object_mut) else {
            return Ok(json!({ "output": out["result"]["output"], "calls": calls }));
        };
        // the policy is the node's own, for hosts; its fingerprint stands for it here
        call.remove("policy");
        calls.push(out["request"].take());
        if calls.len() > CALLS {
            return Ok(json!({ "calls": calls }));
        }
        let text = quote(&format!("R{}", calls.len()));
        let answer = event("answer").with("vocabulary", vocabulary).with("text", &text);
        turn = verbs.step(Some(&turn.run), &answer.finish())?.value;
    }
}

pub(super) fn run(check: &mut Check<'_, '_>) -> Result<(), Malformed> {
    let expected = expect(check.record)?;
    let answer = answer(check.record, check.vocabulary(), check.verbs)?;
    check.value("", &expected, answer);
    Ok(())
}
