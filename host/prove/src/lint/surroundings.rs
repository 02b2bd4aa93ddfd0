//! What a policy runs with.

use std::collections::BTreeSet;

use crate::{Facts, Finding, Level, Path, candidate::text};

use super::Lint;

/// Keys of candidates that tell who and where they are, and what they can.
const KEYS: [&str; 6] = ["capabilities", "model_family", "offer", "provider_id", "scope", "tier"];

/// A declared field that takes the name of a key of candidates, if it does; `at` is where it is
/// declared.
pub fn declared(field: &str, at: &Path) -> Option<Finding> {
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
        let Facts { fields, adapters, candidates, .. } = self.facts;
        for (field, _) in fields {
            if let Some(finding) = declared(field, &Path::default()) {
                self.push(finding);
            }
        }
        let Some(adapters) = adapters else { return };
        let without: BTreeSet<(&str, &str)> = candidates
            .iter()
            .flatten()
            .map(|candidate| (text(candidate, "provider_id"), text(candidate, "api_kind")))
            .filter(|(_, kind)| !kind.is_empty() && !adapters.contains(*kind))
            .collect();
        for (provider, kind) in without {
            self.warn("L059", &Path::default(), no_adapter(provider, kind));
        }
    }
}

/// Every call of a provider fails alike.
fn no_adapter(provider: &str, kind: &str) -> String {
    format!("{provider}: there is no adapter for {kind}, every call is model_unavailable")
}
