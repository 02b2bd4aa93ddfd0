//! Bodies of verbs: an object with members that are known, each once.

use std::collections::HashSet;

use axum::extract::Request;
use serde_json::value::RawValue;
use sigmapol_core::json::Members;

use crate::{body, error::ApiError};

/// The text of a body; an empty one is an object without members.
pub(super) async fn text(request: Request) -> Result<String, ApiError> {
    let text = body::text(request).await?;
    Ok(if text.trim().is_empty() { "{}".to_owned() } else { text })
}

/// The members of a body.
pub(super) fn members<'t>(
    text: &'t str,
    is_known: impl Fn(&str) -> bool,
) -> Result<Members<'t>, ApiError> {
    let value: &RawValue = serde_json::from_str(text)
        .map_err(|error| ApiError::invalid("invalid_json", format!("expected JSON: {error}")))?;
    let members: Members<'_> = serde_json::from_str(value.get())
        .map_err(|_| ApiError::invalid("invalid_body", "expected a JSON object"))?;
    let mut seen = HashSet::new();
    for (name, _) in &members.0 {
        if !is_known(name) {
            return Err(ApiError::of_param("unknown_parameter", name, "not known here"));
        }
        if !seen.insert(name) {
            return Err(ApiError::of_param("invalid_body", name, "expected once"));
        }
    }
    Ok(members)
}

/// The one member of a body that has no other.
pub(super) fn only<'t>(text: &'t str, name: &str) -> Result<String, ApiError> {
    let members: Members<'t> = members(text, |known| known == name)?;
    let missing = || ApiError::of_param("missing_parameter", name, "expected it");
    members.get(name).map(str::to_owned).ok_or_else(missing)
}
