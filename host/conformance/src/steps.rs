//! `{config, metrics?, script: [op…], expect: {init, steps: [output…]}}`.
//!
//! One output for each op: `{status, …}` of a run, the answer of an event that belongs to none, or
//! `{throws}`, where the reference throws and the engine has an answer like any other. The ops are
//! those of [`Script`].

use serde::Deserialize;
use serde_json::{Value, json};
use sigmapol_core::Engine;

use super::{Malformed, Record, check::Check, events::Answer, script::Script};

#[derive(Deserialize)]
struct Expect {
    init: Value,
    steps: Vec<Value>,
}

pub(super) fn answer(record: &Record<'_>, engine: &dyn Engine) -> Answer {
    let mut script = Script::new(record, engine)?;
    let init = match script.init()? {
        Ok(init) => init,
        Err(error) => return Ok(Err(error)),
    };
    let mut steps = Vec::new();
    for op in Script::ops(record)? {
        match script.run(&op)? {
            Ok(output) => steps.push(output),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(json!({ "init": init, "steps": steps })))
}

/// Up to the first step that differs: what comes after it follows from it.
pub(super) fn run(check: &mut Check<'_, '_>) -> Result<(), Malformed> {
    let record = check.record;
    let expected: Expect = record.parse("expect", record.need("expect")?)?;
    let mut script = Script::new(record, check.engine)?;
    if !check.value("init", &expected.init, script.init()?) {
        return Ok(());
    }
    let ops = Script::ops(record)?;
    check.equal("steps", expected.steps.len(), ops.len());
    for (index, (op, expected)) in ops.iter().zip(&expected.steps).enumerate() {
        let mut answer = script.run(op)?;
        if expected.get("throws").is_some() {
            answer = answer.map(thrown);
        }
        if !check.value(&format!("steps[{index}]"), expected, answer) {
            break;
        }
    }
    Ok(())
}

/// A failed start or rank as an error that is thrown: its message, and nothing else but logs.
fn thrown(output: Value) -> Value {
    let result = output.get("result").unwrap_or(&output);
    match (result.get("error"), output.get("logs")) {
        (Some(error), None) => json!({ "throws": error }),
        (Some(error), Some(logs)) => json!({ "throws": error, "logs": logs }),
        (None, _) => output,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_as_thrown() {
        for (output, expected) in [
            (
                json!({ "status": "done", "result": { "ok": false, "error": "e", "trace": {} } }),
                json!({ "throws": "e" }),
            ),
            (json!({ "error": "e", "logs": [1] }), json!({ "throws": "e", "logs": [1] })),
            (json!({ "status": "call" }), json!({ "status": "call" })),
        ] {
            assert_eq!(thrown(output), expected);
        }
    }
}
