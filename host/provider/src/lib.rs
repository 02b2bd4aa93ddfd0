//! Calls to providers: one request in, an answer or a failure of a known kind out.
//!
//! For programs that call LLM providers, and for whoever puts something else in their place. The
//! trait [`Provider`] and its types need no HTTP; the feature `http` brings the adapter that speaks
//! to OpenAI-compatible servers, Anthropic, Google and Ollama.
//!
//! ```
//! use sigmapol_provider::{Answer, Calling, OnText, Provider};
//!
//! /// Says what it is asked, and calls nobody.
//! struct Echo;
//!
//! impl Provider for Echo {
//!     fn call<'a>(&'a self, request: &'a str, on_text: Option<OnText<'a>>) -> Calling<'a> {
//!         Box::pin(async move {
//!             if let Some(on_text) = on_text {
//!                 on_text(request);
//!             }
//!             Ok(Answer { text: request.to_owned(), ..Answer::default() })
//!         })
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let mut pieces = Vec::new();
//! let mut on_text = |text: &str| pieces.push(text.to_owned());
//! let answer = Echo.call(r#"{"prompt": "hello"}"#, Some(&mut on_text)).await?;
//! assert_eq!(answer.text, r#"{"prompt": "hello"}"#);
//! assert_eq!(pieces.concat(), answer.text);
//! # Ok::<(), sigmapol_provider::CallError>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It decides nothing and tries nothing again: that is the router's part, under a policy.

mod address;
mod anthropic;
mod auth;
mod dialect;
mod google;
mod http;
mod message;
mod ollama;
mod openai;
mod request;
mod secret;
mod settings;
mod status;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod watch;

use std::{future::Future, pin::Pin};

use serde::Serialize;
use serde_json::Value;

pub use http::Http;
pub use settings::SetupError;

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

/// What a provider answered, in one shape for every dialect.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    /// The text of the first choice.
    pub text: String,
    /// Calls of tools: `{id?, name, arguments}`, `arguments` being JSON.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<Value>,
    /// Why the model stopped, in the provider's own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// The model that answered, by the provider's own name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Tokens, as the provider counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// Tokens of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Tokens of the request.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
}

/// Why a call has no answer. The message holds no credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", .kind.name())]
pub struct CallError {
    /// What fail plans are written over.
    pub kind: ErrorKind,
    /// The status of the HTTP response, if there was one.
    pub http_status: Option<u16>,
    /// For people.
    pub message: String,
    /// How long the provider asks to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl CallError {
    /// A failure without a response.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, http_status: None, message: message.into(), retry_after_ms: None }
    }
}

/// The kinds of failures that this host tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// 401, 403, or no credential to send.
    AuthError,
    /// The request is wrong: 400, 422 and other 4xx.
    BadRequest,
    /// An answer that is not what the dialect says.
    BadResponse,
    /// Refused for what the request or the answer says.
    ContentFilter,
    /// More tokens than the model takes: 413, or a 400 that says so.
    ContextOverflow,
    /// The provider does not serve the model: 404.
    ModelUnavailable,
    /// No connection, or one that broke before an answer.
    NetworkError,
    /// 402, or a quota that is used up.
    PaymentRequired,
    /// 429.
    RateLimit,
    /// 5xx.
    ServerError,
    /// The connection broke after text had been passed on.
    StreamInterrupted,
    /// No answer in time, 408 or 504.
    Timeout,
    /// Anything else.
    Unknown,
}

impl ErrorKind {
    /// Every kind, in byte order of names.
    pub const ALL: [Self; 13] = [
        Self::AuthError,
        Self::BadRequest,
        Self::BadResponse,
        Self::ContentFilter,
        Self::ContextOverflow,
        Self::ModelUnavailable,
        Self::NetworkError,
        Self::PaymentRequired,
        Self::RateLimit,
        Self::ServerError,
        Self::StreamInterrupted,
        Self::Timeout,
        Self::Unknown,
    ];

    /// The name in fail plans and traces, such as `rate_limit`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthError => "auth_error",
            Self::BadRequest => "bad_request",
            Self::BadResponse => "bad_response",
            Self::ContentFilter => "content_filter",
            Self::ContextOverflow => "context_overflow",
            Self::ModelUnavailable => "model_unavailable",
            Self::NetworkError => "network_error",
            Self::PaymentRequired => "payment_required",
            Self::RateLimit => "rate_limit",
            Self::ServerError => "server_error",
            Self::StreamInterrupted => "stream_interrupted",
            Self::Timeout => "timeout",
            Self::Unknown => "unknown",
        }
    }
}
