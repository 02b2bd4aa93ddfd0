//! Pages in a browser that may call with a key, and read the answer.
//!
//! A browser asks before it sends a key of a page: <https://fetch.spec.whatwg.org/#http-cors-protocol>.
//! Without a word of ours it sends none, and shows a page no answer.

use axum::{
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{
            ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
            ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
            ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
        },
    },
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::access::Access;

/// How long a browser keeps the answer, in seconds; no more than two hours is heeded by all of them.
const MAX_AGE_S: &str = "600";

/// Answers the question of a browser, and marks answers as readable for pages that are allowed. It is
/// outside of all that asks for keys: the question comes without one.
pub(crate) async fn cors(State(access): State<Access>, request: Request, next: Next) -> Response {
    let mut origins = request.headers().get_all(ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else {
        return next.run(request).await;
    };
    if !access.allowed_origin(origin) {
        return next.run(request).await;
    }
    let origin = origin.clone();
    let asks = request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match asks {
        true => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            allow(response.headers_mut());
            response
        }
        false => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
    // a cache gives the answer to one page to no other
    headers.append(VARY, HeaderValue::from_static("origin"));
    response
}

fn allow(headers: &mut HeaderMap) {
    // `*` stands for every header but this one
    let names = HeaderValue::from_static("authorization, *");
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE_S));
}
