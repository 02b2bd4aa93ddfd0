//! `{config, expect: {ok, info} | {ok: false, error} | {throws}}`.

use serde_json::json;
use sigmapol_core::{Engine, RefusalCode};

use super::{
    Malformed, Record,
    check::Check,
    events::{Answer, ask, event, expect, or_refused},
};

pub(super) fn answer(record: &Record<'_>, engine: &dyn Engine) -> Answer {
    let answer = ask(engine, event("init").with("config", record.need("config")?));
    Ok(or_refused(answer, RefusalCode::Config, |error| json!({ "ok": false, "error": error })))
}

pub(super) fn run(check: &mut Check<'_, '_>) -> Result<(), Malformed> {
    let mut expected = expect(check.record)?;
    // the reference returns some of its errors and throws others; here they are all refusals
    if let Some(error) = expected.get("throws") {
        expected = json!({ "ok": false, "error": error });
    }
    let answer = answer(check.record, check.engine)?;
    check.value("", &expected, answer);
    Ok(())
}
