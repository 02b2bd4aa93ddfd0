//! A chat completion as a stream of server-sent events.
//!
//! Text goes out as the provider sends it. Calls of tools, which providers pass on when they are
//! whole, and what is known at the end are frames before the last one.

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use sigmapol_router::{Outcome, RouterError, Run};
use tokio::{
    sync::{
        Notify,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
    task::JoinHandle,
};

use super::{
    Call,
    response::{Envelope, beside, finish_reason, put, tool_calls, usage},
};
use crate::{
    error::{ApiError, ROUTER},
    limits::UNREAD_BYTES,
    reply::set_header,
    report::set_headers,
    state::State,
};

const CHUNK: &str = "chat.completion.chunk";

/// After the last frame.
const DONE: &str = "data: [DONE]\n\n";

/// What a run tells while it goes on.
enum Told {
    Calling(Asked),
    Text(String),
    End(Box<Result<Outcome, RouterError>>),
}

/// Of a request to a provider, who is asked.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    provider_id: String,
    #[serde(default)]
    served_model_id: String,
}

/// A run on a task of its own, which ends with this.
struct Running {
    told: UnboundedReceiver<Told>,
    unread: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Running {
    fn start(run: Run, state: State) -> Self {
        let (sender, told) = unbounded_channel();
        let unread = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn(drive(run, sender, Arc::clone(&unread), state));
        Self { told, unread, task }
    }

    /// The next thing that is told; `None` if the client was too slow.
    async fn next(&mut self) -> Option<Told> {
        let told = self.told.recv().await;
        if let Some(Told::Text(text)) = &told {
            self.unread.fetch_sub(text.len(), Ordering::Relaxed);
        }
        told
    }
}

/// Drives a run, unless what it says piles up. It does not wait for a slow client: the provider would
/// be blamed for the time.
async fn drive(run: Run, told: UnboundedSender<Told>, unread: Arc<AtomicUsize>, state: State) {
    let full = Notify::new();
    // a reader that is gone ends this task
    let mut on_call = |request: &str| {
        let _ = told.send(Told::Calling(serde_json::from_str(request).unwrap_or_default()));
    };
    let mut on_text = |text: &str| {
        let before = unread.fetch_add(text.len(), Ordering::Relaxed);
        match before.saturating_add(text.len()) > UNREAD_BYTES {
            true => full.notify_one(),
            false => drop(told.send(Told::Text(text.to_owned()))),
        }
    };
    let outcome = tokio::select! {
        biased;
        () = full.notified() => return state.metrics().cut(),
        outcome = run.stream_with(&mut on_call, &mut on_text) => outcome,
    };
    let _ = told.send(Told::End(Box::new(outcome)));
}

/// The response, once something of the answer is there: a run that fails before has an error of
/// its own status.
pub(super) async fn answer(call: Call, run: Run) -> Result<Response, ApiError> {
    let mut running = Running::start(run, call.state.clone());
    let mut asked = Asked::default();
    let mut frames = VecDeque::new();
    let mut headers = HeaderMap::new();
    let stage = loop {
        match running.next().await {
            Some(Told::Calling(next)) => asked = next,
            Some(Told::Text(text)) => {
                set_header(&mut headers, "x-sigmapol-provider", &asked.provider_id);
                set_header(&mut headers, "x-sigmapol-model", &asked.served_model_id);
                let envelope = call.envelope(Some(asked.served_model_id));
                frames.push_back(role(&envelope));
                frames.push_back(content(&envelope, &text));
                break Stage::Open { running, envelope, call };
            }
            Some(Told::End(outcome)) => {
                let outcome = (*outcome).map_err(|error| call.failed(&error))?;
                let report = call.ended(&outcome)?;
                set_headers(&mut headers, &report);
                let envelope = call.envelope(Some(asked.served_model_id));
                frames.push_back(role(&envelope));
                frames.extend(last(&envelope, &outcome, report, call.request.include_usage));
                break Stage::Over;
            }
            None => return Err(ApiError::internal()),
        }
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let frames = stream::unfold(Frames { ready: frames, stage }, Frames::next);
    let mut response = Response::new(Body::from_stream(frames));
    *response.headers_mut() = headers;
    Ok(response)
}

/// Frames that are ready, and where more come from.
struct Frames {
    ready: VecDeque<String>,
    stage: Stage,
}

enum Stage {
    Open { running: Running, envelope: Envelope, call: Call },
    Over,
}

impl Frames {
    /// The next frame. An error breaks the connection off, so that no client takes what it has for all
    /// there is.
    async fn next(mut self) -> Option<(io::Result<Bytes>, Self)> {
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Some((Ok(Bytes::from(frame)), self));
            }
            let Stage::Open { running, envelope, call } = &mut self.stage else { return None };
            match running.next().await {
                Some(Told::Calling(_)) => {}
                Some(Told::Text(text)) => self.ready.push_back(content(envelope, &text)),
                Some(Told::End(outcome)) => {
                    self.ready.extend(end(call, envelope, &outcome));
                    self.stage = Stage::Over;
                }
                None => {
                    self.stage = Stage::Over;
                    return Some((Err(io::Error::other("the client is too slow")), self));
                }
            }
        }
    }
}

