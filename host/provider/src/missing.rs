//! What a provider says before it is called.

/// A provider whose key is not there: every call of it would fail with `auth_error`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingCredential {
    /// The provider's id.
    pub provider: String,
    /// The variable of the environment that should hold its key, and is not set or empty.
    pub variable: String,
}
