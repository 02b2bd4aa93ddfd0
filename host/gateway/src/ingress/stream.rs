//! A run as a stream of server-sent events.
//!
//! The run goes on in a task of its own. It does not wait for a slow client: the provider would be
//! blamed for the time. What a client leaves unread has a bound, and a client that leaves ends its run.

use std::{
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
use serde_json::Value;
use sigmapol_provider::Delta;
use sigmapol_router::{Outcome, RouterError, Run};
use tokio::{
    sync::{
        Notify,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
    task::JoinHandle,
    time::timeout,
};

use super::Call;
use crate::{
    error::{ApiError, ROUTER},
    limits::{IDLE_TIME, UNREAD_BYTES},
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

/// What a run tells while it goes on.
enum Told {
    Calling(Answering),
    Delta(Owned),
    End(Box<Result<Outcome, RouterError>>),
}

/// A [`Delta`] that outlives its call.
enum Owned {
    Text(String),
    Reasoning(String),
    Signature(String),
    Redacted(String),
    Call { index: usize, id: String, name: String },
    Extra { index: usize, content: Value },
    Arguments { index: usize, text: String },
}

impl Owned {
    /// `None` for what this gateway has no word for.
    fn of(delta: Delta<'_>) -> Option<Self> {
        Some(match delta {
            _ if delta.is_empty() => return None,
            Delta::Text(text) => Self::Text(text.to_owned()),
            Delta::Reasoning(text) => Self::Reasoning(text.to_owned()),
            Delta::Signature(text) => Self::Signature(text.to_owned()),
            Delta::Redacted(text) => Self::Redacted(text.to_owned()),
            Delta::Call { index, id, name } => {
                Self::Call { index, id: id.to_owned(), name: name.to_owned() }
            }
            Delta::Extra { index, content } => Self::Extra { index, content: content.clone() },
            Delta::Arguments { index, text } => Self::Arguments { index, text: text.to_owned() },
            _ => return None,
        })
    }

    fn get(&self) -> Delta<'_> {
        match self {
            Self::Text(text) => Delta::Text(text),
            Self::Reasoning(text) => Delta::Reasoning(text),
            Self::Signature(text) => Delta::Signature(text),
            Self::Redacted(text) => Delta::Redacted(text),
            Self::Call { index, id, name } => Delta::Call { index: *index, id, name },
            Self::Extra { index, content } => Delta::Extra { index: *index, content },
            Self::Arguments { index, text } => Delta::Arguments { index: *index, text },
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Text(text)
            | Self::Reasoning(text)
            | Self::Signature(text)
            | Self::Redacted(text)
            | Self::Arguments { text, .. } => text.len(),
            Self::Call { id, name, .. } => id.len() + name.len(),
            Self::Extra { content, .. } => content.to_string().len(),
        }
    }
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
        if let Some(Told::Delta(delta)) = &told {
            self.unread.fetch_sub(delta.bytes(), Ordering::Relaxed);
        }
        told
    }
}

/// Drives a run, unless what it says piles up.
async fn drive(run: Run, told: UnboundedSender<Told>, unread: Arc<AtomicUsize>, state: State) {
    let full = Notify::new();
    // a reader that is gone ends this task
    let mut on_call = |request: &str| {
        let _ = told.send(Told::Calling(serde_json::from_str(request).unwrap_or_default()));
    };
    let mut on_delta = |delta: Delta<'_>| {
        let Some(delta) = Owned::of(delta) else { return };
        let bytes = delta.bytes();
        let before = unread.fetch_add(bytes, Ordering::Relaxed);
        match before.saturating_add(bytes) > UNREAD_BYTES {
            true => full.notify_one(),
            false => drop(told.send(Told::Delta(delta))),
        }
    };
    let outcome = tokio::select! {
        biased;
        () = full.notified() => return state.metrics().cut(),
        outcome = run.stream_with(&mut on_call, &mut on_delta) => outcome,
    };
    let _ = told.send(Told::End(Box::new(outcome)));
}

/// The response, once something of the answer is there: a run that fails before has an error of its
/// own status.
pub(crate) async fn stream(
    call: Call,
    run: Run,
    mut frames: impl Frames,
) -> Result<Response, ApiError> {
    let mut running = Running::start(run, call.state.clone());
    let mut by = Answering::default();
    let mut headers = HeaderMap::new();
    let (ready, stage) = loop {
        match running.next().await {
            Some(Told::Calling(next)) => by = next,
            Some(Told::Delta(delta)) => {
                set_header(&mut headers, "x-sigmapol-provider", &by.provider_id);
                set_header(&mut headers, "x-sigmapol-model", &by.served_model_id);
                let ready = frames.start(&by) + &frames.delta(delta.get());
                break (ready, Stage::Open { running, call });
            }
            // the router tells of every answer before its end
            Some(Told::End(outcome)) => {
                let (outcome, report) = call.ended(*outcome)?;
                set_headers(&mut headers, &report);
                break (frames.start(&by) + &frames.end(&outcome, report), Stage::Over);
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
            let Ok(told) = timeout(IDLE_TIME, running.next()).await else {
                self.ready = self.frames.idle().unwrap_or_default();
                continue;
            };
            match told {
                Some(Told::Calling(_)) => {}
                Some(Told::Delta(delta)) => self.ready = self.frames.delta(delta.get()),
                Some(Told::End(outcome)) => {
                    self.ready = match call.ended(*outcome) {
                        Ok((outcome, report)) => self.frames.end(&outcome, report),
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

/// Whatever it was, the client has a part of an answer.
fn interrupted(error: ApiError) -> ApiError {
    ApiError { kind: ROUTER, code: "stream_interrupted".to_owned(), ..error }
}
