//! Who may call: consumers, their keys and their routes, wherever they are kept.

mod consumer;
mod edit;
mod file;
mod format;
mod key;
mod route;

use std::{fmt, pin::Pin, sync::Arc};

pub use consumer::{Consumer, Key, Status};
pub use edit::Edit;
pub use file::FileStore;
pub(crate) use format::allowed as allowed_routes;
pub use key::{ApiKey, KeyDigest};
pub(crate) use route::POLICY;
pub use route::{Allowed, AllowedRoute};

/// The longest name of a consumer, in bytes.
pub const NAME_BYTES: usize = 64;

/// A question to a store.
pub type Asking<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Keeps consumers. It never gets a key, only the digest of one, so that it has nothing to lose.
///
/// What an edit does is said once, by [`Edit::apply`]: a store reads the consumer, applies the edit,
/// and writes the consumer, so that no other edit comes between.
pub trait Store: fmt::Debug + Send + Sync {
    /// The consumer and the key of this digest, active or not. It is asked with each request.
    fn find(&self, digest: &KeyDigest) -> Asking<'_, Option<Found>>;

    /// All consumers, by name.
    fn list(&self) -> Asking<'_, Vec<Arc<Consumer>>>;

    /// Changes one consumer, and gives it as it is now.
    fn edit(&self, consumer: &str, edit: Edit) -> Asking<'_, Arc<Consumer>>;
}

/// Whose key it is.
#[derive(Clone, Debug)]
pub struct Found {
    /// The consumer.
    pub consumer: Arc<Consumer>,
    /// Of its keys this one.
    pub key: Key,
}

/// Why a store does not do what it is asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such consumer.
    #[error("there is no consumer '{0}'")]
    NoConsumer(String),
    /// The consumer has no such key.
    #[error("consumer '{consumer}' has no key {prefix}")]
    NoKey {
        /// The consumer.
        consumer: String,
        /// The prefix that was asked for.
        prefix: String,
    },
    /// What is asked for cannot be kept.
    #[error("{0}")]
    Invalid(String),
    /// The store cannot be read or written.
    #[error("{0}")]
    Unavailable(String),
}

/// A name that a path, a line of a log and a table can carry.
fn check_name(name: &str) -> Result<(), String> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._@".contains(&byte);
    if (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(known) {
        return Ok(());
    }
    Err(format!("expected a name of 1 to {NAME_BYTES} letters, digits and -._@"))
}
