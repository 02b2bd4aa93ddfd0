//! Where in a JSON text something is.

use std::fmt;

/// A path into a JSON value, from `$`: `$[4][1].x`. Elements count from 0, so that of a term
/// `[0]` is the operation and `[1]` its first argument. A key that is no word is `["a key"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(String);

impl Default for Path {
    fn default() -> Self {
        Self("$".to_owned())
    }
}

impl Path {
    /// An element of the array here.
    #[must_use]
    pub fn at(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    /// A member of the object here.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !key.is_empty() && key.bytes().all(plain) {
            Self(format!("{}.{key}", self.0))
        } else {
            Self(format!("{}[{}]", self.0, sigmapol_core::json::quote(key)))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Path> for String {
    fn from(path: Path) -> Self {
        path.0
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
