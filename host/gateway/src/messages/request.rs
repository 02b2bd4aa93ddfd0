//! The body of a request, read.

use axum::http::HeaderMap;
use sigmapol_core::json::Members;

use super::{
    answer::Envelope,
    estimate,
    text::{array, given, object, word, wrong},
    translate::translate,
};
use crate::{
    caller::Caller,
    error::ApiError,
    ids::RequestId,
    ingress::{self, Asked},
    state::State,
};

/// The dialect of providers that get what a client said as it came.
const DIALECT: &str = "anthropic";

/// A request for a message.
#[derive(Debug)]
pub(super) struct MessagesRequest {
    pub(super) asked: Asked,
    pub(super) envelope: Envelope,
}

impl MessagesRequest {
    /// Reads a body; `profile` is that of the path.
    pub(super) fn read(
        body: &str,
        headers: &HeaderMap,
        profile: Option<&str>,
        id: &RequestId,
        state: &State,
        caller: &Caller,
    ) -> Result<Self, ApiError> {
        let members = ingress::members(body)?;
        check_messages(&members)?;
        let translated = translate(&members, headers, ingress::is_of_the_gateway)?;
        let said = ingress::members(&translated.members)?;
        let asked =
            Asked::of(&said, profile, state, caller)?.with_original(&translated.original)?;
        let stops = given(&members, "stop_sequences");
        let envelope = Envelope {
            id: id.as_str().to_owned(),
            tokens: estimate::tokens(&members),
            thinks: thinks(&members),
            stops: stops.and_then(|stops| serde_json::from_str(stops).ok()).unwrap_or_default(),
        };
        let untranslated = Some((DIALECT, translated.ignored));
        Ok(Self { asked: Asked { untranslated, ..asked }, envelope })
    }
}

/// There has to be something to answer, and in what is said no member is there twice.
pub(super) fn check_messages(members: &Members<'_>) -> Result<(), ApiError> {
    let messages = given(members, "messages").unwrap_or("[]");
    if array(messages).is_none() {
        return Err(wrong("messages", "an array"));
    }
    ingress::check_messages(messages)
}

/// Whether thinking is asked for.
fn thinks(members: &Members<'_>) -> bool {
    let thinking = given(members, "thinking").and_then(object).unwrap_or_default();
    matches!(word(&thinking, "type").as_deref(), Some("enabled" | "adaptive"))
}
