//! The routes.

use axum::{
    Extension, Router,
    extract::{self, Path, Request, rejection::PathRejection},
    http::{Method, StatusCode},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::any,
};

use crate::{
    access::Access,
    auth::{admin, callers, callers_and_admin, observers, operators},
    cors::cors,
    endpoints::{Whose, endpoints},
    error::{ApiError, INVALID_REQUEST},
    guard::guard,
    messages::shape,
    observe::observe,
    state::{Live, State},
};

/// Paths of the API that are known and not served.
const UNSERVED: [&str; 1] = ["/v1/completions"];

/// The gateway, for programs that serve it themselves, or beside something else. It has no keys and
/// asks for none: who can reach it can spend what the providers' keys allow. Nobody can operate it by
/// its paths below `/x/`.
pub fn app(state: State) -> Router {
    app_with(state, Access::default())
}

/// As [`app`], and asks of those who call what [`Access`] says.
pub fn app_with(state: State, access: Access) -> Router {
    routes(access.clone())
        .layer(from_fn_with_state(access, cors))
        .layer(from_fn(shape))
        .layer(from_fn(address))
        .layer(from_fn_with_state(state.live(), observe))
        .with_state(state.live())
}

/// As [`app_with`], for a server of our own: where nobody needs a key, pages of other machines are
/// refused.
pub(crate) fn guarded_app(live: Live, access: Access) -> Router {
    if access.has_keys() {
        return app_with(live.state(), access);
    }
    routes(access.of_this_machine())
        .layer(from_fn(guard))
        .layer(from_fn(shape))
        .layer(from_fn(address))
        .layer(from_fn_with_state(live.clone(), observe))
        .with_state(live)
}

/// The paths, by who may ask for them.
fn routes(access: Access) -> Router<Live> {
    let all = endpoints();
    let of = |whose: Whose| {
        let own = all.iter().filter(|endpoint| endpoint.whose == whose);
        own.fold(Router::new(), |routes, endpoint| {
            routes.route(endpoint.path, endpoint.handler.clone())
        })
    };
    let mut of_callers = of(Whose::Callers).route("/{profile}", any(address_of_profile));
    for path in UNSERVED {
        of_callers = of_callers.route(path, any(unserved));
    }
    let of_verbs = of(Whose::Authors);
    let of_admin = of(Whose::Admin).layer(Extension(access.clone()));
    let none = method_not_allowed;
    of_callers
        .fallback(not_found)
        .method_not_allowed_fallback(none)
        .layer(from_fn_with_state(access.clone(), callers))
        .merge(
            of_verbs
                .method_not_allowed_fallback(none)
                .layer(from_fn_with_state(access.clone(), callers_and_admin)),
        )
        .merge(
            of_admin
                .method_not_allowed_fallback(none)
                .layer(from_fn_with_state(access.clone(), admin)),
        )
        .merge(
            of(Whose::Operators)
                .method_not_allowed_fallback(none)
                .layer(from_fn_with_state(access.clone(), operators)),
        )
        .merge(
            of(Whose::Observers)
                .method_not_allowed_fallback(none)
                .layer(from_fn_with_state(access, observers)),
        )
        .merge(of(Whose::Anyone).method_not_allowed_fallback(none))
}

/// Agents ask whether the address that they were given is there, before they say who they are.
async fn address(request: Request, next: Next) -> Response {
    match (request.method(), request.uri().path()) {
        (&Method::HEAD, "/") => StatusCode::OK.into_response(),
        _ => next.run(request).await,
    }
}

/// The address of those that can only be given a profile in it.
async fn address_of_profile(
    extract::State(state): extract::State<State>,
    method: Method,
    profile: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    let known = profile.is_ok_and(|Path(name)| state.names().profiles.contains(&name));
    if known && method == Method::HEAD { Ok(StatusCode::OK) } else { Err(not_found().await) }
}

/// Of a path of the API that is not served here.
pub(crate) async fn unserved() -> ApiError {
    let message = "this gateway does not serve it: expected /v1/chat/completions, /v1/messages, /v1/responses or /v1/models";
    ApiError::new(StatusCode::NOT_FOUND, INVALID_REQUEST, "unsupported_endpoint", message)
}

pub(crate) async fn not_found() -> ApiError {
    let message = "there is nothing at this path: expected /v1/chat/completions, /v1/messages, /v1/responses or /v1/models";
    ApiError::new(StatusCode::NOT_FOUND, INVALID_REQUEST, "not_found", message)
}

async fn method_not_allowed() -> ApiError {
    let message = "the header Allow has the methods of this path";
    let status = StatusCode::METHOD_NOT_ALLOWED;
    ApiError::new(status, INVALID_REQUEST, "method_not_allowed", message)
}
