//! `POST /x/policy/normalize` and `/x/policy/build`

use axum::{
    extract::{self, Request},
    http::StatusCode,
    response::Response,
};
use serde_json::{Value, json};
use sigmapol_core::Admission;

use super::{VERSION, apart, body, refused};
use crate::{error::ApiError, reply::json_response, state::State};

/// `{policy_ir}` → `{policy_ir, policy_id, fingerprint, canonical, version, nodes, depth}`. The
/// envelope is not put over it.
pub(crate) async fn normalize(
    extract::State(state): extract::State<State>,
    request: Request,
) -> Result<Response, ApiError> {
    let policy = body::only(&body::text(request).await?, "policy_ir")?;
    let named = apart(&state, {
        let policy = policy.clone();
        move |router| router.name_policy(&policy)
    });
    let named = named.await?.map_err(|error| {
        let refused = refused("invalid_policy", "policy_ir", &error);
        let message = format!("policy_ir rejected at admission: {}", refused.message);
        ApiError { message, ..refused }
    })?;
    Ok(json_response(StatusCode::OK, &shown(&policy, &named)))
}

/// The parts of a policy, as a profile has them → what [`normalize`] tells.
pub(crate) async fn build(
    extract::State(state): extract::State<State>,
    request: Request,
) -> Result<Response, ApiError> {
    let parts = body::text(request).await?;
    // which parts there are the engine says, with the nearest of them
    body::members(&parts, |_| true)?;
    let made = apart(&state, move |router| {
        let policy = router.lower(&parts)?;
        let named = router.name_policy(&policy)?;
        Ok((policy, named))
    });
    let invalid = |error| refused("invalid_policy_spec", "", &error);
    let (policy, named) =
        made.await?.map_err(|error| ApiError { param: None, ..invalid(error) })?;
    Ok(json_response(StatusCode::OK, &shown(&policy, &named)))
}

/// A policy and its names.
pub(super) fn shown(policy: &str, named: &Admission) -> Value {
    json!({
        "policy_ir": serde_json::from_str::<Value>(policy).unwrap_or_default(),
        "policy_id": named.identity,
        "fingerprint": named.fingerprint,
        "canonical": named.canonical,
        "version": VERSION,
        "nodes": named.nodes,
        "depth": named.depth,
    })
}
