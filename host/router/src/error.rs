//! What can go wrong around the engine.

use sigmapol_core::Error;

/// Why a router, or one of its events, has no result.
///
/// A call that no provider answers is no error: it is an [`Outcome`](super::Outcome) that is not
/// ok. [`RouterError::code`] is stable and for programs, the text is for people.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RouterError {
    /// The engine gave no value; a configuration that is not in order is the refusal `config`.
    #[error(transparent)]
    Engine(#[from] Error),
    /// A configuration file that cannot be read, or is not JSON, TOML or YAML.
    #[error("{0}")]
    Config(String),
    /// The file of the runtime state: not readable, not writable, or held by another router.
    #[error("{0}")]
    Snapshot(String),
    /// There is no provider to call, or it cannot be set up.
    #[error("{0}")]
    Provider(String),
    /// A text that is not the JSON it should be.
    #[error("{0}")]
    Input(String),
    /// The engine took the event and says that it has no result, such as an unknown profile.
    #[error("{0}")]
    Failed(String),
    /// An answer to something that the run did not ask for.
    #[error("{0}")]
    Effect(String),
}

impl RouterError {
    /// A stable name, such as `refused config`, `exhausted fuel`, `config` or `snapshot`.
    pub fn code(&self) -> String {
        let name = match self {
            Self::Engine(error) => return error.code(),
            Self::Config(_) => "config",
            Self::Snapshot(_) => "snapshot",
            Self::Provider(_) => "provider",
            Self::Input(_) => "input",
            Self::Failed(_) => "failed",
            Self::Effect(_) => "effect",
        };
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sigmapol_core::Exhausted;

    #[test]
    fn codes() {
        let text = || "x".to_owned();
        for (error, code) in [
            (RouterError::Engine(Error::Exhausted(Exhausted::Fuel)), "exhausted fuel"),
            (RouterError::Config(text()), "config"),
            (RouterError::Snapshot(text()), "snapshot"),
            (RouterError::Provider(text()), "provider"),
            (RouterError::Input(text()), "input"),
            (RouterError::Failed(text()), "failed"),
            (RouterError::Effect(text()), "effect"),
        ] {
            assert_eq!(error.code(), code);
        }
    }
}
