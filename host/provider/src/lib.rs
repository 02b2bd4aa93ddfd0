//! Calls to providers: one request in, an answer or a failure of a known kind out.
//!
//! For programs that call LLM providers, and for whoever puts something else in their place. The
//! trait [`Provider`] and its types need no HTTP; the feature `http` brings the adapter that speaks
//! to OpenAI-compatible servers, Anthropic, Google and Ollama.
//!
//! ```
//! use sigmapol_provider::{Answer, Calling, Delta, OnDelta, Provider};
//!
//! /// Says what it is asked, and calls nobody.
//! struct Echo;
//!
//! impl Provider for Echo {
//!     fn call<'a>(&'a self, request: &'a str, on_delta: Option<OnDelta<'a>>) -> Calling<'a> {
//!         Box::pin(async move {
//!             if let Some(on_delta) = on_delta {
//!                 on_delta(Delta::Text(request));
//!             }
//!             Ok(Answer { text: request.to_owned(), ..Answer::default() })
//!         })
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let mut pieces = Vec::new();
//! let mut on_delta = |delta: Delta<'_>| {
//!     if let Delta::Text(text) = delta {
//!         pieces.push(text.to_owned());
//!     }
//! };
//! let answer = Echo.call(r#"{"prompt": "hello"}"#, Some(&mut on_delta)).await?;
//! assert_eq!(answer.text, r#"{"prompt": "hello"}"#);
//! assert_eq!(pieces.concat(), answer.text);
//! # Ok::<(), sigmapol_provider::CallError>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It decides nothing and tries nothing again: that is the router's part, under a policy.

mod answer;
#[cfg(feature = "http")]
mod collect;
#[cfg(feature = "http")]
mod config;
mod delta;
#[cfg(feature = "http")]
mod dialect;
mod ending;
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
mod missing;
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
pub use delta::{Delta, OnDelta};
pub use ending::Ending;
pub use error::{CallError, ErrorKind};
#[cfg(feature = "http")]
pub use http::Http;
pub use missing::MissingCredential;

/// Something that answers requests: the real providers, or what a test puts in their place.
pub trait Provider: Send + Sync {
    /// Sends one request (JSON, as the engine's `call` effect has it) to the provider it names.
    ///
    /// Each piece of the answer goes to `on_delta` as it arrives, when there is one; the answer has
    /// all of them together. Who has the answer in one piece may pass nothing on.
    ///
    /// # Errors
    ///
    /// A [`CallError`]: its kind is what fail plans are written over.
    fn call<'a>(&'a self, request: &'a str, on_delta: Option<OnDelta<'a>>) -> Calling<'a>;

    /// The providers that cannot be called, because their key is not there. Who routes leaves them
    /// out before the first call.
    fn missing_credentials(&self) -> Vec<MissingCredential> {
        Vec::new()
    }
}

/// What stands for the signature of thinking that no model signed, in words of Anthropic's API. An
/// adapter for that dialect leaves such thinking out: its own models refuse what they did not sign.
pub const UNSIGNED: &str = "sigmapol";

/// A call under way.
pub type Calling<'a> = Pin<Box<dyn Future<Output = Result<Answer, CallError>> + Send + 'a>>;
