//! A flow under way: its calls come out one by one, their answers go in.

use alloc::vec::Vec;

use super::graph::Flow;
use super::progress::Progress;
use crate::digest::sha256_hex;
use crate::encode::fingerprint;
use crate::event::Event;
use crate::json::{Object, Value};
use crate::refusal::{Refusal, RefusalCode};
use crate::run::VERSION;
use crate::turn::Effect;
use crate::vocabulary::Vocabulary;

/// Names a flow; with an input, runs it.
pub fn start<'a>(event: &Event<'a>) -> Result<(Option<Value<'a>>, Effect), Refusal> {
    let flow = event.need("flow")?;
    let vocabulary = event.vocabulary()?;
    let checked = check(flow, &vocabulary)?;
    let Some(input) = event.get("input") else {
        let canonical = checked.encode();
        let named = Object::new()
            .text("identity", sha256_hex(&canonical))
            .text("fingerprint", fingerprint(&canonical))
            .text("canonical", canonical);
        return Ok((None, Effect::Done(named.build().to_json())));
    };
    let run = Object::new()
        .number("version", VERSION)
        .with("flow", flow.clone())
        .with("input", input.clone())
        .with("vocabulary", vocabulary.clone())
        .with("answers", Value::Object(Vec::new()));
    let effect = effect_of(checked.proceed(event.text("input")?, &[]));
    Ok((Some(run.build()), effect))
}

/// The text that the call of a flow's node came back with.
pub fn answer<'a>(
    event: &Event<'a>,
    run: &Value<'a>,
) -> Result<(Option<Value<'a>>, Effect), Refusal> {
    let malformed = || Refusal::new(RefusalCode::Run, "run: expected the run of a flow");
    let part = |key: &str| run.get(key).ok_or_else(malformed);
    if part("version")?.as_number() != Some(VERSION) {
        return Err(malformed());
    }
    let checked = check(part("flow")?, part("vocabulary")?)?;
    let input = part("input")?.as_str().ok_or_else(malformed)?;
    let mut answers = Object::from(part("answers")?.as_object().ok_or_else(malformed)?);
    if let Progress::Call(call) = checked.proceed(input, answers.members()) {
        answers = answers.text(call.node, event.text("text")?);
    }
    let effect = effect_of(checked.proceed(input, answers.members()));
    let run = Object::from(run.as_object().unwrap_or(&[])).with("answers", answers.build());
    Ok((Some(run.build()), effect))
}

fn check<'a>(flow: &'a Value<'a>, vocabulary: &Value) -> Result<Flow<'a>, Refusal> {
    Flow::check(flow, &Vocabulary::read(vocabulary)?)
        .map_err(|message| Refusal::new(RefusalCode::Flow, message))
}

fn effect_of(progress: Progress) -> Effect {
    match progress {
        Progress::Done(output) => {
            Effect::Done(Object::new().text("output", output).build().to_json())
        }
        Progress::Call(call) => {
            let call = Object::new()
                .text("node", call.node)
                .text("system", call.system)
                .text("prompt", call.prompt)
                .with("policy", call.policy.clone())
                .text("policy_fingerprint", call.policy_fingerprint);
            Effect::Call(call.build().to_json())
        }
    }
}
