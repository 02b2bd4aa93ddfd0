//! What was found.

use std::fmt;

use serde::Serialize;

use crate::Path;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Probably not meant.
    Warning,
    /// Surely not meant: it cannot work.
    Error,
}

impl Level {
    /// The name: `note`, `warning` or `error`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Something that a policy, or what it runs with, says and its author may not mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Stable, such as `L020`.
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// A path into the text, such as `$[4][1]`; see [`Path`].
    pub at: String,
    /// For people: lower case, no full stop.
    pub message: String,
    /// The known name that was probably meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
}

impl Finding {
    /// A finding.
    pub fn new(code: &'static str, level: Level, at: &Path, message: impl Into<String>) -> Self {
        Self { code, level, at: at.to_string(), message: message.into(), nearest: None }
    }

    /// With the known name that was probably meant.
    #[must_use]
    pub fn with_nearest(self, nearest: Option<&str>) -> Self {
        Self { nearest: nearest.map(str::to_owned), ..self }
    }

    /// The same in a larger text, which has the text of the finding at a path.
    #[must_use]
    pub fn below(self, at: &Path) -> Self {
        let rest = self.at.strip_prefix('$').unwrap_or(&self.at);
        Self { at: format!("{at}{rest}"), ..self }
    }

    /// The message, and the name that was probably meant.
    pub fn text(&self) -> String {
        match &self.nearest {
            Some(nearest) => format!("{}, did you mean '{nearest}'?", self.message),
            None => self.message.clone(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.at, self.level.name(), self.code, self.text())
    }
}
