//! `{term, request, candidate, ctx, expect: {request} | {throws}}`.
//!
//! `request` is the outgoing one that the transform changes; the one that predicates look at is
//! in `ctx`.

use serde_json::Value;

use super::{Malformed, check::Check, equal};

pub(super) fn run(check: &mut Check<'_, '_>) -> Result<(), Malformed> {
    let record = check.record;
    let expect = record.object("expect")?;
    let ctx = record.object("ctx")?;
    let policy = format!(
        r#"["policy",["top"],["zero"],["ordered"],{},["always",{{"action":"next_candidate"}}]]"#,
        record.need("term")?
    );
    let body = record.need("request")?;
    let candidates = format!("[{}]", record.need("candidate")?);
    let answer =
        check.decide(&policy, &candidates, |object| object.with_all(&ctx).with("body", body));
    if let Some(throws) = expect.get("throws") {
        let message: String = record.parse("throws", throws)?;
        check.refused(&message, &answer);
        return Ok(());
    }
    let request = expect
        .get("request")
        .ok_or_else(|| record.expected("expected `request` or `throws` in `expect`"))?;
    let expected: Value = record.parse("request", request)?;
    match answer {
        Err(error) => check.no_value("a request", &error),
        Ok(decision) => {
            let got = decision.request.unwrap_or_default();
            let same = serde_json::from_str(&got).is_ok_and(|got| equal::json(&expected, &got));
            check.same("request", same, expected, got);
        }
    }
    check.names(&expect)
}
