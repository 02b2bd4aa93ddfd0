//! The body of a request, within bounds.

use axum::{
    body::Body,
    extract::Request,
    http::{StatusCode, header::CONTENT_ENCODING},
};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use tokio::time::timeout;

use crate::{
    error::{ApiError, INVALID_REQUEST},
    limits::{BODY_BYTES, Bounds},
};

/// The text of the body of a request.
pub(crate) async fn text(request: Request) -> Result<String, ApiError> {
    let encodings = request.headers().get_all(CONTENT_ENCODING);
    if encodings.iter().any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        let message = "expected a body without Content-Encoding";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(ApiError::new(status, INVALID_REQUEST, "unsupported_encoding", message));
    }
    // whoever serves the routes without a server of ours has said nothing of bounds
    let time = request.extensions().get::<Bounds>().copied().unwrap_or_default().body_time;
    let body = request.into_body();
    // what is announced too long is not read
    if body.size_hint().lower() > BODY_BYTES as u64 {
        return Err(too_long());
    }
    let read = timeout(time, whole(body)).await;
    let bytes = read.map_err(|_| {
        let message = format!("the body did not come within {} s", time.as_secs_f64());
        ApiError::new(StatusCode::REQUEST_TIMEOUT, INVALID_REQUEST, "request_timeout", message)
    })??;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        ApiError::invalid("invalid_json", format!("expected JSON: invalid UTF-8 at byte {at}"))
    })
}

/// The bytes of a body, and nothing beside them: pieces that were kept as they came would take thirty
/// times as much, where each is a byte.
async fn whole(mut body: Body) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::invalid("invalid_body", "the body broke off"))?;
        // trailers say nothing here
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > BODY_BYTES - bytes.len() {
            return Err(too_long());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

fn too_long() -> ApiError {
    let message = format!("expected a body of at most {BODY_BYTES} bytes");
    let status = StatusCode::PAYLOAD_TOO_LARGE;
    ApiError::new(status, INVALID_REQUEST, "request_too_large", message)
}
