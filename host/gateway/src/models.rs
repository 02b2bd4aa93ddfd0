//! `GET /v1/models`: what a client may say in `model`.

use axum::{
    Extension,
    extract::{self, Path, rejection::PathRejection},
    http::StatusCode,
    response::Response,
};
use serde_json::{Value, json};

use crate::{
    caller::Caller,
    error::{ApiError, INVALID_REQUEST},
    reply::json_response,
    route::{FAMILY, PROFILE},
    state::State,
};

/// `GET /v1/models`
pub(crate) async fn list(
    extract::State(state): extract::State<State>,
    Extension(caller): Extension<Caller>,
) -> Response {
    let data: Vec<Value> = ids(&state, &caller).map(|id| model(&state, &id)).collect();
    json_response(StatusCode::OK, &json!({"object": "list", "data": data}))
}

/// `GET /v1/models/{id}`
pub(crate) async fn one(
    extract::State(state): extract::State<State>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let Path(id) = id.unwrap_or_else(|_| Path(String::new()));
    if !ids(&state, &caller).any(|known| known == id) {
        let message = "there is no such model: GET /v1/models lists them";
        let status = StatusCode::NOT_FOUND;
        return Err(ApiError::new(status, INVALID_REQUEST, "model_not_found", message));
    }
    Ok(json_response(StatusCode::OK, &model(&state, &id)))
}

/// What a caller may name; of the rest it does not learn that it is there.
fn ids(state: &State, caller: &Caller) -> impl Iterator<Item = String> {
    let names = state.names();
    let profiles = names.profiles.iter().map(|name| format!("{PROFILE}{name}"));
    let families = names.families.iter().map(|name| format!("{FAMILY}{name}"));
    let given = state.router().config().model_names().map(str::to_owned);
    profiles.chain(families).chain(given).filter(|id| caller.may_name(id))
}

fn model(state: &State, id: &str) -> Value {
    json!({"id": id, "object": "model", "created": state.started_s(), "owned_by": "sigmapol"})
}
