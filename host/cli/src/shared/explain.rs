//! What `sigmapol decide --explain` adds.

use std::io::Write;

use comfy_table::Cell;
use serde_json::Value;
use sigmapol_core::{Decision, Metered};

use crate::{
    Failure, Global,
    shared::{
        context::View,
        engine::Kind,
        table::{grouped, number, render, right},
        text::{safe, safe_json},
    },
};

pub(crate) fn print(
    policy: &str,
    outcome: &Metered<Decision>,
    view: &View,
    engine: Kind,
    global: &Global,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let Metered { value: decision, spent } = outcome;
    rejected(policy, decision, view, global, out)?;
    if let Some(request) = &decision.request {
        // a request may name what a number cannot carry; it is shown as the engine wrote it then
        let pretty = serde_json::from_str::<Value>(request)
            .and_then(|value| serde_json::to_string_pretty(&value))
            .unwrap_or_else(|_| request.clone());
        writeln!(out, "\nrequest of the first")?;
        writeln!(out, "{}", safe_json(&pretty))?;
    }
    reactions(decision, view, global, out)?;
    writeln!(out)?;
    writeln!(out, "engine    {}", engine.name())?;
    if engine != Kind::Native {
        writeln!(out, "fuel      {}", grouped(spent.fuel))?;
        writeln!(out, "memory    {} KiB", spent.memory_bytes >> 10)?;
    }
    Ok(writeln!(out, "time      {:.2} ms", spent.elapsed.as_secs_f64() * 1e3)?)
}

fn rejected(
    policy: &str,
    decision: &Decision,
    view: &View,
    global: &Global,
    out: &mut impl Write,
) -> Result<(), Failure> {
    if decision.rejected.is_empty() {
        return Ok(());
    }
    let policy = serde_json::from_str(policy).unwrap_or_default();
    let mut table = global.table(["rejected", "model", "reason"]);
    for rejected in &decision.rejected {
        let Some(candidate) = view.candidate(rejected.candidate) else { continue };
        let why = view.why(&policy, rejected.candidate, &rejected.reason);
        table.add_row([candidate.provider, candidate.model, &why].map(safe));
    }
    writeln!(out)?;
    Ok(writeln!(out, "{}", render(table))?)
}

fn reactions(
    decision: &Decision,
    view: &View,
    global: &Global,
    out: &mut impl Write,
) -> Result<(), Failure> {
    if decision.reactions.is_empty() {
        return Ok(());
    }
    let mut table = global.table(["on failure", "attempt", "action", "wait ms", "details"]);
    for (failed, reaction) in view.failures().zip(&decision.reactions) {
        let (action, details) = describe(&reaction.action);
        table.add_row([
            Cell::new(safe(failed.kind)),
            right(number(failed.attempt)),
            Cell::new(safe(&action)),
            right(number(reaction.backoff_ms)),
            Cell::new(safe(&details)),
        ]);
    }
    writeln!(out)?;
    Ok(writeln!(out, "{}", render(table))?)
}

/// The name of an action, and what else is in its record; the wait has a column of its own.
fn describe(action: &str) -> (String, String) {
    let Ok(Value::Object(members)) = serde_json::from_str(action) else {
        return (action.to_owned(), String::new());
    };
    let name = members.get("action").and_then(Value::as_str).unwrap_or(action).to_owned();
    let details = members
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "action" | "backoff_ms"))
        .map(|(key, value)| match value {
            Value::String(text) => format!("{key} {text}"),
            _ => format!("{key} {value}"),
        });
    (name, details.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions() {
        let (name, details) = describe(
            r#"{"action":"retry_same","attempts":2,"backoff_ms":[1,2],"then_action":"abort"}"#,
        );
        assert_eq!(
            (name.as_str(), details.as_str()),
            ("retry_same", "attempts 2, then_action abort")
        );
    }
}
