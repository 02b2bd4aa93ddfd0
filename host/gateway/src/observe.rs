//! What is told of every request: an id, a line in the log, counts.

use std::time::Instant;

use axum::{
    body::Body,
    extract::{self, MatchedPath, Request},
    http::Method,
    middleware::Next,
    response::Response,
};
use tracing::info;

use crate::{caller::Caller, guarded::Guarded, ids::RequestId, reply::set_header, state::State};

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
    response.map(|body| Body::new(Guarded::new(body, open)))
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
