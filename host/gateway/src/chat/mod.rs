//! `POST /v1/chat/completions`

mod response;
mod stream;

use axum::{
    Extension,
    extract::{self, Request},
    http::StatusCode,
    response::Response,
};
use sigmapol_core::json::Members;

use crate::{
    body,
    caller::Caller,
    error::ApiError,
    ids::RequestId,
    ingress::{self, Asked, Call, OfPath},
    reply::json_response,
    report::{model, set_headers},
    state::State,
};
use response::{Envelope, completion};
use stream::Chunks;

/// `POST /v1/chat/completions`, and under the name of a profile.
pub(crate) async fn chat(
    extract::State(state): extract::State<State>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    path: OfPath,
    request: Request,
) -> Result<Response, ApiError> {
    let profile = ingress::profile(path)?;
    let body = body::text(request).await?;
    let members = ingress::members(&body)?;
    let asked = Asked::of(&members, profile.as_deref(), &state, &caller)?;
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
