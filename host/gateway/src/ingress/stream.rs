//! A run as a stream of server-sent events.
//!
//! The run goes on in a task of its own. It does not wait for a slow client: the provider would be
//! blamed for the time. What a client leaves unread has a bound, and a client that leaves ends its run.

use std::io;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use futures_util::stream;
use serde::Deserialize;
use serde_json::Value;
use sigmapol_provider::Delta;
use sigmapol_router::Outcome;
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

use super::{
    Call,
    flow::{self, is_of_flow},
    piece::Piece,
    queue::{Receiver, Sender, Told, queue},
    work::Work,
};
use crate::{
    error::{ApiError, ROUTER},
    limits::{FLOW_SILENCE, IDLE_TIME},
    reply::set_header,
    report::set_headers,
    state::State,
};

/// What an answer looks like as a stream. Each of these gives the text of some events, to their blank
/// lines, or nothing.
pub(crate) trait Frames: Send + 'static {
    /// The answer begins; something of it follows at once.
    fn start(&mut self, by: &Answering) -> String;

    /// A piece of the answer.
    fn delta(&mut self, delta: Delta<'_>) -> String;

    /// The answer is whole, and all of it has been told; `report` is `x_router`.
    fn end(&mut self, outcome: &Outcome, report: Value) -> String;

    /// The answer breaks off.
    fn broken(&mut self, error: ApiError) -> String;

    /// What is sent when nothing else has been for [`IDLE_TIME`].
    fn idle(&self) -> Option<String> {
        None
    }
}

/// Who is asked.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Answering {
    pub(crate) provider_id: String,
    /// The provider's own name of the model.
    #[serde(default)]
    pub(crate) served_model_id: String,
}

impl Answering {
    fn set_headers(&self, headers: &mut HeaderMap) {
        set_header(headers, "x-sigmapol-provider", &self.provider_id);
        set_header(headers, "x-sigmapol-model", &self.served_model_id);
    }
}

/// A run on a task of its own, which ends with this.
struct Running {
    told: Receiver,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Running {
    fn start(work: Work, state: State) -> Self {
        let (sender, told) = queue();
        let task = tokio::spawn(drive(work, sender, state));
        Self { told, task }
    }
}

/// Drives a run, unless what it says piles up.
async fn drive(work: Work, told: Sender, state: State) {
    let full = Notify::new();
    let tell = |news: Told| {
        if !told.send(news) {
            full.notify_one();
        }
    };
    let mut on_call = |request: &str| {
        tell(Told::Calling(serde_json::from_str(request).unwrap_or_default()));
    };
    let mut on_delta = |delta: Delta<'_>| {
        if let Some(piece) = Piece::of(delta) {
            tell(Told::Piece(piece));
        }
    };
    let outcome = tokio::select! {
        biased;
        () = full.notified() => return state.metrics().cut(),
        outcome = work.stream_with(&mut on_call, &mut on_delta) => outcome,
    };
    if !told.send(Told::End(Box::new(outcome))) {
        state.metrics().cut();
    }
}

/// The response, once something of the answer is there: a run that fails before has an error of its
/// own status. So has a flow that fails soon; later it has begun, and says nothing before its end.
pub(crate) async fn stream(
    call: Call,
    work: Work,
    mut frames: impl Frames,
) -> Result<Response, ApiError> {
    let is_flow = work.is_flow();
    let mut by = if is_flow { flow::answering() } else { Answering::default() };
    let running = Running::start(work, call.state.clone());
    let soon = Instant::now() + FLOW_SILENCE;
    let mut headers = HeaderMap::new();
    let (ready, stage) = loop {
        let told = match is_flow {
            true => timeout_at(soon, running.told.next()).await,
            false => Ok(running.told.next().await),
        };
        let Ok(told) = told else {
            by.set_headers(&mut headers);
            break (frames.start(&by), Stage::Open { running, call });
        };
        match told {
            Some(Told::Calling(next)) => by = next,
            Some(Told::Piece(piece)) => {
                by.set_headers(&mut headers);
                let ready = frames.start(&by) + &frames.delta(piece.delta());
                break (ready, Stage::Open { running, call });
            }
            // the router tells of every answer before its end
            Some(Told::End(outcome)) => {
                let (outcome, report) = call.ended(*outcome)?;
                set_headers(&mut headers, &report);
                let ready = frames.start(&by) + &last(&outcome, report, &mut frames);
                break (ready, Stage::Over);
            }
            None => return Err(ApiError::internal()),
        }
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let body = stream::unfold(Sending { ready, frames, stage }, Sending::next);
    let mut response = Response::new(Body::from_stream(body));
    *response.headers_mut() = headers;
    Ok(response)
}

/// Events that are ready, and where more come from.
struct Sending<F> {
    ready: String,
    frames: F,
    stage: Stage,
}

enum Stage {
    Open { running: Running, call: Call },
    Over,
}

impl<F: Frames> Sending<F> {
    /// The next events. An error breaks the connection off, so that no client takes what it has for
    /// all there is.
    async fn next(mut self) -> Option<(io::Result<Bytes>, Self)> {
        while self.ready.is_empty() {
            let Stage::Open { running, call } = &mut self.stage else { return None };
            let Ok(told) = timeout(IDLE_TIME, running.told.next()).await else {
                self.ready = self.frames.idle().unwrap_or_default();
                continue;
            };
            match told {
                Some(Told::Calling(_)) => {}
                Some(Told::Piece(piece)) => self.ready = self.frames.delta(piece.delta()),
                Some(Told::End(outcome)) => {
                    self.ready = match call.ended(*outcome) {
                        Ok((outcome, report)) => last(&outcome, report, &mut self.frames),
                        Err(error) => self.frames.broken(interrupted(error)),
                    };
                    self.stage = Stage::Over;
                }
                None => {
                    self.stage = Stage::Over;
                    return Some((Err(io::Error::other("the client is too slow")), self));
                }
            }
        }
        Some((Ok(Bytes::from(std::mem::take(&mut self.ready))), self))
    }
}

/// What is told at the end.
fn last(outcome: &Outcome, report: Value, frames: &mut impl Frames) -> String {
    let told = if is_of_flow(outcome) { flow::tell(outcome, frames) } else { String::new() };
    told + &frames.end(outcome, report)
}

/// Whatever it was, the client has a part of an answer; of a flow it has none.
fn interrupted(error: ApiError) -> ApiError {
    let is_of_flow = |report: &Value| report.pointer("/decision_trace/flow_nodes").is_some();
    if error.report.as_deref().is_some_and(is_of_flow) {
        return error;
    }
    ApiError { kind: ROUTER, code: "stream_interrupted".to_owned(), ..error }
}
