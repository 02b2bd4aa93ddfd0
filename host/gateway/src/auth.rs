//! Layers that ask who calls, before anything of a body is read.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{
    access::{Access, unauthenticated},
    app::not_found,
    caller::Caller,
    error::{AUTH, ApiError},
};

/// For paths of callers: puts the [`Caller`](crate::Caller) into the request, and for the log into its
/// response.
pub(crate) async fn callers(
    State(access): State<Access>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match access.caller(request.headers()).await {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    request.extensions_mut().insert(caller.clone());
    let mut response = next.run(request).await;
    response.extensions_mut().insert(caller);
    response
}

/// For paths that spend nothing: those of callers, and the admin's, too.
pub(crate) async fn callers_and_admin(
    State(access): State<Access>,
    mut request: Request,
    next: Next,
) -> Response {
    if access.is_admin(request.headers()) {
        request.extensions_mut().insert(Caller::anyone());
        return next.run(request).await;
    }
    callers(State(access), request, next).await
}

/// For paths that change something: the admin's, and others are told so.
pub(crate) async fn admin(State(access): State<Access>, request: Request, next: Next) -> Response {
    if access.is_admin(request.headers()) {
        return next.run(request).await;
    }
    if access.has_admin() && !access.has_keys() {
        return unauthenticated(request.headers()).into_response();
    }
    match access.caller(request.headers()).await {
        Err(error) => error.into_response(),
        Ok(_) => {
            let message = match access.has_admin() {
                true => "expected the token of the admin",
                false => "expected the token of the admin, and this gateway has none",
            };
            ApiError::new(StatusCode::FORBIDDEN, AUTH, "admin_required", message).into_response()
        }
    }
}

/// For paths that show how the gateway does: the admin's, and for others there is nothing. Where nobody
/// is asked for anything, everybody's.
pub(crate) async fn observers(
    State(access): State<Access>,
    request: Request,
    next: Next,
) -> Response {
    only(access.is_open() || access.is_admin(request.headers()), request, next).await
}

/// For paths that change how it does: the same, and everybody's only on this machine.
pub(crate) async fn operators(
    State(access): State<Access>,
    request: Request,
    next: Next,
) -> Response {
    only(access.is_of_this_machine() || access.is_admin(request.headers()), request, next).await
}

async fn only(may: bool, request: Request, next: Next) -> Response {
    match may {
        true => next.run(request).await,
        false => not_found().await.into_response(),
    }
}
