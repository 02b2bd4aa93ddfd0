//! The routes.

use axum::{
    Extension, Router,
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    routing::{any, get, post},
};

use crate::{
    access::Access,
    auth::{admin, callers, callers_and_admin, operation},
    chat::{chat, chat_of_profile},
    cors::cors,
    error::{ApiError, INVALID_REQUEST},
    guard::guard,
    health::{healthz, readyz},
    keys,
    metrics::metrics,
    models::{list, one},
    observe::observe,
    state::State,
    verbs,
};

/// Paths of the API that are known and not served.
const UNSERVED: [&str; 4] = ["/v1/completions", "/v1/embeddings", "/v1/messages", "/v1/responses"];

/// The gateway, for programs that serve it themselves, or beside something else. It has no keys and
/// asks for none: who can reach it can spend what the providers' keys allow.
pub fn app(state: State) -> Router {
    app_with(state, Access::default())
}

/// As [`app`], and asks of those who call what [`Access`] says.
pub fn app_with(state: State, access: Access) -> Router {
    routes(access.clone())
        .layer(from_fn_with_state(access, cors))
        .layer(from_fn_with_state(state.clone(), observe))
        .with_state(state)
}

/// As [`app_with`], for a server of our own: where nobody needs a key, pages of other machines are
/// refused.
pub(crate) fn guarded_app(state: State, access: Access) -> Router {
    if access.has_keys() {
        return app_with(state, access);
    }
    routes(access)
        .layer(from_fn(guard))
        .layer(from_fn_with_state(state.clone(), observe))
        .with_state(state)
}

/// The paths, by who may ask for them.
fn routes(access: Access) -> Router<State> {
    let of_anyone = Router::new().route("/healthz", get(healthz)).route("/readyz", get(readyz));
    let of_operation = Router::new()
        .route("/metrics", get(metrics))
        .route("/x/calls", get(verbs::calls))
        .route("/x/runtime", get(verbs::runtime))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(access.clone(), operation));
    let of_admin = Router::new()
        .route("/x/keys", get(keys::list).post(keys::add))
        .route("/x/keys/revoke", post(keys::revoke))
        .route("/x/consumers/{name}", post(keys::set))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(Extension(access.clone()))
        .layer(from_fn_with_state(access.clone(), admin));
    let of_verbs = of_verbs().layer(from_fn_with_state(access.clone(), callers_and_admin));
    let of_callers = of_callers().layer(from_fn_with_state(access, callers));
    of_callers
        .merge(of_verbs)
        .merge(of_admin)
        .merge(of_operation)
        .merge(of_anyone.method_not_allowed_fallback(method_not_allowed))
}

/// Of policies, and of no money.
fn of_verbs() -> Router<State> {
    Router::new()
        .route("/skill", get(verbs::skill))
        .route("/x/fields", get(verbs::fields))
        .route("/x/flow/normalize", post(verbs::normalize_flow))
        .route("/x/policy/build", post(verbs::build))
        .route("/x/policy/normalize", post(verbs::normalize))
        .route("/x/policy/templates", get(verbs::templates))
        .route("/x/policy/templates/{name}", post(verbs::template))
        .route("/x/rank", get(verbs::rank_of_profile).post(verbs::rank))
        .method_not_allowed_fallback(method_not_allowed)
}

fn of_callers() -> Router<State> {
    let mut routes = Router::new()
        .route("/v1/models", get(list))
        .route("/v1/models/{*id}", get(one))
        .route("/v1/chat/completions", post(chat))
        .route("/{profile}/v1/models", get(list))
        .route("/{profile}/v1/chat/completions", post(chat_of_profile));
    for path in UNSERVED {
        routes = routes.route(path, any(unserved));
    }
    routes.fallback(not_found).method_not_allowed_fallback(method_not_allowed)
}

async fn unserved() -> ApiError {
    let message = "this gateway does not serve it: expected /v1/chat/completions or /v1/models";
    ApiError::new(StatusCode::NOT_FOUND, INVALID_REQUEST, "unsupported_endpoint", message)
}

pub(crate) async fn not_found() -> ApiError {
    let message = "there is nothing at this path: expected /v1/chat/completions or /v1/models";
    ApiError::new(StatusCode::NOT_FOUND, INVALID_REQUEST, "not_found", message)
}

async fn method_not_allowed() -> ApiError {
    let message = "the header Allow has the methods of this path";
    let status = StatusCode::METHOD_NOT_ALLOWED;
    ApiError::new(status, INVALID_REQUEST, "method_not_allowed", message)
}
