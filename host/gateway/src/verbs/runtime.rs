//! `GET /x/runtime`: what this process is, and what it thinks of each provider.

use axum::{extract, http::StatusCode, response::Response};
use serde_json::{Value, json};

use super::{VERSION, apart};
use crate::{error::ApiError, failure, reply::json_response, state::State};

/// `{versions, config_sha256, started_s, draining, providers}`; a provider has `breaker`, `disabled`
/// and what else the router says of it.
pub(crate) async fn runtime(
    extract::State(state): extract::State<State>,
) -> Result<Response, ApiError> {
    let status = apart(&state, |router| router.status()).await?;
    let status = status.map_err(|error| failure::of_router(&error, false))?;
    let body = json!({
        "versions": {"gateway": env!("CARGO_PKG_VERSION"), "policy": VERSION},
        "config_sha256": state.router().config().digest(),
        "started_s": state.started_s(),
        "draining": state.is_draining(),
        "generated_at_ms": status.get("generated_at_ms").cloned().unwrap_or(Value::Null),
        "providers": status.get("providers").cloned().unwrap_or_else(|| json!({})),
    });
    Ok(json_response(StatusCode::OK, &body))
}
