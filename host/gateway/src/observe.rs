//! What is told of every request: an id, a line in the log, counts.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{self, MatchedPath, Request},
    http::Method,
    middleware::Next,
    response::Response,
};
use hyper::body::{Frame, SizeHint};
use tracing::info;

use crate::{caller::Caller, ids::RequestId, reply::set_header, state::State};

/// Of a path that no route has.
const OTHER: &str = "other";

/// Gives a request its id, and counts it from its head to the end of its response.
pub(crate) async fn observe(
    extract::State(state): extract::State<State>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = RequestId::new();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or_else(|| OTHER.to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    request.extensions_mut().insert(id.clone());
    let mut open = Open::new(state, id, method, route);
    let mut response = next.run(request).await;
    open.status = response.status().as_u16();
    open.caller = response.extensions_mut().remove::<Caller>();
    set_header(response.headers_mut(), "x-request-id", open.id.as_str());
    set_header(response.headers_mut(), "x-sigmapol-decision", open.id.as_str());
    response.map(|body| Body::new(Observed { body, _open: open }))
}

/// A request until it is dropped. Its status stays 499, as nginx has it, where the client leaves before
/// there is a response.
struct Open {
    state: State,
    id: RequestId,
    method: Method,
    route: String,
    began: Instant,
    status: u16,
    /// Once it is known.
    caller: Option<Caller>,
}

impl Open {
    fn new(state: State, id: RequestId, method: Method, route: String) -> Self {
        state.metrics().began();
        Self { state, id, method, route, began: Instant::now(), status: 499, caller: None }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        self.state.metrics().ended(&self.route, self.status, took);
        info!(
            request = self.id.as_str(),
            method = self.method.as_str(),
            route = self.route,
            caller = self.caller.as_ref().map_or("", Caller::name),
            status = self.status,
            ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "request"
        );
    }
}

/// A body, and the request that it ends.
struct Observed {
    body: Body,
    /// It ends when this is dropped.
    _open: Open,
}

impl HttpBody for Observed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
