//! One call, walked through its failures.

use std::sync::Arc;

use sigmapol_core::{
    Effect, Turn,
    json::{Object, quote},
};
use sigmapol_provider::{Answer, CallError, Delta, ErrorKind, OnDelta};

use super::{Outcome, Router, RouterError, blame, deadline, models, payload::Payload};

/// Why a run ends whose answer had been passed on in part.
const INTERRUPTED: &str = ErrorKind::StreamInterrupted.name();

/// Bytes of a provider's message that the engine gets to see; its trace keeps fewer.
const MESSAGE_BYTES: usize = 4096;

/// A run: what it wants next is its [`effect`](Self::effect).
///
/// [`answer`](Self::answer) and [`stream`](Self::stream) drive it to its end. Who does the calling
/// and waiting otherwise gives it what it asks for: [`respond`](Self::respond) to a call,
/// [`resume`](Self::resume) after a wait. A run that is dropped leaves nothing behind.
#[derive(Debug)]
pub struct Run {
    pub(super) router: Router,
    /// What the client said, which the engine has not seen.
    pub(super) payload: Arc<Payload>,
    /// The engine's state of the run.
    pub(super) state: String,
    pub(super) effect: Effect,
    /// When the caller gives up, by the clock of the router.
    pub(super) deadline: Option<f64>,
    /// The answer does not travel through the engine: it may hold what the engine refuses, such as
    /// `null` among the arguments of a tool, and no step gets slower by its length.
    answer: Option<Answer>,
    /// The least that a provider asked to wait.
    retry_after_ms: Option<u64>,
}

impl Run {
    pub(super) fn new(
        router: Router,
        payload: Payload,
        deadline: Option<f64>,
        turn: Turn,
    ) -> Result<Self, RouterError> {
        let Turn { run: state, effect, .. } = turn;
        let payload = Arc::new(payload);
        let mut run =
            Self { router, payload, state, effect, deadline, answer: None, retry_after_ms: None };
        run.settle()?;
        Ok(run)
    }

    /// What the run wants: a call, a wait, or nothing any more.
    pub const fn effect(&self) -> &Effect {
        &self.effect
    }

    /// Drives the run to its end, with the router's provider and clock.
    ///
    /// # Errors
    ///
    /// [`RouterError::Provider`] if the router has none; [`RouterError::Engine`] for limits and
    /// traps. A call that nobody answers is an [`Outcome`] that is not ok.
    pub async fn answer(mut self) -> Result<Outcome, RouterError> {
        self.finish().await
    }

    /// As [`answer`](Self::answer); a run whose future is dropped can still be cancelled.
    pub(super) async fn finish(&mut self) -> Result<Outcome, RouterError> {
        self.drive(&mut |_| {}, None).await
    }

    /// As [`answer`](Self::answer), and passes the answer on as it arrives; one that a provider has
    /// in one piece, when it is there.
    ///
    /// Once something has been passed on, be it reasoning, a failure is final: the rest of the answer
    /// by another model would be worse than an error. The outcome's error is the policy's own, or
    /// `stream_interrupted` where the policy would have gone on.
    ///
    /// # Errors
    ///
    /// As for [`answer`](Self::answer).
    pub async fn stream(self, on_delta: OnDelta<'_>) -> Result<Outcome, RouterError> {
        self.stream_with(&mut |_| {}, on_delta).await
    }

    /// As [`stream`](Self::stream), and tells of each call before it is made: the request, JSON, as
    /// the provider gets it. What is passed on belongs to the last call that was told of.
    ///
    /// # Errors
    ///
    /// As for [`answer`](Self::answer).
    pub async fn stream_with(
        mut self,
        on_call: &mut (dyn FnMut(&str) + Send),
        on_delta: OnDelta<'_>,
    ) -> Result<Outcome, RouterError> {
        self.drive(on_call, Some(on_delta)).await
    }

