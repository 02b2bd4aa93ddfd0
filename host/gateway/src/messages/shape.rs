//! Errors in the shape of Anthropic's: `{"type": "error", "error": {type, message}, "request_id"}`.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware::Next,
    response::Response,
};
use serde_json::{Value, json};

use crate::{
    error::{ApiError, ROUTER},
    ids::RequestId,
    reply::set_header,
};

/// Overloaded, in Anthropic's words.
const OVERLOADED: u16 = 529;

/// Tells clients of Anthropic's API of errors in its shape, whoever found them: a guard, a route or a
/// handler.
pub(crate) async fn shape(request: Request, next: Next) -> Response {
    if !is_of_messages(request.uri()) && !is_of_anthropic(request.headers()) {
        return next.run(request).await;
    }
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_else(RequestId::new);
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        let (status, body) = of(&error, id.as_str());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *response.body_mut() = Body::from(body.to_string());
    }
    set_header(response.headers_mut(), "request-id", id.as_str());
    response
}

/// Whether a client speaks Anthropic's API, at a path that others have, too.
pub(crate) fn is_of_anthropic(headers: &HeaderMap) -> bool {
    headers.contains_key("anthropic-version")
}

/// `/v1/messages` and what is below it, also of a profile.
fn is_of_messages(uri: &Uri) -> bool {
    let path = uri.path().strip_prefix('/').unwrap_or_default();
    let parts: Vec<_> = path.splitn(4, '/').take(3).collect();
    matches!(parts.as_slice(), ["v1", "messages", ..] | [_, "v1", "messages"])
}

/// Status and body.
pub(super) fn of(error: &ApiError, id: &str) -> (StatusCode, Value) {
    let (status, kind) = classify(error);
    let mut body = json!({"type": "error", "error": {"type": kind, "message": error.message},
        "request_id": id});
    if let (Some(members), Some(report)) = (body.as_object_mut(), &error.report) {
        members.insert("x_router".to_owned(), Value::clone(report));
    }
    (status, body)
}

/// <https://platform.claude.com/docs/en/api/errors>
fn classify(error: &ApiError) -> (StatusCode, &'static str) {
    let status = error.status;
    let kind = match status.as_u16() {
        // keys that the client knows nothing of
        401 if error.kind == ROUTER => return (StatusCode::INTERNAL_SERVER_ERROR, "api_error"),
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        408 | 504 => "timeout_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 | OVERLOADED => {
            let overloaded = StatusCode::from_u16(OVERLOADED).unwrap_or(status);
            return (overloaded, "overloaded_error");
        }
        400..=499 => "invalid_request_error",
        502 => return (StatusCode::INTERNAL_SERVER_ERROR, "api_error"),
        _ => "api_error",
    };
    (status, kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::INVALID_REQUEST;

    #[test]
    fn statuses_and_types() {
        for (status, kind, told, name) in [
            (400, INVALID_REQUEST, 400, "invalid_request_error"),
            (401, "auth_error", 401, "authentication_error"),
            (401, ROUTER, 500, "api_error"),
            (402, "budget_error", 402, "billing_error"),
            (403, "auth_error", 403, "permission_error"),
            (404, INVALID_REQUEST, 404, "not_found_error"),
            (405, INVALID_REQUEST, 405, "invalid_request_error"),
            (408, INVALID_REQUEST, 408, "timeout_error"),
            (413, INVALID_REQUEST, 413, "request_too_large"),
            (415, INVALID_REQUEST, 415, "invalid_request_error"),
            (429, ROUTER, 429, "rate_limit_error"),
            (500, ROUTER, 500, "api_error"),
            (502, ROUTER, 500, "api_error"),
            (503, ROUTER, 529, "overloaded_error"),
            (504, ROUTER, 504, "timeout_error"),
        ] {
            let error = ApiError::new(StatusCode::from_u16(status).unwrap(), kind, "code", "what");
            let (shown, body) = of(&error, "r");
            let expected = json!({"type": "error", "error": {"type": name, "message": "what"},
                "request_id": "r"});
            assert_eq!((shown.as_u16(), body), (told, expected), "{status}");
        }
    }

    #[test]
    fn paths_of_messages() {
        for (path, expected) in [
            ("/v1/messages", true),
            ("/v1/messages?beta=true", true),
            ("/v1/messages/count_tokens", true),
            ("/v1/messages/batches/x", true),
            ("/private/v1/messages", true),
            ("/v1/v1/messages", true),
            ("/v1/chat/completions", false),
            ("/v1/messages2", false),
            ("/a/b/v1/messages", false),
            ("/", false),
            ("/messages", false),
        ] {
            assert_eq!(is_of_messages(&path.parse().unwrap()), expected, "{path}");
        }
    }
}
