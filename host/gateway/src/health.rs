//! Whether the gateway is there, and whether it takes requests.

use axum::{extract, http::StatusCode, response::Response};
use serde_json::json;

use crate::{reply::json_response, state::State};

/// `GET /healthz`: 503 once the server is asked to stop, so that nobody sends it more.
pub(crate) async fn healthz(extract::State(state): extract::State<State>) -> Response {
    let ok = !state.is_draining();
    let mut body = json!({"ok": ok, "initialized": true});
    if let (Some(members), Some(recording)) = (body.as_object_mut(), state.records().status()) {
        members.insert("recording".to_owned(), recording);
    }
    json_response(status(ok), &body)
}

/// `GET /readyz`: 503 also where no decision can be recorded that has to be.
pub(crate) async fn readyz(extract::State(state): extract::State<State>) -> Response {
    let ready = !state.is_draining() && !state.records().stops_everything();
    json_response(status(ready), &json!({"ready": ready}))
}

fn status(ok: bool) -> StatusCode {
    if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
