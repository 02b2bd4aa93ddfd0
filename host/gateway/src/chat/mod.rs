//! `POST /v1/chat/completions`

mod response;
mod stream;

use axum::{
    Extension,
    extract::{self, Path, Request, rejection::PathRejection},
    http::StatusCode,
    response::Response,
};
use sigmapol_core::json::Members;

use crate::{
    body,
    error::ApiError,
    ids::RequestId,
    ingress::{self, Asked, Call},
    reply::json_response,
    report::set_headers,
    state::State,
};
use response::{Envelope, completion, model};
use stream::Chunks;

/// `POST /v1/chat/completions`
pub(crate) async fn chat(
    extract::State(state): extract::State<State>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Result<Response, ApiError> {
    answer(state, id, None, request).await
}

/// `POST /{profile}/v1/chat/completions`
pub(crate) async fn chat_of_profile(
    extract::State(state): extract::State<State>,
    Extension(id): Extension<RequestId>,
    profile: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, ApiError> {
    let Path(profile) =
        profile.map_err(|_| ApiError::invalid("invalid_path", "expected UTF-8 in the path"))?;
    answer(state, id, Some(&profile), request).await
}

async fn answer(
    state: State,
    id: RequestId,
    profile: Option<&str>,
    request: Request,
) -> Result<Response, ApiError> {
    let body = body::text(request).await?;
    let members = ingress::members(&body)?;
    let asked = Asked::of(&members, profile, &state)?;
    let include_usage = include_usage(&members)?;
    drop(body);
    let stream = asked.stream;
    let mut envelope = Envelope::new(&id);
    let (call, run) = Call::begin(state, id, asked).await?;
    if stream {
        return ingress::stream(call, run, Chunks { envelope, include_usage }).await;
    }
    let (outcome, report) = call.answer(run).await?;
    envelope.model = model(&outcome).unwrap_or_default();
    let body = completion(&envelope, &outcome, report.clone());
    let mut response = json_response(StatusCode::OK, &body);
    set_headers(response.headers_mut(), &report);
    Ok(response)
}

/// Whether a stream ends with a frame of usage.
fn include_usage(members: &Members<'_>) -> Result<bool, ApiError> {
    let options = members.get("stream_options").filter(|text| *text != "null");
    let options: Option<Members<'_>> = ingress::read(options, "stream_options")?;
    Ok(options.is_some_and(|own| own.get("include_usage") == Some("true")))
}
