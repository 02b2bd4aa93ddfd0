//! `POST /v1/chat/completions`

mod request;
mod response;
mod stream;

use std::time::{SystemTime, UNIX_EPOCH};

use axum::{
    Extension,
    extract::{self, Path, Request, rejection::PathRejection},
    http::StatusCode,
    response::Response,
};
use serde_json::Value;
use sigmapol_router::{Outcome, RouterError};
use tracing::{error, info};

use crate::{
    body,
    caller::Caller,
    error::ApiError,
    failure,
    ids::RequestId,
    reply::json_response,
    report::{set_headers, x_router},
    state::State,
};
use request::ChatRequest;
use response::{Envelope, completion, model};

/// `POST /v1/chat/completions`
pub(crate) async fn chat(
    extract::State(state): extract::State<State>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, ApiError> {
    answer(state, id, &caller, None, request).await
}

/// `POST /{profile}/v1/chat/completions`
pub(crate) async fn chat_of_profile(
    extract::State(state): extract::State<State>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    profile: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, ApiError> {
    let Path(profile) =
        profile.map_err(|_| ApiError::invalid("invalid_path", "expected UTF-8 in the path"))?;
    answer(state, id, &caller, Some(&profile), request).await
}

async fn answer(
    state: State,
    id: RequestId,
    caller: &Caller,
    profile: Option<&str>,
    request: Request,
) -> Result<Response, ApiError> {
    let body = body::text(request).await?;
    let request = ChatRequest::read(&body, profile, &state, caller)?;
    drop(body);
    let mut call = Call::new(state, id, request);
    let contract = std::mem::take(&mut call.request.contract);
    let run = call.state.router().begin(contract).await;
    let run = run.map_err(|error| call.failed(&error))?;
    if call.request.stream {
        return stream::answer(call, run).await;
    }
    let outcome = run.answer().await.map_err(|error| call.failed(&error))?;
    let report = call.ended(&outcome)?;
    let envelope = call.envelope(model(&outcome));
    let mut response =
        json_response(StatusCode::OK, &completion(&envelope, &outcome, report.clone()));
    set_headers(response.headers_mut(), &report);
    Ok(response)
}

/// A request under way.
struct Call {
    state: State,
    id: RequestId,
    created: u64,
    request: ChatRequest,
}

impl Call {
    fn new(state: State, id: RequestId, request: ChatRequest) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { state, id, created: since.as_secs(), request }
    }

    fn envelope(&self, model: Option<String>) -> Envelope {
        let id = format!("chatcmpl-{}", self.id.as_str());
        Envelope { id, created: self.created, model: model.unwrap_or_default() }
    }

    /// What is told of a run that has an answer; the error of one that has none.
    fn ended(&self, outcome: &Outcome) -> Result<Value, ApiError> {
        self.log(outcome);
        let ChatRequest { ignored, has_policy, .. } = &self.request;
        if outcome.ok {
            return Ok(x_router(outcome, ignored));
        }
        Err(failure::of_outcome(outcome, ignored, *has_policy, self.state.has_envelope()))
    }

    fn failed(&self, why: &RouterError) -> ApiError {
        error!(request = self.id.as_str(), code = why.code(), error = %why, "run failed");
        failure::of_router(why, self.request.has_policy)
    }

    /// One line of a run: who was called and what came of it, and nothing that was said.
    fn log(&self, outcome: &Outcome) {
        let of = |value: Option<&Value>, key: &str| {
            value.and_then(|value| value.get(key)?.as_str()).unwrap_or_default().to_owned()
        };
        let path = outcome.trace.get("decision_path").and_then(Value::as_array);
        info!(
            request = self.id.as_str(),
            provider = of(outcome.chosen.as_ref(), "provider_id"),
            model = of(outcome.chosen.as_ref(), "served_model_id"),
            policy = of(Some(&outcome.trace), "policy_identity"),
            hops = path.map_or(0, Vec::len),
            error = outcome.error.as_deref().unwrap_or_default(),
            "run ended"
        );
    }
}
