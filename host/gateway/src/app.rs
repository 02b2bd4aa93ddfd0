//! The routes.

use axum::{
    Router,
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    routing::{any, get, post},
};

use crate::{
    chat::chat,
    embeddings::embeddings,
    error::{ApiError, INVALID_REQUEST},
    guard::guard,
    health::{healthz, readyz},
    metrics::metrics,
    models::{list, one},
    observe::observe,
    responses::responses,
    state::State,
    verbs,
};

/// Paths of the API that are known and not served.
const UNSERVED: [&str; 2] = ["/v1/completions", "/v1/messages"];

/// The gateway, for programs that serve it themselves, or beside something else. It has no keys and
/// asks for none: who can reach it can spend what the providers' keys allow.
pub fn app(state: State) -> Router {
    routes().layer(from_fn_with_state(state.clone(), observe)).with_state(state)
}

/// As [`app`], for a server that others than this machine do not reach.
pub(crate) fn app_of_this_machine(state: State) -> Router {
    routes()
        .layer(from_fn(guard))
        .layer(from_fn_with_state(state.clone(), observe))
        .with_state(state)
}

fn routes() -> Router<State> {
    let mut routes = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/v1/models", get(list))
        .route("/v1/models/{*id}", get(one))
        .route("/v1/chat/completions", post(chat))
        .route("/v1/embeddings", post(embeddings))
        .route("/v1/responses", post(responses))
        .route("/skill", get(verbs::skill))
        .route("/x/calls", get(verbs::calls))
        .route("/x/fields", get(verbs::fields))
        .route("/x/flow/normalize", post(verbs::normalize_flow))
        .route("/x/policy/build", post(verbs::build))
        .route("/x/policy/normalize", post(verbs::normalize))
        .route("/x/policy/templates", get(verbs::templates))
        .route("/x/policy/templates/{name}", post(verbs::template))
        .route("/x/runtime", get(verbs::runtime))
        .route("/x/rank", get(verbs::rank_of_profile).post(verbs::rank))
        .route("/{profile}/v1/models", get(list))
        .route("/{profile}/v1/chat/completions", post(chat))
        .route("/{profile}/v1/embeddings", post(embeddings))
        .route("/{profile}/v1/responses", post(responses));
    for path in UNSERVED {
        routes = routes.route(path, any(unserved));
    }
    routes.fallback(not_found).method_not_allowed_fallback(method_not_allowed)
}

/// Of a path of the API that is not served here.
pub(crate) async fn unserved() -> ApiError {
    let message = "this gateway does not serve it: expected /v1/chat/completions or /v1/models";
    ApiError::new(StatusCode::NOT_FOUND, INVALID_REQUEST, "unsupported_endpoint", message)
}

async fn not_found() -> ApiError {
    let message = "there is nothing at this path: expected /v1/chat/completions or /v1/models";
    ApiError::new(StatusCode::NOT_FOUND, INVALID_REQUEST, "not_found", message)
}

async fn method_not_allowed() -> ApiError {
    let message = "the header Allow has the methods of this path";
    let status = StatusCode::METHOD_NOT_ALLOWED;
    ApiError::new(status, INVALID_REQUEST, "method_not_allowed", message)
}
