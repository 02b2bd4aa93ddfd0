//! `{term, candidates, ctx, expect: {ordered, rejected, fingerprint} | {throws}}`.
//!
//! `ordered` is a list of `[candidate, score]` and `rejected` of `[candidate, reason]`, candidates
//! by index; in a specification document both name the provider, and scores are a list of their own.

use serde::Deserialize;
use serde_json::Value;
use sigmapol_core::{Decision, json::Members};

use super::{Malformed, check::Check, equal};

pub(super) fn run(check: &mut Check<'_, '_>) -> Result<(), Malformed> {
    let record = check.record;
    let expect = record.object("expect")?;
    let ctx = record.object("ctx")?;
    let answer = check
        .decide(record.need("term")?, record.need("candidates")?, |object| object.with_all(&ctx));
    if let Some(throws) = expect.get("throws") {
        let message: String = record.parse("throws", throws)?;
        check.refused(&message, &answer);
        return Ok(());
    }
    match answer {
        Err(error) => check.no_value("a decision", &error),
        Ok(decision) if expect.get("scores").is_some() => providers(check, &expect, &decision)?,
        Ok(decision) => indices(check, &expect, &decision)?,
    }
    check.names(&expect)
}

fn indices<'a>(
    check: &mut Check<'_, 'a>,
    expect: &Members<'a>,
    decision: &Decision,
) -> Result<(), Malformed> {
    let ordered: Vec<(u32, Value)> = list(check, expect, "ordered")?;
    let got: Vec<_> = decision.ordered.iter().map(|entry| entry.candidate).collect();
    order(check, &ordered.iter().map(|(candidate, _)| *candidate).collect::<Vec<_>>(), &got);
    for (index, ((candidate, expected), got)) in ordered.iter().zip(&decision.ordered).enumerate() {
        if *candidate == got.candidate {
            score(check, index, expected, got.score)?;
        }
    }
    let rejected: Vec<(u32, String)> = list(check, expect, "rejected")?;
    let got: Vec<_> =
        decision.rejected.iter().map(|entry| (entry.candidate, entry.reason.clone())).collect();
    check.same("rejected", rejected == got, show(&rejected), show(&got));
    Ok(())
}

fn providers<'a>(
    check: &mut Check<'_, 'a>,
    expect: &Members<'a>,
    decision: &Decision,
) -> Result<(), Malformed> {
    #[derive(Deserialize)]
    struct Candidate {
        provider_id: String,
    }

    #[derive(Deserialize)]
    struct Rejected {
        provider: String,
        reason: String,
    }

    let candidates = check.record.need("candidates")?;
    let candidates: Vec<Candidate> = check.record.parse("candidates", candidates)?;
    let provider = |candidate: u32| {
        usize::try_from(candidate)
            .ok()
            .and_then(|index| candidates.get(index))
            .map_or_else(|| candidate.to_string(), |candidate| candidate.provider_id.clone())
    };
    let ordered: Vec<String> = list(check, expect, "ordered")?;
    let got: Vec<_> = decision.ordered.iter().map(|entry| provider(entry.candidate)).collect();
    order(check, &ordered, &got);
    let scores: Vec<Value> = list(check, expect, "scores")?;
    for (index, (expected, got)) in scores.iter().zip(&decision.ordered).enumerate() {
        score(check, index, expected, got.score)?;
    }
    let rejected: Vec<Rejected> = list(check, expect, "rejected")?;
    let rejected: Vec<_> =
        rejected.into_iter().map(|entry| (entry.provider, entry.reason)).collect();
    let got = decision.rejected.iter();
    let got: Vec<_> = got.map(|entry| (provider(entry.candidate), entry.reason.clone())).collect();
    check.same("rejected", rejected == got, show(&rejected), show(&got));
    Ok(())
}

fn list<'a, T: Deserialize<'a>>(
    check: &Check<'_, 'a>,
    expect: &Members<'a>,
    name: &str,
) -> Result<Vec<T>, Malformed> {
    let text = expect
        .get(name)
        .ok_or_else(|| check.record.expected(&format!("expected `{name}` in `expect`")))?;
    check.record.parse(name, text)
}

fn order<T: PartialEq + std::fmt::Debug>(check: &mut Check<'_, '_>, expected: &[T], got: &[T]) {
    check.same("ordered", expected == got, show(expected), show(got));
}

fn score(
    check: &mut Check<'_, '_>,
    index: usize,
    expected: &Value,
    got: f64,
) -> Result<(), Malformed> {
    let number = equal::score(expected)
        .ok_or_else(|| check.record.expected("a score, expected a number or its text"))?;
    let what = format!("ordered[{index}].score");
    check.same(what, equal::numbers(number, got), format!("{number:?}"), format!("{got:?}"));
    Ok(())
}

fn show<T: std::fmt::Debug + ?Sized>(value: &T) -> String {
    format!("{value:?}")
}
