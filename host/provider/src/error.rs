//! Why a call has no answer.

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
    /// How long the provider asks to wait, in milliseconds, however long it is.
    pub retry_after_ms: Option<u64>,
}

impl CallError {
    /// A failure without a response.
    #[cfg(feature = "http")]
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, http_status: None, message: message.into(), retry_after_ms: None }
    }
}

/// The kinds of failures that this host tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The provider does not take the credential, or there is none to send.
    AuthError,
    /// The request is wrong, and no provider would take it.
    BadRequest,
    /// An answer that is not what the dialect says, or that is empty.
    BadResponse,
    /// Refused for what the request or the answer says.
    ContentFilter,
    /// More tokens than the model takes.
    ContextOverflow,
    /// The provider does not serve the model.
    ModelUnavailable,
    /// No connection, or one that broke before an answer.
    NetworkError,
    /// No credit, or a quota that is used up.
    PaymentRequired,
    /// Too much in a short time.
    RateLimit,
    /// The provider failed.
    ServerError,
    /// The stream broke after text had been passed on.
    StreamInterrupted,
    /// No answer in time.
    Timeout,
    /// Anything else.
    Unknown,
    /// The request is right, and this provider's dialect cannot say it. Nothing was sent.
    Unsupported,
}

impl ErrorKind {
    /// Every kind, in byte order of names.
    pub const ALL: [Self; 14] = [
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
        Self::Unsupported,
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
            Self::Unsupported => "unsupported",
        }
    }
}

/// The request is not one that can be sent to anybody.
#[cfg(feature = "http")]
pub(crate) fn bad(message: impl Into<String>) -> CallError {
    CallError::new(ErrorKind::BadRequest, message)
}

/// What was expected at a position of the request.
#[cfg(feature = "http")]
pub(crate) fn expected(position: &str, what: &str) -> CallError {
    bad(format!("{position}: expected {what}"))
}

/// The dialect has no word for a part of the request.
#[cfg(feature = "http")]
pub(crate) fn unsupported(message: impl Into<String>) -> CallError {
    CallError::new(ErrorKind::Unsupported, message)
}

/// The answer is not what the dialect says.
#[cfg(feature = "http")]
pub(crate) fn malformed(message: impl Into<String>) -> CallError {
    CallError::new(ErrorKind::BadResponse, message)
}

/// The provider refused to answer.
#[cfg(feature = "http")]
pub(crate) fn filtered(message: impl Into<String>) -> CallError {
    CallError::new(ErrorKind::ContentFilter, message)
}
