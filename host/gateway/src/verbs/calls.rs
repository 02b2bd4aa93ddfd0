//! `GET /x/calls`: the last calls, the newest first.

use axum::{
    extract::{self, Query, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use serde_json::json;

use crate::{error::ApiError, reply::json_response, state::State};

/// Calls of a page where the request does not say.
const PAGE: usize = 100;

/// What may be asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// At most so many.
    limit: Option<usize>,
    /// Those with a lower number.
    before: Option<u64>,
}

/// `?limit=100&before=N` → `{calls: [{n, id, at_ms, took_ms, ok, error, provider, …}], before}`;
/// `before` is what to ask for next, `null` at the end.
pub(crate) async fn calls(
    extract::State(state): extract::State<State>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiError> {
    let expected = "expected ?limit=COUNT&before=NUMBER, or less";
    let Query(asked) = asked.map_err(|_| ApiError::invalid("invalid_query", expected))?;
    let page = state.calls().page(asked.before, asked.limit.unwrap_or(PAGE));
    Ok(json_response(StatusCode::OK, &json!({"calls": page.calls, "before": page.before})))
}
