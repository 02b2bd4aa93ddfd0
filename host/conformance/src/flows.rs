//! `{flow, input?, data?, at_once?, answers?, expect: {encoding, fingerprint, sha256, run?} |
//! {error}}`, the run being `{output, data?, notes?, calls}` or `{error, node, notes?, calls}`.
//!
//! `answers` is `{node: [text or {error}, …]}`, for the calls of a node one after the other; the calls
//! of other nodes are answered with `R1`, `R2`, … in their order. Of calls that are open at once the
//! last is answered first.

use std::collections::BTreeMap;

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

/// A flow has at most 256 nodes, and each calls twice at most.
const CALLS: usize = 512;

type Answers = BTreeMap<String, Vec<Value>>;

pub(super) fn answer(record: &Record<'_>, vocabulary: &str, engine: &dyn Engine) -> Answer {
    let flow = record.need("flow")?;
    let answers: Answers = record.read_optional("answers")?.unwrap_or_default();
    let start = || event("flow").with("vocabulary", vocabulary).with("flow", flow);
    let answer = ask(engine, start()).and_then(|named| {
        let run = record.get("input").map(|input| {
            let start =
                ["at_once", "data"].into_iter().fold(start().with("input", input), |start, key| {
                    start.with_some(key, record.get(key))
                });
            walk(start, vocabulary, answers, engine)
        });
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
fn walk(
    start: Object,
    vocabulary: &str,
    mut answers: Answers,
    engine: &dyn Engine,
) -> Result<Value, Error> {
    let mut calls: Vec<Value> = Vec::new();
    let mut turn = engine.step(None, &start.finish())?.value;
    for _ in 0..=CALLS {
        let mut effect = match &turn.effect {
            Effect::Call(call) => value(call),
            Effect::Done(done) => {
                let mut done = value(done);
                if let Some(members) = done.as_object_mut() {
                    members.insert("calls".to_owned(), json!(calls));
                }
                return Ok(done);
            }
            Effect::Wait(until_ms) => return Ok(json!({ "until_ms": until_ms, "calls": calls })),
        };
        let at_once = effect.get("calls").is_some();
        let open = match effect.get_mut("calls").and_then(Value::as_array_mut) {
            Some(calls) => std::mem::take(calls),
            None => vec![effect],
        };
        let mut last = Value::Null;
        for mut call in open {
            // the policy is the node's own, for hosts; its fingerprint stands for it here
            call.as_object_mut().map(|members| members.remove("policy"));
            if !calls.contains(&call) {
                calls.push(call.clone());
            }
            last = call;
        }
        let node = last.get("node").and_then(Value::as_str).unwrap_or_default();
        let given = answers.get_mut(node).filter(|given| !given.is_empty());
        let said =
            given.map_or_else(|| json!(format!("R{}", calls.len())), |given| given.remove(0));
        let answer = event("answer").with("vocabulary", vocabulary);
        let answer = match said.get("error") {
            Some(error) => answer.with("error", &error.to_string()),
            None => answer.with("text", &said.to_string()),
        };
        let node = quote(node);
        let answer = answer.with_some("node", at_once.then_some(&*node));
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
