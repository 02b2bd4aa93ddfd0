//! The time that a call may take.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, timeout_at};

use crate::{
    CallError, ErrorKind,
    limits::{GRACE, IDLE, STREAM, WHOLE},
    request::Times,
};

/// The limits of one call, from its beginning.
///
/// An answer in one piece has one limit, `timeout_ms`. A streamed one has that until something of
/// it comes, and then for each pause: one that goes on is not cut off.
#[derive(Debug)]
pub(crate) struct Watch {
    end: Limit,
    /// What the caller gave the whole of it, if that is not over.
    asked: Option<Instant>,
    /// Until the next piece of a streamed answer.
    next: Option<Limit>,
    idle: Duration,
}

/// A point in time, and what it means to have reached it.
#[derive(Clone, Copy, Debug)]
struct Limit {
    at: Instant,
    after: Duration,
    missing: &'static str,
}

impl Watch {
    pub(crate) fn new(times: Times, stream: bool) -> Self {
        let milliseconds = |limit: Option<u64>| limit.map(Duration::from_millis);
        let whole = milliseconds(times.whole_ms);
        if !stream {
            let end = Limit::after(whole.unwrap_or(WHOLE), "no answer");
            return Self { end, asked: None, next: None, idle: IDLE };
        }
        let first = milliseconds(times.first_token_ms);
        let begin = whole.unwrap_or(WHOLE);
        let next = match first {
            Some(first) if first < begin => Limit::after(first, "no text"),
            _ => Limit::after(begin, "no answer"),
        };
        let idle = milliseconds(times.idle_ms).or(whole).unwrap_or(IDLE);
        let end = Limit::after(STREAM.max(begin), "no end of the answer");
        let asked = whole.and_then(|whole| Instant::now().checked_add(whole));
        Self { end, asked, next: Some(next), idle }
    }

    /// A piece of the answer has come.
    pub(crate) fn progress(&mut self) {
        if self.next.is_some() {
            self.next = Some(Limit::after(self.idle, "nothing more of the answer"));
        }
    }

    /// The answer is complete, and only counts of tokens may follow.
    pub(crate) fn finished(&mut self) {
        let now = Instant::now();
        let left = self.asked.and_then(|asked| asked.checked_duration_since(now));
        let left = left.filter(|left| !left.is_zero()).unwrap_or(GRACE);
        self.next = Some(Limit::after(GRACE.min(left), "no end of the stream"));
    }

    /// Waits no longer than the call may take.
    pub(crate) async fn wait<T>(&self, what: impl Future<Output = T>) -> Result<T, CallError> {
        let limit = self.limit();
        timeout_at(limit.at, what).await.map_err(|_| limit.error())
    }

    /// Refuses to go on when the time is over. What is always ready never waits.
    pub(crate) fn check(&self) -> Result<(), CallError> {
        let limit = self.limit();
        if Instant::now() < limit.at { Ok(()) } else { Err(limit.error()) }
    }

    fn limit(&self) -> Limit {
        let next = self.next.filter(|next| next.at < self.end.at);
        next.unwrap_or(self.end)
    }
}

impl Limit {
    fn after(after: Duration, missing: &'static str) -> Self {
        // beyond what clocks count is a day, and a day is longer than anybody waits
        let now = Instant::now();
        let at = now.checked_add(after).unwrap_or(now + Duration::from_hours(24));
        Self { at, after, missing }
    }

    fn error(&self) -> CallError {
        let message = format!("{} within {} ms", self.missing, self.after.as_millis());
        CallError::new(ErrorKind::Timeout, message)
    }
}
