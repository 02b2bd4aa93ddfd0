//! `{verb, args: […], expect: {code, message}}`.
//!
//! An argument that is a string stands for the text it holds, since a text that is refused need
//! not be JSON; any other value stands for its own text, and `null` for no argument.

use serde::Deserialize;
use serde_json::value::RawValue;
use sigmapol_core::Error;

use super::{Malformed, check::Check};

#[derive(Deserialize)]
struct Expect {
    code: String,
    message: String,
}

pub(super) fn run(check: &mut Check<'_, '_>) -> Result<(), Malformed> {
    let record = check.record;
    let verb: String = record.parse("verb", record.need("verb")?)?;
    let arguments: Vec<&RawValue> = record.parse("args", record.need("args")?)?;
    let arguments: Vec<_> = arguments.into_iter().map(|raw| text(raw.get())).collect();
    let expect: Expect = record.parse("expect", record.need("expect")?)?;
    let engine = check.engine;
    let answer = match (verb.as_str(), arguments.as_slice()) {
        ("admit", [Some(term), Some(vocabulary)]) => engine.admit(term, vocabulary).map(drop),
        ("hash", [Some(term), Some(vocabulary)]) => engine.hash(term, vocabulary).map(drop),
        ("decide", [Some(policy), Some(ctx)]) => engine.decide(policy, ctx).map(drop),
        ("step", [run, Some(event)]) => engine.step(run.as_deref(), event).map(drop),
        _ => return Err(record.expected("expected a verb and its two arguments")),
    };
    match answer {
        Ok(()) => check.same("outcome", false, &expect.code, "a value"),
        Err(Error::Refused(refusal)) => {
            check.equal("code", expect.code.as_str(), refusal.code.name());
            check.equal("message", &expect.message, &refusal.message);
        }
        Err(error) => check.same("outcome", false, &expect.code, error),
    }
    Ok(())
}

fn text(raw: &str) -> Option<String> {
    match raw {
        "null" => None,
        _ => Some(serde_json::from_str(raw).unwrap_or_else(|_| raw.to_owned())),
    }
}
