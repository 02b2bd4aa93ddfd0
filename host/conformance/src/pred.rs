//! `{term, cases: [{candidate, ctx, expect_ok, expect_reason?}], expect: {encoding, …}}`.

use serde::Deserialize;
use serde_json::value::RawValue;
use sigmapol_core::json::Members;

use super::{Malformed, check::Check};

#[derive(Deserialize)]
struct Case<'a> {
    #[serde(borrow)]
    candidate: &'a RawValue,
    #[serde(borrow)]
    ctx: Members<'a>,
    expect_ok: bool,
    expect_reason: Option<String>,
}

pub(super) fn run(check: &mut Check<'_, '_>) -> Result<(), Malformed> {
    let record = check.record;
    let policy = format!(
        r#"["policy",{},["zero"],["ordered"],["id"],["always",{{"action":"next_candidate"}}]]"#,
        record.need("term")?
    );
    let cases: Vec<Case<'_>> = record.parse("cases", record.need("cases")?)?;
    for (index, case) in cases.iter().enumerate() {
        let candidates = format!("[{}]", case.candidate.get());
        match check.decide(&policy, &candidates, |object| object.with_all(&case.ctx)) {
            Err(error) => check.no_value("a verdict", &error),
            Ok(decision) => {
                let reason = decision.rejected.first().map(|rejected| rejected.reason.as_str());
                check.equal(format!("cases[{index}].ok"), case.expect_ok, reason.is_none());
                if let (Some(expected), Some(got)) = (&case.expect_reason, reason) {
                    check.equal(format!("cases[{index}].reason"), expected.as_str(), got);
                }
            }
        }
    }
    check.names(&record.object("expect")?)
}
