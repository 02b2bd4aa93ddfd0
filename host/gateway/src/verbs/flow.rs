//! `POST /x/flow/normalize`

use axum::{
    extract::{self, Request},
    http::StatusCode,
    response::Response,
};
use serde_json::{Value, json};

use super::{VERSION, apart, body};
use crate::{error::ApiError, failure, reply::json_response, state::State};

/// `{flow_ir}` → `{flow_ir, flow_id, fingerprint, canonical, version}`. The envelope is not put over
/// its nodes.
pub(crate) async fn normalize_flow(
    extract::State(state): extract::State<State>,
    request: Request,
) -> Result<Response, ApiError> {
    let flow = body::only(&body::text(request).await?, "flow_ir")?;
    let named = apart(&state, {
        let flow = flow.clone();
        move |router| router.name_flow(&flow)
    });
    let named = named.await?.map_err(|error| failure::of_flow(&error))?;
    let of = |key: &str| named.get(key).cloned().unwrap_or_default();
    Ok(json_response(
        StatusCode::OK,
        &json!({
            "flow_ir": serde_json::from_str::<Value>(&flow).unwrap_or_default(),
            "flow_id": of("identity"),
            "fingerprint": of("fingerprint"),
            "canonical": of("canonical"),
            "version": VERSION,
        }),
    ))
}
