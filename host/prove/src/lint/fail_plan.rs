//! Fail plans.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{Facts, Finding, Level, Path, nearest};

use super::{Lint, term::Term};

/// Kinds that are the fault of the request: no provider is to blame, and none does better later.
const OWN_FAULT: [&str; 3] = ["bad_request", "content_filter", "context_overflow"];

/// The members of an action that something reads.
const READ: [&str; 5] = ["action", "attempts", "backoff_ms", "open_breaker_ms", "then_action"];

/// The members that only `retry_same` reads.
const OF_RETRIES: [&str; 3] = ["attempts", "backoff_ms", "then_action"];

/// What an action says and cannot mean, as the answer to a kind of failure. `kind_at` is where the
/// kind is written, `at` where the action is.
pub(crate) fn action(
    kind: &str,
    kind_at: &Path,
    value: &Value,
    at: &Path,
    facts: &Facts,
) -> Vec<Finding> {
    let mut lint = Lint { facts, findings: Vec::new() };
    lint.kind(kind, kind_at);
    lint.action(kind, value, at);
    lint.findings
}

impl Lint<'_> {
    pub(super) fn fail_plan(&mut self, plan: &Term<'_>) {
        let mut term = plan.clone();
        let mut overrides = Vec::new();
        let always = loop {
            match (term.op, term.term(1)) {
                ("override", Some(inner)) => overrides.push(std::mem::replace(&mut term, inner)),
                _ => break term,
            }
        };
        let mut seen = BTreeSet::new();
        let unknown = overrides.iter().find(|term| term.word(2) == "unknown");
        let hides = unknown.filter(|term| !same(term.argument(3), always.argument(1)));
        for term in &overrides {
            let kind = term.word(2);
            self.kind(kind, &term.path.at(2));
            if !seen.insert(kind) {
                let message = format!("an outer override of '{kind}' hides this one");
                self.warn("L051", &term.path, message);
                continue;
            }
            if kind != "unknown" && same(term.argument(3), always.argument(1)) {
                match hides {
                    Some(_) => {
                        let message = format!(
                            "repeats what always does, and is dropped: '{kind}' gets what 'unknown' gets"
                        );
                        self.found("L052", Level::Error, &term.path, message);
                    }
                    None => {
                        self.note("L057", &term.path, "repeats what always does, and is dropped")
                    }
                }
            }
            self.action(kind, term.argument(3), &term.path.at(3));
        }
        if unknown.is_some() {
            let message = "always is never used: 'unknown' is overridden";
            self.note("L053", &always.path, message);
        }
        self.action("", always.argument(1), &always.path.at(1));
    }

    fn kind(&mut self, kind: &str, at: &Path) {
        let Some(kinds) = self.facts.kinds.as_ref().filter(|kinds| !kinds.contains(kind)) else {
            return;
        };
        let near = nearest(kind, kinds.iter().map(String::as_str));
        let message = format!("no failure is of kind '{kind}'");
        self.push(Finding::new("L050", Level::Warning, at, message).with_nearest(near));
    }

    /// `kind` is empty for what any kind gets.
    fn action(&mut self, kind: &str, action: &Value, at: &Path) {
        let word = |key: &str| action.get(key).and_then(Value::as_str).unwrap_or_default();
        let retries = word("action") == "retry_same";
        if retries {
            // one, where the action does not say
            let attempts = action.get("attempts").map_or(Some(1.0), Value::as_f64);
            let waits = action.get("backoff_ms").and_then(Value::as_array).map_or(0, Vec::len);
            match attempts {
                Some(attempts) if attempts < 1.0 => {
                    self.warn("L054", at, "retry_same with 0 attempts tries nothing again");
                }
                Some(attempts) if waits as f64 > attempts => {
                    let message = format!(
                        "retry_same with {waits} waits and {attempts} attempts: the last waits are never taken"
                    );
                    self.warn("L054", at, message);
                }
                _ => {}
            }
        }
        let members = action.as_object().into_iter().flatten();
        for (key, _) in members {
            let path = at.key(key);
            if !READ.contains(&key.as_str()) {
                self.note("L058", &path, format!("nothing reads {key}"));
            } else if !retries && OF_RETRIES.contains(&key.as_str()) {
                self.note("L054", &path, format!("only retry_same reads {key}"));
            }
        }
        if !OWN_FAULT.contains(&kind) {
            return;
        }
        if [word("action"), word("then_action")].contains(&"disable_provider") {
            let message =
                format!("disables a provider for {kind}, which is the fault of the request");
            self.warn("L055", at, message);
        }
        if retries {
            let message = format!("tries again after {kind}, which is the fault of the request");
            self.warn("L056", at, message);
        }
    }
}

/// Whether two parameters are equal to the engine, which reads every number as a double.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(_), Value::Number(_)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, value)| other.get(key).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}
