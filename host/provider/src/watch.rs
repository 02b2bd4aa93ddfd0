//! The time that a call may take.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, timeout_at};

use super::{CallError, ErrorKind, request::Request};

/// The limits of one call, from its beginning.
#[derive(Debug)]
pub(super) struct Watch {
    start: Instant,
    whole: Option<u64>,
    /// Until something of the answer has come.
    first: Option<u64>,
}

impl Watch {
    /// Only a streamed answer has a first text.
    pub(super) fn new(request: &Request, stream: bool) -> Self {
        let first = request.first_token_timeout_ms.filter(|_| stream);
        Self { start: Instant::now(), whole: request.timeout_ms, first }
    }

    /// The answer has begun.
    pub(super) const fn begun(&mut self) {
        self.first = None;
    }

    /// Waits no longer than the call may take.
    pub(super) async fn wait<T>(&self, what: impl Future<Output = T>) -> Result<T, CallError> {
        let whole = self.whole.map(|limit| (limit, "no answer"));
        let first = self.first.map(|limit| (limit, "no text"));
        let Some((limit, missing)) = whole.into_iter().chain(first).min_by_key(|(limit, _)| *limit)
        else {
            return Ok(what.await);
        };
        let Some(end) = self.start.checked_add(Duration::from_millis(limit)) else {
            return Ok(what.await); // beyond what clocks count
        };
        timeout_at(end, what)
            .await
            .map_err(|_| CallError::new(ErrorKind::Timeout, format!("{missing} within {limit} ms")))
    }
}
