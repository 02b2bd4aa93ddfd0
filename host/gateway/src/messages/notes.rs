//! What a translation could not say.

use std::collections::BTreeSet;

use crate::limits::IGNORED;

/// What a translation could not say.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// What was left out, as advice that others do not know, by name, as far as it is told.
    pub(super) ignored: Vec<String>,
    seen: BTreeSet<String>,
    /// The first thing that has to be said, and can be to Anthropic's models alone.
    pub(super) only: Option<String>,
}

impl Notes {
    /// Something is left out.
    pub(super) fn ignore(&mut self, name: &str) {
        // a body may have a million names
        if self.ignored.len() < IGNORED && self.seen.insert(name.to_owned()) {
            self.ignored.push(name.to_owned());
        }
    }

    /// Without this another question would be answered.
    pub(super) fn only(&mut self, position: &str, what: &str) {
        self.only.get_or_insert_with(|| format!("{position}: {what}"));
    }
}
