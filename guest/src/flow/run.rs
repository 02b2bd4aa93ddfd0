//! A flow under way: its calls come out, their answers go in.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::data;
use super::graph::{Flow, Node};
use super::options::whole;
use super::progress::{Call, Progress, Said, Walk};
use super::questions;
use crate::digest::sha256_hex;
use crate::encode::fingerprint;
use crate::event::Event;
use crate::json::{Object, Value};
use crate::refusal::{Refusal, RefusalCode};
use crate::turn::Effect;
use crate::vocabulary::Vocabulary;

/// The version of the state of a flow's run; another is refused.
const VERSION: f64 = 1.0;

/// Calls that a flow may have open: as many as one node has inputs at most.
const AT_ONCE: u32 = 32;

/// Every call that is open.
const AT_MOST: usize = usize::MAX;

/// Names a flow; with an input, runs it.
#[inline(never)]
pub fn start<'a>(event: &Event<'a>) -> Result<(Option<Value<'a>>, Effect), Refusal> {
    let flow = event.need("flow")?;
    let vocabulary = event.vocabulary()?;
    let checked = check(flow, &vocabulary)?;
    if event.get("input").is_none() {
        let canonical = checked.encode();
        let named = Object::new()
            .text("identity", sha256_hex(&canonical))
            .text("fingerprint", fingerprint(&canonical))
            .text("canonical", canonical);
        return Ok((None, Effect::Done(named.build().to_json())));
    }
    let input = event.text("input")?;
    if event.get("data").is_some_and(|data| data.as_bool().is_none()) {
        return Err(wrong("data", "expected a boolean"));
    }
    let at_once = event.get("at_once");
    if at_once.is_some() && whole(at_once, 1, AT_ONCE).is_none() {
        return Err(wrong("at_once", "expected a whole number from 1 to 32"));
    }
    let mut run = event
        .copy(&["at_once", "data", "flow", "input"])
        .number("version", VERSION)
        .with("vocabulary", vocabulary.clone())
        .with("answers", Value::Object(Vec::new()));
    if is_data(event.get("data")) {
        run = run.text("input", data::admit(input).map_err(|error| wrong("input", &error))?);
    }
    let run = run.build();
    let effect = turn(&checked, &run)?;
    Ok((Some(run), effect))
}

/// What came of the call of a flow's node.
#[inline(never)]
pub fn answer<'a>(
    event: &Event<'a>,
    run: &Value<'a>,
) -> Result<(Option<Value<'a>>, Effect), Refusal> {
    let part = |key: &str| run.get(key).ok_or_else(malformed);
    if part("version")?.as_number() != Some(VERSION) {
        return Err(malformed());
    }
    let checked = check(part("flow")?, part("vocabulary")?)?;
    let (mut next, mut key, mut said) = (run.clone(), "answers", Object::new());
    if let Progress::Calls(calls, failed) = proceed(&checked, run, AT_MOST)? {
        let node = event.get("node").map(|_| event.text("node")).transpose()?;
        let call = calls.iter().find(|call| node.is_none_or(|node| call.node.id == node));
        // nobody waits any more for the answers of nodes after one that failed
        let calls = |known: &Node| known.policy.is_some() && Some(known.id) == node;
        if call.is_none() && !(failed && checked.nodes.iter().any(calls)) {
            return Err(wrong("node", "expected a node whose call is open"));
        }
        if let Some(call) = call {
            if call.routes {
                key = "routes";
            }
            said = Object::from(run.get(key).and_then(Value::as_object).unwrap_or(&[]));
            said = said.with(call.node.id, heard(call, event)?);
        }
    }
    if !said.members().is_empty() {
        next = Object::from(next).with(key, said.build()).build();
    }
    let effect = turn(&checked, &next)?;
    Ok((Some(next), effect))
}

/// What is kept of an answer: its text, checked where others read it as data, or why there is none.
#[inline(never)]
fn heard<'a>(call: &Call<'_>, event: &Event<'a>) -> Result<Value<'a>, Refusal> {
    let failed = |error: String| Object::new().text("error", error).build();
    if event.get("error").is_some() {
        return Ok(failed(event.text("error")?.into()));
    }
    let text = event.text("text")?;
    let admitted = match call.node.option("questions") {
        Some(questions) => questions::answers(questions, text),
        None if call.node.option("output_format").is_some() && !call.routes => data::admit(text),
        None => return Ok(Value::text(text)),
    };
    Ok(admitted.map_or_else(failed, Value::text))
}

fn turn(flow: &Flow<'_>, run: &Value<'_>) -> Result<Effect, Refusal> {
    let at_once = whole(run.get("at_once"), 1, AT_ONCE).unwrap_or(1);
    Ok(match proceed(flow, run, at_once as usize)? {
        Progress::Done(done) => Effect::Done(done.to_json()),
        Progress::Calls(calls, _) => Effect::Call(match (run.get("at_once"), calls.first()) {
            (None, Some(call)) => call.build().to_json(),
            _ => {
                let calls = calls.iter().map(Call::build_placed).collect();
                Object::new().with("calls", Value::Array(calls)).build().to_json()
            }
        }),
    })
}

#[inline(never)]
fn proceed<'a>(
    flow: &'a Flow<'a>,
    run: &'a Value<'a>,
    at_once: usize,
) -> Result<Progress<'a>, Refusal> {
    let members = |key: &str| run.get(key).and_then(Value::as_object);
    let said = Said {
        answers: members("answers").ok_or_else(malformed)?,
        routes: members("routes").unwrap_or(&[]),
    };
    let walk = Walk {
        flow,
        input: run.get("input").and_then(Value::as_str).ok_or_else(malformed)?,
        data: is_data(run.get("data")),
        said,
    };
    Ok(walk.proceed(at_once))
}

fn is_data(flag: Option<&Value>) -> bool {
    flag.and_then(Value::as_bool) == Some(true)
}

#[cold]
#[inline(never)]
fn malformed() -> Refusal {
    Refusal::new(RefusalCode::Run, "run: expected the run of a flow")
}

fn wrong(key: &str, message: &str) -> Refusal {
    Refusal::event(format!("event.{key}: {message}"))
}

fn check<'a>(flow: &'a Value<'a>, vocabulary: &Value) -> Result<Flow<'a>, Refusal> {
    Flow::check(flow, &Vocabulary::read(vocabulary)?)
        .map_err(|message| Refusal::new(RefusalCode::Flow, message))
}
