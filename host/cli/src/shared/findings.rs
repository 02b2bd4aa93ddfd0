//! What is known of a policy before it decides, and remarks on a decision: where it is said.

use std::io::{self, Write as _};

use serde::Serialize;
use serde_json::Value;
use sigmapol_prove::{Facts, Finding, Level, Note, lint, locate};
use sigmapol_provider::{ErrorKind, Http};
use sigmapol_router::{Config, Resolved};

use crate::shared::{
    policy::{PolicyFile, place},
    text::safe,
};

/// A finding in a file.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    pub(crate) file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(flatten)]
    pub(crate) finding: Finding,
}

impl Found {
    /// In a file of this name, whose lines are those of `lines` where it has them.
    pub(crate) fn new(name: &str, lines: Option<&str>, finding: Finding) -> Self {
        let at = lines.and_then(|text| locate(text, &finding.at));
        let (line, column) = (at.map(|at| at.line), at.map(|at| at.column));
        Self { file: name.to_owned(), line, column, finding }
    }

    /// `file:line:column`, or the file and a path.
    pub(crate) fn place(&self) -> String {
        match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{}:{line}:{column}", self.file),
            _ => place(&self.file, None, &self.finding.at),
        }
    }

    /// As it stands in the file: by line and column, or by path.
    pub(crate) fn order(&self) -> (Option<usize>, Option<usize>, String, &'static str) {
        (self.line, self.column, self.finding.at.clone(), self.finding.code)
    }

    pub(crate) const fn level(&self) -> Level {
        self.finding.level
    }
}

/// What this program knows of any policy.
pub(crate) fn of_host(mut facts: Facts) -> Facts {
    facts.kinds = Some(ErrorKind::ALL.map(|kind| kind.name().to_owned()).into());
    facts.adapters = Some(Http::adapters().map(str::to_owned).collect());
    facts
}

/// What a router's configuration says, and all its candidates.
pub(crate) fn of_router(config: &Config, resolved: &Resolved) -> Facts {
    let mut facts = Facts::of_config(config.value());
    let providers = facts.providers.take();
    facts.offered(resolved.candidates.clone());
    facts.providers = providers;
    of_host(facts)
}

/// Findings in the policy of a file.
pub(crate) fn in_file(file: &PolicyFile, facts: &Facts) -> Vec<Found> {
    let found = lint(&file.text, facts).into_iter();
    found.map(|finding| Found::new(&file.name, file.lines(), finding)).collect()
}

/// Prints warnings and errors on standard error; notes are for those who ask.
pub(crate) fn tell(found: &[Found]) {
    for found in found.iter().filter(|found| found.level() > Level::Note) {
        let Finding { code, level, .. } = &found.finding;
        let line = format!("{}: {}: {code} {}", level.name(), found.place(), found.finding.text());
        // with no stderr there is nobody left to tell
        let _ = writeln!(io::stderr(), "{}", safe(&line));
    }
}

/// Prints remarks on standard error.
pub(crate) fn tell_notes(notes: &[Note]) {
    for note in notes {
        // with no stderr there is nobody left to tell
        let _ = writeln!(io::stderr(), "note: {}", safe(&note.message));
    }
}

/// Remarks on what a router makes of a contract.
pub(crate) fn notes(resolved: &Resolved) -> Vec<Note> {
    // observed prices are the candidates' own here
    let rejected = resolved.rejected.iter().copied();
    sigmapol_prove::normalize_unknown(
        &resolved.policy,
        &resolved.candidates,
        &Value::Null,
        rejected,
    )
}
