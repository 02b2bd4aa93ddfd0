//! What a policy runs with.

use std::collections::BTreeSet;

use crate::{Facts, Finding, Level, Path, candidate::text};

use super::Lint;

/// Keys of candidates that tell who and where they are, and what they can.
const KEYS: [&str; 6] = ["capabilities", "model_family", "offer", "provider_id", "scope", "tier"];

/// A declared field that takes the name of a key of candidates, if it does; `at` is where it is
/// declared.
pub(crate) fn declared(field: &str, at: &Path) -> Option<Finding> {
    let message = match field {
        "model_family" | "provider_id" => {
            format!("the declared field '{field}' is a key of candidates: no candidate fits both")
        }
        _ => {
            format!("the declared field '{field}' is a key of candidates, which none can give then")
        }
    };
    KEYS.contains(&field).then(|| Finding::new("L090", Level::Error, at, message))
}

impl Lint<'_> {
    pub(super) fn surroundings(&mut self) {
        let Facts { fields, candidates, .. } = self.facts;
        for (field, _) in fields {
            if let Some(finding) = declared(field, &Path::default()) {
                self.push(finding);
            }
        }
        let all: BTreeSet<(&str, &str)> = candidates
            .iter()
            .flatten()
            .map(|candidate| (text(candidate, "provider_id"), text(candidate, "api_kind")))
            .filter(|(_, kind)| !kind.is_empty())
            .collect();
        for (provider, kind) in all {
            if let Some(finding) = adapter(provider, kind, &Path::default(), self.facts) {
                self.push(finding);
            }
        }
    }
}

/// A provider that the host cannot speak to: every call of it fails alike.
pub(crate) fn adapter(provider: &str, kind: &str, at: &Path, facts: &Facts) -> Option<Finding> {
    facts.adapters.as_ref().filter(|adapters| !adapters.contains(kind))?;
    let message =
        format!("{provider}: there is no adapter for {kind}, every call is model_unavailable");
    Some(Finding::new("L059", Level::Warning, at, message))
}
