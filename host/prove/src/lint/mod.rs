//! Findings in a policy.

mod chain;
mod fail_plan;
mod filter;
mod predicate;
mod scorer;
mod selector;
mod surroundings;
mod term;
mod transform;

pub(crate) use fail_plan::action;
pub(crate) use predicate::CAPABILITIES;
pub(crate) use surroundings::adapter;
pub(crate) use surroundings::declared;
pub(crate) use term::OPERATIONS;

use serde_json::Value;

use crate::{Facts, Finding, Level, Path};
use term::{Sort, Term};

/// The most findings of one text: nobody reads more, and a hostile policy has thousands.
const FINDINGS: usize = 100;

/// What a policy, or a part of one, says and its author may not mean; in the order of the text, at
/// most a hundred. Paths start at `$`, the text itself.
///
/// The text is one that the engine has admitted: what is wrong with any other, the engine says. A
/// text that is none has no findings.
pub fn lint(policy: &str, facts: &Facts) -> Vec<Finding> {
    let Ok(value) = serde_json::from_str::<Value>(policy) else { return Vec::new() };
    let mut lint = Lint { facts, findings: Vec::new() };
    if let Some(term) = Term::read(&value, &Path::default()) {
        lint.term(&term);
    }
    lint.surroundings();
    lint.findings
}

struct Lint<'f> {
    facts: &'f Facts,
    findings: Vec<Finding>,
}

impl Lint<'_> {
    fn term(&mut self, term: &Term<'_>) {
        match term.sort() {
            Some(Sort::Pred) => self.predicate(term),
            Some(Sort::Scorer) => self.scorer(term, None),
            Some(Sort::Selector) => self.selector(term, None, None),
            Some(Sort::Xform) => self.transform(term),
            Some(Sort::FailPlan) => self.fail_plan(term),
            Some(Sort::Policy) => self.policy(term),
            None => {}
        }
    }

    fn policy(&mut self, term: &Term<'_>) {
        let filter = term.argument(1);
        let scorer = term.term(2);
        if let Some(filter) = term.term(1) {
            self.predicate(&filter);
        }
        if let Some(scorer) = &scorer {
            self.scorer(scorer, Some(filter));
        }
        if let Some(selector) = term.term(3) {
            self.selector(&selector, Some(filter), scorer.as_ref());
        }
        if let Some(transform) = term.term(4) {
            self.transform(&transform);
        }
        if let Some(plan) = term.term(5) {
            self.fail_plan(&plan);
        }
    }

    fn found(&mut self, code: &'static str, level: Level, at: &Path, message: impl Into<String>) {
        self.push(Finding::new(code, level, at, message));
    }

    fn warn(&mut self, code: &'static str, at: &Path, message: impl Into<String>) {
        self.found(code, Level::Warning, at, message);
    }

    fn note(&mut self, code: &'static str, at: &Path, message: impl Into<String>) {
        self.found(code, Level::Note, at, message);
    }

    fn push(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS {
            self.findings.push(finding);
        }
    }
}

/// Words for a list: `a`, `a and b`, `a, b and c`.
fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [word] => (*word).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
