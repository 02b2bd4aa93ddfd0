//! What an operator does to a gateway that runs: `/x/config/reload`, `/x/providers/{name}`.

use axum::{
    extract::{self, Path, Request, rejection::PathRejection},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use serde_json::json;
use sigmapol_router::RouterError;

use crate::{
    body,
    error::{ApiError, INVALID_REQUEST},
    reload::ReloadError,
    reply::json_response,
    state::{Live, State},
};

/// `POST /x/config/reload`: 200 with the configuration that is in force then.
pub(crate) async fn reload(
    extract::State(live): extract::State<Live>,
) -> Result<Response, ApiError> {
    match live.reload("request").await {
        Ok(()) => Ok(json_response(StatusCode::OK, &live.state().configuration())),
        Err(ReloadError::Refused(why)) => Err(ApiError::invalid("config", why)),
        Err(error @ ReloadError::Unreadable) => {
            let (status, message) = (StatusCode::CONFLICT, error.to_string());
            Err(ApiError::new(status, INVALID_REQUEST, "config_unreadable", message))
        }
    }
}

/// The body of `POST /x/providers/{name}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    disabled: bool,
}

/// `POST /x/providers/{name}`: nobody calls it until it is enabled.
pub(crate) async fn provider(
    extract::State(state): extract::State<State>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, ApiError> {
    let Path(name) =
        name.map_err(|_| ApiError::invalid("invalid_path", "expected UTF-8 in the path"))?;
    let body = body::text(request).await?;
    let Change { disabled } = serde_json::from_str(&body).map_err(|error| {
        let message = format!("expected {{\"disabled\": true|false}}: {error}");
        ApiError::invalid("invalid_body", message)
    })?;
    let router = state.router();
    let changed = if disabled { router.hold(&name) } else { router.enable(&name) };
    let changed = changed.map_err(|error| match error {
        RouterError::Input(what) => {
            ApiError::new(StatusCode::NOT_FOUND, INVALID_REQUEST, "unknown_provider", what)
        }
        _ => ApiError::internal(),
    })?;
    tracing::info!(provider = name, disabled, changed, "provider operated");
    let told = json!({"provider": name, "disabled": disabled, "changed": changed});
    Ok(json_response(StatusCode::OK, &told))
}
