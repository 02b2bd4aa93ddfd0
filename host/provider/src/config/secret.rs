//! Credentials, which nothing prints.

use std::fmt;

/// A credential. It has no `Display`, and its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// Trimmed: files and the output of commands end in a newline. Nothing is left of an empty one.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// For the header that carries it, and to find it in what a provider says.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_shown() {
        let secret = Secret::new(" sk-1\n").unwrap();
        assert_eq!(secret.expose(), "sk-1");
        assert_eq!(format!("{secret:?}"), "Secret(***)");
        assert_eq!(Secret::new("\n"), None);
    }
}