    async fn drive(
        &mut self,
        on_call: &mut (dyn FnMut(&str) + Send),
        mut on_delta: Option<OnDelta<'_>>,
    ) -> Result<Outcome, RouterError> {
        loop {
            match &self.effect {
                Effect::Done(_) => return self.outcome(),
                Effect::Wait(until_ms) => {
                    self.router.clock().sleep_until(*until_ms).await;
                    self.apart(Self::resume).await?;
                }
                Effect::Call(request) => {
                    let provider = self.router.provider()?;
                    on_call(request);
                    let mut passed = false;
                    let result = match &mut on_delta {
                        None => self.in_time(provider.call(request, None)).await,
                        Some(on_delta) => {
                            let mut pass = |delta: Delta<'_>| {
                                passed |= !delta.is_empty();
                                on_delta(delta);
                            };
                            let result =
                                self.in_time(provider.call(request, Some(&mut pass))).await;
                            if let (Ok(answer), false) = (&result, passed) {
                                answer.tell(on_delta);
                            }
                            result
                        }
                    };
                    let take = move |run: &mut Self| match result {
                        Err(error) if passed => run.interrupted(error),
                        result => run.respond(result),
                    };
                    self.apart(take).await?;
                }
            }
        }
    }

    /// A step of a run that is driven. It is made on a copy, so that a run whose future is dropped
    /// meanwhile is still there to be cancelled.
    async fn apart(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<(), RouterError> + Send + 'static,
    ) -> Result<(), RouterError> {
        let mut run = self.copy();
        *self = self.router.apart(move || step(&mut run).map(|()| run)).await?;
        Ok(())
    }

    fn copy(&self) -> Self {
        Self {
            router: self.router.clone(),
            payload: Arc::clone(&self.payload),
            state: self.state.clone(),
            effect: self.effect.clone(),
            deadline: self.deadline,
            answer: self.answer.clone(),
            retry_after_ms: self.retry_after_ms,
        }
    }

    fn interrupted(&mut self, error: CallError) -> Result<(), RouterError> {
        let message = match error.kind {
            ErrorKind::StreamInterrupted => error.message,
            kind => format!("{}: {}", kind.name(), error.message),
        };
        let kind = error.kind;
        let interrupted = CallError { kind: ErrorKind::StreamInterrupted, message, ..error };
        self.respond_to(Err(interrupted), Some(kind))?;
        self.cancel(INTERRUPTED)
    }

    /// What came of the call that the run asked for.
    ///
    /// # Errors
    ///
    /// [`RouterError::Effect`] if it did not ask for one; [`RouterError::Engine`].
    pub fn respond(&mut self, result: Result<Answer, CallError>) -> Result<(), RouterError> {
        let kind = result.as_ref().err().map(|error| error.kind);
        self.respond_to(result, kind)?;
        self.settle()
    }

    /// `kind` is that of the failure itself, whatever the engine is told. What the run wants next is
    /// not settled.
    fn respond_to(
        &mut self,
        result: Result<Answer, CallError>,
        kind: Option<ErrorKind>,
    ) -> Result<(), RouterError> {
        let Effect::Call(request) = &self.effect else {
            return Err(self.unasked("a call"));
        };
        let asked: blame::Asked = serde_json::from_str(request).unwrap_or_default();
        let (overdue, now_ms) = (self.is_overdue(), self.router.clock().now_ms());
        let kept = kind.and_then(|kind| blame::kept(kind, &asked, overdue));
        let (provider, model) = (&asked.provider_id, &asked.served_model_id);
        self.tell(&result, |before, after| {
            let after = match kept {
                Some(kept) => blame::take_back(before, &after, provider, kept),
                None => after,
            };
            match kind {
                None => models::answered(after, provider, model),
                Some(ErrorKind::ModelUnavailable) => {
                    models::missed(&after, provider, model, now_ms)
                }
                Some(_) => after,
            }
        })?;
        let failed = result.is_err();
        let asked_ms = result.as_ref().err().and_then(|error| error.retry_after_ms);
        self.retry_after_ms = self.retry_after_ms.into_iter().chain(asked_ms).min();
        self.answer = result.ok();
        match &mut self.effect {
            _ if !(failed && overdue) => Ok(()),
            // whatever the policy makes of it, this is why the run has ended
            Effect::Done(done) => {
                *done = deadline::name(done);
                Ok(())
            }
            _ => self.give_up(deadline::ERROR),
        }
    }

    /// Tells the engine of a result; `mend` makes the state of the one before and the one after.
    pub(super) fn tell(
        &mut self,
        result: &Result<Answer, CallError>,
        mend: impl Fn(&str, String) -> String,
    ) -> Result<(), RouterError> {
        let response = response(result);
        let members = [("response", &*response)];
        let turn = self.router.step_with(Some(&self.state), "respond", &members, mend)?;
        self.take(turn);
        Ok(())
    }

    /// The wait that the run asked for is over.
    ///
    /// # Errors
    ///
    /// [`RouterError::Effect`] if it did not ask for one; [`RouterError::Engine`].
    pub fn resume(&mut self) -> Result<(), RouterError> {
        if !matches!(self.effect, Effect::Wait(_)) {
            return Err(self.unasked("a wait"));
        }
        self.step("resume", &[])?;
        self.settle()
    }

    /// Ends the run: it is not ok, and `reason` is its error. A run that has ended stays as it is.
    ///
    /// # Errors
    ///
    /// [`RouterError::Engine`].
    pub fn cancel(&mut self, reason: &str) -> Result<(), RouterError> {
        match self.effect {
            Effect::Done(_) => Ok(()),
            _ => self.give_up(reason),
        }
    }

    pub(super) fn give_up(&mut self, reason: &str) -> Result<(), RouterError> {
        self.step("cancel", &[("reason", &quote(reason))])
    }

    /// How the run ended.
    ///
    /// # Errors
    ///
    /// [`RouterError::Effect`] if it has not.
    pub fn outcome(&self) -> Result<Outcome, RouterError> {
        let Effect::Done(done) = &self.effect else {
            return Err(self.unasked("the end"));
        };
        let answer = self.answer.as_ref().map(serde_json::to_value).transpose();
        let answer = answer.map_err(|error| RouterError::Failed(error.to_string()))?;
        Ok(Outcome { retry_after_ms: self.retry_after_ms, ..Outcome::read(done, answer)? })
    }

    pub(super) fn step(&mut self, kind: &str, members: &[(&str, &str)]) -> Result<(), RouterError> {
        let turn = self.router.step(Some(&self.state), kind, members)?;
        self.take(turn);
        Ok(())
    }

    pub(super) fn take(&mut self, turn: Turn) {
        (self.state, self.effect) = (turn.run, turn.effect);
    }

    fn unasked(&self, expected: &str) -> RouterError {
        let got = match self.effect {
            Effect::Call(_) => "a call",
            Effect::Wait(_) => "a wait",
            Effect::Done(_) => "the end",
        };
        RouterError::Effect(format!("run: expected {expected} to be next, got {got}"))
    }
}

/// The result of a call, as the engine takes it.
fn response(result: &Result<Answer, CallError>) -> String {
    match result {
        Ok(_) => Object::new().with("ok", "true").with("response", "{}"),
        Err(error) => {
            let end = error.message.floor_char_boundary(MESSAGE_BYTES);
            let message = error.message.get(..end).unwrap_or_default();
            let status = error.http_status.map(|status| status.to_string());
            let retry_after = error.retry_after_ms.map(|ms| ms.to_string());
            Object::new()
                .with("ok", "false")
                .with("error_kind", &quote(error.kind.name()))
                .with_some("http_status", status.as_deref())
                .with("error_message", &quote(message))
                .with_some("retry_after_ms", retry_after.as_deref())
        }
    }
    .finish()
}
