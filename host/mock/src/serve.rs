//! The server of the mock.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use http_body_util::{BodyExt as _, Limited};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinSet};

use super::{
    OnRequest, Received, lock,
    reply::{Body, problem, reply},
    script::Script,
    shape::Shape,
};

/// The requests that are kept: whoever looks at them has sent fewer.
const KEPT: usize = 10_000;

/// The most bytes of a request. No provider takes so many.
const BODY_BYTES: usize = 64 << 20;

/// What the connections share.
pub(super) struct State {
    script: Script,
    taken: Mutex<BTreeMap<String, usize>>,
    pub(super) received: Mutex<VecDeque<Received>>,
    on_request: OnRequest,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("script", &self.script).finish_non_exhaustive()
    }
}

impl State {
    pub(super) fn new(script: Script, on_request: OnRequest) -> Self {
        Self { script, taken: Mutex::default(), received: Mutex::default(), on_request }
    }

    /// How many steps of a route were taken before this one.
    fn take(&self, route: &str) -> usize {
        let mut taken = lock(&self.taken);
        let count = taken.entry(route.to_owned()).or_default();
        *count += 1;
        *count - 1
    }

    fn keep(&self, received: Received) {
        let mut kept = lock(&self.received);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(received);
    }

    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let headers = request.headers().iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        let headers = headers.collect();
        let Some((route, shape)) = Shape::of(request.uri().path()) else {
            (self.on_request)(None, format!("{path} → 404"));
            return Ok(problem("expected the path of a dialect"));
        };
        let body = Limited::new(request.into_body(), BODY_BYTES).collect().await;
        let body = body.map_err(io::Error::other)?.to_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        let body = serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.clone()));
        let stream = shape.streams(&body);
        let taken = self.take(&route);
        let dialect = shape.name();
        let received = Received { route: route.clone(), dialect, path, headers, body, text };
        self.keep(received.clone());
        let tell = |what: &str| {
            (self.on_request)(Some(&received), format!("{route} {dialect} → {what}"));
        };
        let Some(step) = self.script.step(&route, taken) else {
            tell("404");
            return Ok(problem(&format!("the script has no route {route}")));
        };
        if step.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(step.delay_ms)).await;
        }
        match reply(step, shape, &received.body, stream) {
            Some(response) => {
                tell(response.status().as_str());
                Ok(response)
            }
            None => {
                tell("dropped");
                Err(io::Error::other("scripted drop"))
            }
        }
    }
}

/// Serves until it is aborted, and its connections with it.
pub(super) async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // a client that is gone again is no concern of the others
                let Ok((socket, _)) = accepted else { continue };
                // pieces go out one by one, and none waits for the answer to another
                let _ = socket.set_nodelay(true);
                let state = Arc::clone(&state);
                connections.spawn(async move {
                    let service = service_fn(|request| state.answer(request));
                    // an error is the client's going, or a scripted break
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}
