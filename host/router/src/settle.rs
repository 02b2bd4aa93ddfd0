//! What a run does between two wishes that are for its driver: it keeps to the deadline, does not wait
//! where another candidate is ready, and calls no model that is known not to be there.

use sigmapol_core::{Effect, json::quote};
use sigmapol_provider::{Answer, CallError, Calling, ErrorKind};

use super::{
    RouterError, Run,
    blame::{self, Kept},
    candidate::Ordered,
    deadline,
};

/// Why a candidate is left: the wait that it asks for is too long, or it is known not to be there.
const WAIT: &str = "wait";
const CLOSED: &str = "model_closed";

impl Run {
    /// What a call comes to; it is given up where the deadline comes first, whatever the adapter
    /// thinks of its limits.
    pub(super) async fn in_time(&self, call: Calling<'_>) -> Result<Answer, CallError> {
        let Some(deadline) = self.deadline else { return call.await };
        let end = self.router.clock().sleep_until(deadline);
        deadline::before(call, end).await.unwrap_or_else(|| {
            Err(CallError {
                kind: ErrorKind::Timeout,
                http_status: None,
                message: "the deadline of the run".to_owned(),
                retry_after_ms: None,
            })
        })
    }

    pub(super) fn is_overdue(&self) -> bool {
        self.deadline.is_some_and(|deadline| self.router.clock().now_ms() >= deadline)
    }

    /// Goes on as long as what the run wants is not for its driver: a wait that a ready candidate
    /// makes pointless or the deadline forbids, a call of a model that is known not to be there.
    /// The engine's run ends, and each turn here takes it further on.
    pub(super) fn settle(&mut self) -> Result<(), RouterError> {
        loop {
            match &self.effect {
                Effect::Done(_) => return Ok(()),
                _ if self.is_overdue() => self.give_up(deadline::ERROR)?,
                Effect::Wait(until_ms) => {
                    let wait_ms = until_ms - self.router.clock().now_ms();
                    let overdue = self.deadline.is_some_and(|deadline| *until_ms >= deadline);
                    let long = wait_ms > self.router.settings().fallback_wait_ms;
                    if (overdue || long) && self.leave_for_another()? {
                        continue;
                    }
                    if !overdue {
                        return Ok(());
                    }
                    self.give_up(deadline::ERROR)?;
                }
                Effect::Call(request) => {
                    let request = Ordered::read(&self.state)?.address(request)?;
                    let asked: blame::Asked = serde_json::from_str(&request).unwrap_or_default();
                    let (provider, model) = (&asked.provider_id, &asked.served_model_id);
                    match self.router.closed_until(provider, model) {
                        Some(until_ms) => self.pass_over(&asked, until_ms)?,
                        None => {
                            self.complete(&request);
                            return Ok(());
                        }
                    }
                }
            }
        }
    }

    /// Goes on with the next candidate in place of a wait, if there is one that can be called.
    fn leave_for_another(&mut self) -> Result<bool, RouterError> {
        if !Ordered::read(&self.state)?.has_next() {
            return Ok(false);
        }
        let is_open = |effect: &Effect| match effect {
            Effect::Call(request) => {
                let asked: blame::Asked = serde_json::from_str(request).unwrap_or_default();
                self.router.closed_until(&asked.provider_id, &asked.served_model_id).is_none()
            }
            _ => false,
        };
        let members = [("reason", &*quote(WAIT))];
        let turn = self.router.step_if(&self.state, "skip", &members, is_open)?;
        let left = turn.is_some();
        turn.into_iter().for_each(|turn| self.take(turn));
        Ok(left)
    }

    /// Answers in place of a model that is known not to be there: the policy hears of it as of any
    /// other failure, but for a retry.
    fn pass_over(&mut self, asked: &blame::Asked, until_ms: f64) -> Result<(), RouterError> {
        let (provider, model) = (&asked.provider_id, &asked.served_model_id);
        let left = ((until_ms - self.router.clock().now_ms()) / 1e3).ceil();
        let message = format!(
            "not asked: {provider} had no model {model}, which is closed until {until_ms} ms, for \
             {left} s more"
        );
        let kind = ErrorKind::ModelUnavailable;
        let error = CallError { kind, http_status: None, message, retry_after_ms: None };
        self.tell(&Err(error), |before, after| {
            blame::take_back(before, &after, provider, Kept::Breaker)
        })?;
        let again = match &self.effect {
            Effect::Call(request) => {
                let next: blame::Asked = serde_json::from_str(request).unwrap_or_default();
                next.provider_id == *provider && next.served_model_id == *model
            }
            Effect::Wait(_) => true,
            Effect::Done(_) => false,
        };
        if again { self.step("skip", &[("reason", &quote(CLOSED))]) } else { Ok(()) }
    }

    /// A call has what the client said, and no more time than the run; the engine gave the rest.
    fn complete(&mut self, request: &str) {
        let request = self.payload.join(request, |family| self.router.reasons(family));
        let left = self.deadline.map(|deadline| deadline - self.router.clock().now_ms());
        self.effect = Effect::Call(match left {
            Some(left) => deadline::cut(&request, left),
            None => request,
        });
    }
}
