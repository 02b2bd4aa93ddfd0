//! `POST /v1/messages`: Anthropic's API, as far as clients and agents use it.

mod answer;
mod blocks;
mod estimate;
mod events;
mod notes;
mod open;
mod request;
mod shape;
mod text;
mod tools;
mod translate;
mod turns;

use axum::{
    Extension,
    extract::{self, Path, Request, rejection::PathRejection},
    http::StatusCode,
    response::Response,
};
use serde_json::json;

use crate::{
    body,
    error::ApiError,
    ids::RequestId,
    ingress::{self, Call},
    reply::{json_response, json_text_response},
    report::set_headers,
    state::State,
};
use events::Events;
use request::MessagesRequest;
pub(crate) use shape::{is_of_anthropic, shape};

/// `POST /v1/messages`
pub(crate) async fn messages(
    extract::State(state): extract::State<State>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Result<Response, ApiError> {
    answer(state, id, None, request).await
}

/// `POST /{profile}/v1/messages`
pub(crate) async fn messages_of_profile(
    extract::State(state): extract::State<State>,
    Extension(id): Extension<RequestId>,
    profile: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, ApiError> {
    let Path(profile) =
        profile.map_err(|_| ApiError::invalid("invalid_path", "expected UTF-8 in the path"))?;
    answer(state, id, Some(&profile), request).await
}

/// `POST /v1/messages/count_tokens`: an estimate, for which nobody is asked.
pub(crate) async fn count_tokens(request: Request) -> Result<Response, ApiError> {
    let body = body::text(request).await?;
    let members = ingress::members(&body)?;
    request::check_messages(&members)?;
    let counted = json!({"input_tokens": estimate::tokens(&members)});
    Ok(json_response(StatusCode::OK, &counted))
}

async fn answer(
    state: State,
    id: RequestId,
    profile: Option<&str>,
    request: Request,
) -> Result<Response, ApiError> {
    let headers = request.headers().clone();
    let body = body::text(request).await?;
    let MessagesRequest { asked, envelope } =
        MessagesRequest::read(&body, &headers, profile, &id, &state)?;
    drop(body);
    let stream = asked.stream;
    let (call, run) = Call::begin(state, id, asked).await?;
    if stream {
        return ingress::stream(call, run, Events::new(envelope)).await;
    }
    let (outcome, report) = call.answer(run).await?;
    let message = envelope.message(&outcome, &report);
    let mut response = json_text_response(StatusCode::OK, message);
    set_headers(response.headers_mut(), &report);
    Ok(response)
}
