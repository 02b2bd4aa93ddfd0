//! `POST /v1/responses`: OpenAI's Responses API. A request becomes a chat request, and an answer the
//! items of a response.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::{
    Extension,
    extract::{self, Request},
    http::StatusCode,
    response::Response,
};
use serde_json::Value;

use crate::{
    body,
    caller::Caller,
    error::ApiError,
    ids::RequestId,
    ingress::{self, Asked, Call, OfPath, Sort},
    reply::json_response,
    report::{model, set_headers},
    state::State,
};
use object::Envelope;
use output::Output;
use request::{SORTS, Translated, translate};
use stream::Events;

mod content;
mod echo;
mod input;
mod item;
mod object;
mod output;
mod part;
mod request;
mod stream;
mod tools;

#[cfg(test)]
mod tests;

/// `POST /v1/responses`, and under the name of a profile.
pub(crate) async fn responses(
    extract::State(state): extract::State<State>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    path: OfPath,
    request: Request,
) -> Result<Response, ApiError> {
    let profile = ingress::profile(path)?;
    let body = body::text(request).await?;
    let members = ingress::members(&body)?;
    Sort::check(&SORTS, &members)?;
    let Translated { chat, mut ignored, names, echo } = translate(&members)?;
    drop(body);
    let mut asked = Asked::of(&ingress::members(&chat)?, profile.as_deref(), &state, &caller)?;
    ignored.append(&mut asked.ignored);
    asked.ignored = ignored;
    let stream = asked.stream;
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut envelope = Envelope {
        id: format!("resp_{}", id.as_str()),
        created_at: since.as_secs(),
        model: String::new(),
        echo,
    };
    let mut output = Output::new(id.as_str(), names);
    let (call, run) = Call::begin(state, id, asked).await?;
    if stream {
        return ingress::stream(call, run, Events::new(envelope, output)).await;
    }
    let (outcome, report) = call.answer(run).await?;
    envelope.model = model(&outcome).unwrap_or_default();
    let answer = outcome.answer.as_ref().unwrap_or(&Value::Null);
    output.whole(answer);
    let body = envelope.ended(&output, answer, report.clone());
    let mut response = json_response(StatusCode::OK, &body);
    set_headers(response.headers_mut(), &report);
    Ok(response)
}
