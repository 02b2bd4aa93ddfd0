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
    extract::{self, Request},
    http::StatusCode,
    response::Response,
};
use serde_json::json;

use crate::{
    body,
    caller::Caller,
    error::ApiError,
    ids::RequestId,
    ingress::{self, Call, OfPath},
    reply::{json_response, json_text_response},
    report::set_headers,
    state::State,
};
use events::Events;
use request::MessagesRequest;
pub(crate) use shape::{is_of_anthropic, shape};

/// `POST /v1/messages/count_tokens`: an estimate, for which nobody is asked.
pub(crate) async fn count_tokens(request: Request) -> Result<Response, ApiError> {
    let body = body::text(request).await?;
    let members = ingress::members(&body)?;
    request::check_messages(&members)?;
    let counted = json!({"input_tokens": estimate::tokens(&members)});
    Ok(json_response(StatusCode::OK, &counted))
}

/// `POST /v1/messages`, and under the name of a profile.
pub(crate) async fn messages(
    extract::State(state): extract::State<State>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    path: OfPath,
    request: Request,
) -> Result<Response, ApiError> {
    let profile = ingress::profile(path)?;
    let headers = request.headers().clone();
    let body = body::text(request).await?;
    let MessagesRequest { asked, envelope } =
        MessagesRequest::read(&body, &headers, profile.as_deref(), &id, &state, &caller)?;
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
