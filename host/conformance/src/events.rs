//! Events as texts, and what comes back as values.

use serde_json::{Value, json};
use sigmapol_core::{
    Effect, Engine, Error, RefusalCode, Turn,
    json::{Object, quote},
};

use super::{Malformed, Record};

/// What the engine says to a record, in the form of its `expect`; an error that no `expect` has a
/// form for; or why the record cannot be replayed.
pub(super) type Answer = Result<Result<Value, Error>, Malformed>;

/// An event of this kind. Vectors hold for the `reference` profile.
pub(super) fn event(kind: &str) -> Object {
    Object::new().with("kind", &quote(kind)).with("admission", r#""reference""#)
}

/// An event that belongs to no run, and what it is done with.
pub(super) fn ask(engine: &dyn Engine, event: Object) -> Result<Value, Error> {
    engine.step(None, &event.finish()).map(|outcome| output(&outcome.value, false))
}

/// What comes of an event: `{status, …}` if it belongs to a run, with the logs there are.
pub(super) fn output(turn: &Turn, of_run: bool) -> Value {
    let mut output = match &turn.effect {
        Effect::Call(request) => json!({ "status": "call", "request": value(request) }),
        Effect::Wait(until) => json!({ "status": "wait", "until_ms": until }),
        Effect::Done(result) if of_run => json!({ "status": "done", "result": value(result) }),
        Effect::Done(result) => value(result),
    };
    if let (Some(members), false) = (output.as_object_mut(), turn.logs.is_empty()) {
        let logs = turn.logs.iter().map(|log| value(log)).collect();
        members.insert("logs".to_owned(), logs);
    }
    output
}

/// The value of a text of the engine; the text itself if it is not JSON, which nobody expects.
pub(super) fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

/// A refusal of this code, in the form that vectors have for it.
pub(super) fn or_refused(
    answer: Result<Value, Error>,
    code: RefusalCode,
    form: impl FnOnce(String) -> Value,
) -> Result<Value, Error> {
    match answer {
        Err(Error::Refused(refusal)) if refusal.code == code => Ok(form(refusal.message)),
        answer => answer,
    }
}

/// An object of the record; in a vector an empty one may stand as an empty array.
pub(super) fn object(text: &str) -> &str {
    if text == "[]" { "{}" } else { text }
}

/// The expected answer of the record.
pub(super) fn expect(record: &Record<'_>) -> Result<Value, Malformed> {
    record.parse("expect", record.need("expect")?)
}
