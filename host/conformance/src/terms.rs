//! `{term, expect: {sort, encoding, fingerprint, sha256} | {error}}`.

use super::{Malformed, check::Check};

pub(super) fn run(check: &mut Check<'_, '_>) -> Result<(), Malformed> {
    let record = check.record;
    let expect = record.object("expect")?;
    if let Some(error) = expect.get("error") {
        let message: String = record.parse("error", error)?;
        let answer = check.engine.admit(record.need("term")?, check.vocabulary());
        check.refused(&message, &answer);
        return Ok(());
    }
    check.names(&expect)
}
