//! Whether the gateway is there, and whether it takes requests.

use axum::{extract, http::StatusCode, response::Response};
use serde_json::json;

use crate::{reply::json_response, state::State};

/// `GET /healthz`: 503 once the server is asked to stop, so that nobody sends it more.
pub(crate) async fn healthz(extract::State(state): extract::State<State>) -> Response {
    let ok = !state.is_draining();
    json_response(status(ok), &json!({"ok": ok, "initialized": true}))
}

/// `GET /readyz`
pub(crate) async fn readyz(extract::State(state): extract::State<State>) -> Response {
    let ready = !state.is_draining();
    json_response(status(ready), &json!({"ready": ready}))
}

fn status(ok: bool) -> StatusCode {
    if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
