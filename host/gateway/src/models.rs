//! `GET /v1/models`: what a client may say in `model`.

use axum::{
    Extension,
    extract::{self, Path, rejection::PathRejection},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde_json::{Value, json};

use crate::{
    caller::Caller,
    error::{ApiError, INVALID_REQUEST},
    messages::is_of_anthropic,
    reply::json_response,
    route::{FAMILY, PROFILE},
    state::State,
};

/// `GET /v1/models`
pub(crate) async fn list(
    extract::State(state): extract::State<State>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Response {
    let data: Vec<Value> = ids(&state, &caller).map(|id| model(&state, &headers, &id)).collect();
    let list = match is_of_anthropic(&headers) {
        true => {
            let id = |model: Option<&Value>| model.and_then(|model| model.get("id").cloned());
            json!({"data": data, "has_more": false, "first_id": id(data.first()),
                "last_id": id(data.last())})
        }
        false => json!({"object": "list", "data": data}),
    };
    json_response(StatusCode::OK, &list)
}

/// `GET /v1/models/{id}`
pub(crate) async fn one(
    extract::State(state): extract::State<State>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let Path(id) = id.unwrap_or_else(|_| Path(String::new()));
    if !ids(&state, &caller).any(|known| known == id) {
        let message = "there is no such model: GET /v1/models lists them";
        let status = StatusCode::NOT_FOUND;
        return Err(ApiError::new(status, INVALID_REQUEST, "model_not_found", message));
    }
    Ok(json_response(StatusCode::OK, &model(&state, &headers, &id)))
}

/// What a caller may name; of the rest it does not learn that it is there.
fn ids(state: &State, caller: &Caller) -> impl Iterator<Item = String> {
    let names = state.names();
    let profiles = names.profiles.iter().map(|name| format!("{PROFILE}{name}"));
    let families = names.families.iter().map(|name| format!("{FAMILY}{name}"));
    let given = state.router().config().model_names().map(str::to_owned);
    let routes = profiles.chain(families).filter(|id| caller.may_name(id));
    // a name is for those that what it stands for is for
    let config = state.router().config();
    let given = given.filter(|name| config.route_of(name).is_some_and(|at| caller.may_name(at)));
    routes.chain(given)
}

/// Both APIs have the path. Anthropic's says when a model was released, and the start of time where
/// nobody knows.
fn model(state: &State, headers: &HeaderMap, id: &str) -> Value {
    if is_of_anthropic(headers) {
        return json!({"type": "model", "id": id, "display_name": id,
            "created_at": "1970-01-01T00:00:00Z"});
    }
    json!({"id": id, "object": "model", "created": state.started_s(), "owned_by": "sigmapol"})
}
