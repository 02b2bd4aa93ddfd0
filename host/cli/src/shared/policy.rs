//! A policy in a file: JSON, with comments if it likes, or YAML.

use std::path::Path;

use sigmapol_core::{Error, Refusal};
use sigmapol_prove::{Facts, locate, suggest};
use sigmapol_router::document;

use crate::{
    Failure,
    shared::{comments::blanked, input},
};

/// What the slots of a policy do, in their order.
const SLOTS: [&str; 5] = [
    "filter, the first of five",
    "rank, the second of five",
    "select, the third of five",
    "mutate, the fourth of five",
    "fallback, the fifth of five",
];

/// A policy, or a part of one, and where it came from.
#[derive(Debug)]
pub(crate) struct PolicyFile {
    /// As the command line has it.
    pub(crate) name: String,
    /// JSON: what the engine gets. Where the file is JSON it has its lines and columns.
    pub(crate) text: String,
    is_json: bool,
}

impl PolicyFile {
    /// Reads a file by its extension; `what` names it in messages, as the engine does.
    pub(crate) fn read(what: &str, path: &Path) -> Result<Self, Failure> {
        let text = input::text(what, path)?;
        let name = match input::is_stdin(path) {
            true => "stdin".to_owned(),
            false => path.display().to_string(),
        };
        let extension = path.extension().and_then(|extension| extension.to_str());
        let extension = extension.unwrap_or_default().to_ascii_lowercase();
        if !matches!(extension.as_str(), "yaml" | "yml") {
            return Ok(Self { name, text: blanked(&text), is_json: true });
        }
        let value =
            document::yaml(&text).map_err(|error| Failure::Usage(format!("{name}: {error}")))?;
        Ok(Self { name, text: value.to_string(), is_json: false })
    }

    /// The text that has the lines and columns of the file.
    pub(crate) fn lines(&self) -> Option<&str> {
        self.is_json.then_some(&self.text)
    }

    /// What the engine says of the policy, with the place in the file and what was probably meant.
    /// `under` says that a filter of the host's is conjoined to that of the file.
    pub(crate) fn explain(&self, failure: Failure, facts: &Facts, under: bool) -> Failure {
        match failure {
            Failure::Engine(Error::Refused(Refusal { code, message })) => {
                let message = self.explained(message, facts, under);
                Failure::Engine(Error::Refused(Refusal { code, message }))
            }
            Failure::Verdict(message) => Failure::Verdict(self.explained(message, facts, under)),
            other => other,
        }
    }

    fn explained(&self, message: String, facts: &Facts, under: bool) -> String {
        let Some(place) = self.place(&message, under) else { return message };
        let tiers: Option<Vec<&str>> =
            facts.tier_order.as_ref().map(|tiers| tiers.iter().map(String::as_str).collect());
        let declared = facts.fields.iter().map(|(name, _)| name.as_str());
        let meant = match suggest(&message, declared, tiers.as_deref()) {
            Some(meant) => format!("; did you mean '{meant}'?"),
            None if message.contains("a term is { op, ... }") => {
                "; in JSON a term is [\"op\", argument, …]".to_owned()
            }
            None => String::new(),
        };
        format!("{message} ({place}{meant})")
    }

    /// The place that a message of the engine begins with, and the slot.
    fn place(&self, message: &str, under: bool) -> Option<String> {
        let said = ["run: ", "ir: ", "policy: ", "term: "]
            .into_iter()
            .fold(message, |said, prefix| said.strip_prefix(prefix).unwrap_or(said));
        if let Some(line) = said.strip_prefix("line ") {
            let (line, rest) = line.split_once(" column ")?;
            let column = rest.split_once(':')?.0;
            return self.is_json.then(|| format!("{}:{line}:{column}", self.name));
        }
        let path = said.strip_prefix('$')?.split_once(": ")?.0;
        let mut steps = Vec::new();
        for step in path.split('[').skip(1) {
            steps.push(step.split_once(']')?.0.parse::<usize>().ok()?);
        }
        if under && let [1, side, ..] = steps.as_slice() {
            if *side != 2 {
                return None; // in the host's own
            }
            steps.remove(1);
        }
        let slot = steps.first().filter(|_| path.starts_with(".policy["));
        let slot = slot.and_then(|slot| SLOTS.get(slot.checked_sub(1)?));
        let slot = slot.map_or_else(String::new, |slot| format!(", {slot}"));
        let path: String = steps.iter().map(|step| format!("[{step}]")).collect();
        Some(format!("{}{slot}", place(&self.name, self.lines(), &format!("${path}"))))
    }
}

/// `file:line:column`, or the file and the path where the text has no lines of its own.
pub(crate) fn place(name: &str, lines: Option<&str>, path: &str) -> String {
    match lines.and_then(|text| locate(text, path)) {
        Some(at) => format!("{name}:{}:{}", at.line, at.column),
        None => format!("{name} {path}"),
    }
}
