//! Which failures are the provider's.
//!
//! The engine counts every failure against the provider, as the reference does; a breaker that opens
//! shuts it out for all. A call that could not be made as it was asked says nothing of the provider:
//! what the engine counted of it is taken back before the state is committed.

use serde::Deserialize;
use serde_json::Value;
use sigmapol_provider::ErrorKind;

/// A limit of time that a caller chose and that is shorter than this, in milliseconds, is not the
/// provider's fault: many models take longer for their first word.
const CALLER_TIMEOUT_MS: f64 = 10_000.0;

/// Of a request, who is asked and how long it may take.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    pub(super) provider_id: String,
    #[serde(default)]
    pub(super) served_model_id: String,
    timeout_ms: Option<f64>,
    first_token_timeout_ms: Option<f64>,
    idle_timeout_ms: Option<f64>,
}

/// What of a provider's state stays as it was before a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// Its breaker: the model is not there, and others of the provider may be.
    Breaker,
    /// Everything: the call was not made, or not given the time that it needs.
    All,
}

/// What stays of a failure's provider; nothing where it is the provider's. `overdue`: the caller's
/// deadline for the whole run is over.
pub(super) fn kept(kind: ErrorKind, asked: &Asked, overdue: bool) -> Option<Kept> {
    let limits = [asked.timeout_ms, asked.first_token_timeout_ms, asked.idle_timeout_ms];
    let hurried = || limits.into_iter().flatten().any(|limit| limit < CALLER_TIMEOUT_MS);
    match kind {
        ErrorKind::Unsupported => Some(Kept::All),
        ErrorKind::Timeout if overdue || hurried() => Some(Kept::All),
        ErrorKind::ModelUnavailable => Some(Kept::Breaker),
        _ => None,
    }
}

/// A state after a failure, with what is kept of the one before.
pub(super) fn take_back(before: &str, after: &str, provider: &str, kept: Kept) -> String {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    let (Some(before), Some(mut after)) = (read(before), read(after)) else {
        return after.to_owned();
    };
    let sections: &[&str] = match kept {
        Kept::Breaker => &["circuit_breakers"],
        Kept::All => &["circuit_breakers", "disabled_providers"],
    };
    for section in sections {
        let Some(entries) = after.get_mut(section).and_then(Value::as_object_mut) else { continue };
        match before.get(section).and_then(|entries| entries.get(provider)) {
            Some(entry) => entries.insert(provider.to_owned(), entry.clone()),
            None => entries.remove(provider),
        };
    }
    after.to_string()
}