/// The frames after the text.
fn end(call: &Call, envelope: &Envelope, outcome: &Result<Outcome, RouterError>) -> Vec<String> {
    let ended = match outcome {
        Ok(outcome) => call.ended(outcome).map(|report| (outcome, report)),
        Err(error) => Err(call.failed(error)),
    };
    match ended {
        Ok((outcome, report)) => last(envelope, outcome, report, call.request.include_usage),
        Err(error) => broken(envelope, error),
    }
}

fn last(envelope: &Envelope, outcome: &Outcome, report: Value, include_usage: bool) -> Vec<String> {
    let answer = outcome.answer.as_ref().unwrap_or(&Value::Null);
    let mut frames = Vec::new();
    for (index, mut call) in tool_calls(answer, &envelope.id).into_iter().enumerate() {
        put(&mut call, "index", Some(json!(index)));
        frames.push(delta(envelope, json!({"tool_calls": [call]})));
    }
    let mut choice =
        json!({"index": 0, "delta": beside(answer), "finish_reason": finish_reason(answer)});
    put(&mut choice, "logprobs", answer.get("logprobs").cloned());
    let mut finish = envelope.with(CHUNK, json!([choice]));
    put(&mut finish, "x_router", Some(report));
    frames.push(frame(&finish));
    if include_usage {
        let mut counted = envelope.with(CHUNK, json!([]));
        put(&mut counted, "usage", Some(usage(answer).unwrap_or_default()));
        frames.push(frame(&counted));
    }
    frames.push(DONE.to_owned());
    frames
}

/// A stream that ends before its answer: a client that looks at finish reasons learns of it, and so
/// does one that looks at errors.
fn broken(envelope: &Envelope, error: ApiError) -> Vec<String> {
    let choice = json!({"index": 0, "delta": {}, "finish_reason": "error"});
    let mut finish = envelope.with(CHUNK, json!([choice]));
    let interrupted = ApiError { kind: ROUTER, code: "stream_interrupted".to_owned(), ..error };
    let body = json!({"error": interrupted.error()});
    put(&mut finish, "x_router", interrupted.report.map(|report| *report));
    vec![frame(&finish), frame(&body), DONE.to_owned()]
}

fn role(envelope: &Envelope) -> String {
    delta(envelope, json!({"role": "assistant", "content": ""}))
}

fn content(envelope: &Envelope, text: &str) -> String {
    delta(envelope, json!({"content": text}))
}

fn delta(envelope: &Envelope, delta: Value) -> String {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": null});
    frame(&envelope.with(CHUNK, json!([choice])))
}

/// One event; JSON has no line ends of its own.
fn frame(body: &Value) -> String {
    format!("data: {body}\n\n")
}
