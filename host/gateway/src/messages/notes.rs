//! What a translation could not say.

/// What a translation could not say.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// What was left out, as advice that others do not know, by name.
    pub(super) ignored: Vec<String>,
    /// The first thing that has to be said, and can be to Anthropic's models alone.
    pub(super) only: Option<String>,
}

impl Notes {
    /// Something is left out.
    pub(super) fn ignore(&mut self, name: &str) {
        if !self.ignored.iter().any(|own| own == name) {
            self.ignored.push(name.to_owned());
        }
    }

    /// Without this another question would be answered.
    pub(super) fn only(&mut self, position: &str, what: &str) {
        self.only.get_or_insert_with(|| format!("{position}: {what}"));
    }
}
