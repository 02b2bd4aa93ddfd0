//! `{flow, input?, expect: {encoding, fingerprint, sha256, run?: {output, calls}} | {error}}`.
//!
//! The calls of the run are answered with `R1`, `R2`, … in their order.

use serde_json::{Value, json};
use sigmapol_core::{
    Effect, Engine, Error, RefusalCode,
    json::{Object, quote},
};

use super::{
    Malformed, Record,
    check::Check,
    events::{Answer, ask, event, expect, or_refused, value},
};

/// A flow has no more nodes than this, and each calls once.
const CALLS: usize = 256;

pub(super) fn answer(record: &Record<'_>, vocabulary: &str, engine: &dyn Engine) -> Answer {
    let flow = record.need("flow")?;
    let start = || event("flow").with("vocabulary", vocabulary).with("flow", flow);
    let answer = ask(engine, start()).and_then(|named| {
        let run =
            record.get("input").map(|input| walk(start().with("input", input), vocabulary, engine));
        let mut answer = json!({
            "encoding": named.get("canonical"),
            "fingerprint": named.get("fingerprint"),
            "sha256": named.get("identity"),
        });
        if let (Some(run), Some(members)) = (run.transpose()?, answer.as_object_mut()) {
            members.insert("run".to_owned(), run);
        }
        Ok(answer)
    });
    Ok(or_refused(answer, RefusalCode::Flow, |error| json!({ "error": error })))
}

/// The run of a flow to its end, or to one call more than there can be.
fn walk(start: Object, vocabulary: &str, engine: &dyn Engine) -> Result<Value, Error> {
    let mut calls = Vec::new();
    let mut turn = engine.step(None, &start.finish())?.value;
    while calls.len() <= CALLS {
        let mut call = match &turn.effect {
            Effect::Call(call) => value(call),
            Effect::Done(done) => {
                return Ok(json!({ "output": value(done).get("output"), "calls": calls }));
            }
            Effect::Wait(until_ms) => return Ok(json!({ "until_ms": until_ms, "calls": calls })),
        };
        // the policy is the node's own, for hosts; its fingerprint stands for it here
        call.as_object_mut().map(|members| members.remove("policy"));
        calls.push(call);
        let text = quote(&format!("R{}", calls.len()));
        let answer = event("answer").with("vocabulary", vocabulary).with("text", &text);
        turn = engine.step(Some(&turn.run), &answer.finish())?.value;
    }
    Ok(json!({ "calls": calls }))
}

pub(super) fn run(check: &mut Check<'_, '_>) -> Result<(), Malformed> {
    let expected = expect(check.record)?;
    let answer = answer(check.record, check.vocabulary(), check.engine)?;
    check.value("", &expected, answer);
    Ok(())
}
