//! Calls to providers: one request in, an answer or a failure of a known kind out.
//!
//! [`Provider`] is the trait; an [`Answer`] or a [`CallError`] is what comes of a call. The feature
//! `http` brings [`Http`], which calls the providers of a configuration. Nothing here chooses a
//! provider or tries again: that is for whoever calls.

mod answer;
#[cfg(feature = "http")]
mod collect;
#[cfg(feature = "http")]
mod config;
#[cfg(feature = "http")]
mod dialect;
mod error;
#[cfg(feature = "http")]
mod events;
#[cfg(feature = "http")]
mod failure;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "http")]
mod json;
#[cfg(feature = "http")]
mod limits;
#[cfg(feature = "http")]
mod reading;
#[cfg(feature = "http")]
mod registry;
#[cfg(feature = "http")]
mod request;
#[cfg(feature = "http")]
#[doc(hidden)]
pub mod testing;

use std::{future::Future, pin::Pin};

pub use answer::{Answer, Usage};
#[cfg(feature = "http")]
pub use config::SetupError;
pub use error::{CallError, ErrorKind};
#[cfg(feature = "http")]
pub use http::{Http, MissingCredential};

/// Something that answers requests: the real providers, or what a test puts in their place.
pub trait Provider: Send + Sync {
    /// Sends one request (JSON, as the engine's `call` effect has it) to the provider it names.
    ///
    /// Each piece of text goes to `on_text` as it arrives, when there is one; the answer has all
    /// of them together.
    ///
    /// # Errors
    ///
    /// A [`CallError`]: its kind is what fail plans are written over.
    fn call<'a>(&'a self, request: &'a str, on_text: Option<OnText<'a>>) -> Calling<'a>;
}

/// Takes text as it arrives.
pub type OnText<'a> = &'a mut (dyn FnMut(&str) + Send);

/// A call under way.
pub type Calling<'a> = Pin<Box<dyn Future<Output = Result<Answer, CallError>> + Send + 'a>>;
