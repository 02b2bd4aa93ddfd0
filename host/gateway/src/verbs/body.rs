//! Bodies of verbs: an object with members that are known, each once.

use axum::extract::Request;
use sigmapol_core::json::Members;

use crate::{body, error::ApiError, ingress};

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
    let members = ingress::members(text)?;
    if let Some((name, _)) = members.0.iter().find(|(name, _)| !is_known(name)) {
        return Err(ApiError::of_param("unknown_parameter", name, "not known here"));
    }
    Ok(members)
}

/// The one member of a body that has no other.
pub(super) fn only<'t>(text: &'t str, name: &str) -> Result<String, ApiError> {
    let members: Members<'t> = members(text, |known| known == name)?;
    let missing = || ApiError::of_param("missing_parameter", name, "expected it");
    members.get(name).map(str::to_owned).ok_or_else(missing)
}
