//! The machine of a run: (run, event) to (run, effect).

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::plan::{Planned, TraceText};
use super::request::build_request;
use super::state::{Run, Tried, malformed, untried};
use super::trace::{cut, entry};
use crate::call_scoped::CallScoped;
use crate::catalog::{Catalog, Columns};
use crate::compile::Slots;
use crate::context::Context;
use crate::fail_plan::backoff;
use crate::json::{NOTHING, Object, Value, object_text, reborrow};
use crate::limits::BACKOFF_MS;
use crate::observation::Observation;
use crate::overlay::Overlay;
use crate::refusal::Refusal;
use crate::router::{Config, Plan, Runtime};
use crate::score::score_value;
use crate::transform::Xform;
use crate::turn::Effect;
use crate::vocabulary::{Profile, Vocabulary};

/// Failures that say nothing about the provider.
const CLIENT_FAULTS: [&str; 3] = ["bad_request", "content_filter", "context_overflow"];

/// Where a run goes on after a failure.
enum Next {
    /// Calls the same candidate again, now.
    Again,
    /// The candidate so many places further on.
    Skip(usize),
    /// Nowhere: the effect stands.
    Stop(Effect),
}

/// The policy of a run, ready, and the vocabulary that it is in.
#[derive(Clone, Copy)]
struct Compiled<'c> {
    slots: &'c Slots,
    vocabulary: &'c Vocabulary,
}

impl<'a> Run<'a> {
    /// A run at its first candidate.
    pub fn start(
        plan: Plan<'a>,
        contract: &Value<'a>,
        config: &'a Config<'a>,
        runtime: &mut Runtime,
        now_ms: f64,
    ) -> Result<(Self, Effect), Refusal> {
        let mut ranked = Vec::with_capacity(plan.ordered.len());
        let mut candidates = Vec::with_capacity(plan.ordered.len());
        for (candidate, score) in plan.ordered {
            let entry = Object::new().copy(&candidate, &["provider_id", "model_family", "tier"]);
            ranked.push(entry.with("score", score_value(score)).build());
            candidates.push(candidate);
        }
        let compiled = Compiled { slots: &plan.slots, vocabulary: &config.vocabulary };
        let trace = TraceText {
            fingerprint: &plan.fingerprint,
            identity: &plan.identity,
            ranked: &CallScoped::new(Value::Array(ranked)).to_json(),
            rejected: &CallScoped::new(Value::Array(plan.rejected)).to_json(),
            started_at_ms: now_ms,
        };
        let mut trace_text = String::with_capacity(trace.bytes());
        trace.write(&mut trace_text);
        let planned = CallScoped::new(Planned {
            candidates: Value::Array(candidates),
            contract: contract.clone(),
            customs: Value::Object(reborrow(&config.customs)),
            defaults: config.defaults,
            policy: plan.policy,
            state: plan.observed,
            vocabulary: config.vocabulary_text.reborrow(),
        });
        let mut run = Self {
            attempts: 0.0,
            called_at_ms: now_ms,
            // a policy of the configuration is the host's, any other the caller's
            caller: contract.get("policy_ir").is_some(),
            calls: 0.0,
            count: planned.candidates().len() as f64,
            cursor: 0,
            decision_path: Vec::new(),
            last_error: None,
            started_at_ms: now_ms,
            tried: planned.candidates().first().map(Tried::new),
            plan: Cow::Owned(planned.to_text()),
            trace: Cow::Owned(trace_text),
            done: None,
        };
        let effect = if run.tried.is_none() {
            run.fail("no_candidates", now_ms)
        } else {
            run.advance(runtime, now_ms, &planned, Some(compiled))?
        };
        Ok((run, effect))
    }

    /// What a provider answered, or that it did not.
    pub fn respond(
        &mut self,
        response: &Value<'a>,
        runtime: &mut Runtime<'a>,
        now_ms: f64,
    ) -> Result<Effect, Refusal> {
        if let Some(done) = &self.done {
            return Ok(Effect::Done(done.to_string()));
        }
        if is_answer(response) {
            runtime.succeeded(&self.tried()?.provider_id);
            return self.answered(response, now_ms);
        }
        let tried = self.tried.take().ok_or_else(untried)?;
        let provider = &*tried.provider_id;
        let kind = response.get("error_kind").and_then(Value::as_str).unwrap_or("unknown");
        let entry = self
            .attempted(&tried, now_ms)
            .text("error_kind", kind.to_string())
            .copy(response, &["http_status"])
            .maybe("error_message", response.get("error_message").map(cut));
        self.decision_path.push(entry.build());
        self.last_error = Some(kind.to_string());

        let planned = CallScoped::new(self.planned()?);
        let (slots, vocabulary) = planned.compile()?;
        let compiled = Compiled { slots: &slots, vocabulary: &vocabulary };
        let defaults = &planned.defaults;
        let strict = vocabulary.profile == Profile::Strict;
        let action = slots.fail_plan.classify(kind).unwrap_or(&NOTHING);
        let fault = CLIENT_FAULTS.contains(&kind);
        if !fault {
            let asked = action.get("open_breaker_ms").and_then(Value::as_number);
            // the reference opens for its own time whatever the action says
            let window = asked.filter(|_| strict).map(|asked| match self.caller {
                true => asked.min(defaults.caller_open_breaker_max_ms),
                false => asked,
            });
            runtime.failed(provider, asked.is_some(), window, now_ms, defaults);
        }
        // others share the provider: a fault of this request, or a caller's policy, must not take
        // it from them
        let may_disable = !strict || !(fault || self.caller && kind != "auth_error");
        let next = match action.get("action").and_then(Value::as_str).unwrap_or_default() {
            "abort" => Next::Stop(self.fail(kind, now_ms)),
            "disable_provider" if may_disable => {
                runtime.disable(provider, kind, now_ms);
                let entry = Object::new().text("event", "provider_disabled");
                let entry = entry
                    .text("provider_id", tried.provider_id.clone())
                    .text("reason", kind.to_string());
                self.decision_path.push(entry.build());
                Next::Skip(1)
            }
            "retry_same" => self.retry(action, kind, &tried, response, now_ms),
            "next_provider_same_model" => {
                let family = Some(&*tried.model_family);
                let mut later = planned.candidates().iter().skip(self.cursor + 1);
                let of =
                    |later: &Value| later.get("model_family").and_then(Value::as_str) == family;
                let same = later.position(of);
                Next::Skip(same.map_or(planned.candidates().len(), |ahead| ahead + 1))
            }
            _ => Next::Skip(1),
        };
        self.tried = Some(tried);
        match next {
            Next::Stop(effect) => return Ok(effect),
            Next::Again => {}
            Next::Skip(places) => self.skip(places, &planned),
        }
        self.advance(runtime, now_ms, &planned, Some(compiled))
    }

    /// The entry of the call under way in the path.
    #[inline(never)]
    fn attempted(&self, tried: &Tried<'a>, now_ms: f64) -> Object<'a> {
        entry("attempted", tried)
            .number("attempt", self.attempts + 1.0)
            .number("latency_ms", now_ms - self.called_at_ms)
    }

    /// What a provider answered, where that changes nothing of the runtime state.
    #[inline(never)]
    pub fn answered(&mut self, response: &Value<'a>, now_ms: f64) -> Result<Effect, Refusal> {
        let tried = self.tried()?;
        let (entry, chosen) = (self.attempted(tried, now_ms).build(), tried.chosen.clone());
        self.decision_path.push(entry);
        Ok(self.succeed(response.get("response"), &chosen, now_ms))
    }

    /// The next attempt at the same candidate, as long as the action allows one.
    fn retry(
        &mut self,
        action: &Value,
        kind: &str,
        tried: &Tried<'a>,
        response: &Value,
        now_ms: f64,
    ) -> Next {
        let attempts = self.attempts + 1.0;
        let limit = action.get("attempts").and_then(Value::as_number).unwrap_or(1.0);
        if attempts > limit {
            // of the other actions none is honoured here, as in the reference
            return match action.get("then_action").and_then(Value::as_str) {
                Some("abort") => Next::Stop(self.fail(kind, now_ms)),
                _ => Next::Skip(1),
            };
        }
        self.attempts = attempts;
        let asked = response.get("retry_after_ms").and_then(Value::as_number).unwrap_or(0.0);
        let wait = backoff(action, attempts).max(asked.min(BACKOFF_MS));
        let entry = entry("retry_scheduled", tried).number("attempt", attempts);
        self.decision_path.push(entry.number("backoff_ms", wait).build());
        if wait > 0.0 { Next::Stop(Effect::Wait(now_ms + wait)) } else { Next::Again }
    }

    /// A wait is over.
    pub fn resume(&mut self, runtime: &mut Runtime, now_ms: f64) -> Result<Effect, Refusal> {
        match &self.done {
            Some(done) => Ok(Effect::Done(done.to_string())),
            None => {
                let planned = CallScoped::new(self.planned()?);
                self.advance(runtime, now_ms, &planned, None)
            }
        }
    }

    /// The host gives the candidate up, and goes on as `next_candidate` does.
    pub fn leave(
        &mut self,
        reason: &str,
        runtime: &mut Runtime,
        now_ms: f64,
    ) -> Result<Effect, Refusal> {
        if let Some(done) = &self.done {
            return Ok(Effect::Done(done.to_string()));
        }
        let entry = entry("skipped", self.tried()?).text("reason", reason.to_string());
        self.decision_path.push(entry.build());
        let planned = CallScoped::new(self.planned()?);
        self.skip(1, &planned);
        self.advance(runtime, now_ms, &planned, None)
    }

    /// The host gives the run up.
    pub fn cancel(&mut self, reason: &str, now_ms: f64) -> Effect {
        match &self.done {
            Some(done) => Effect::Done(done.to_string()),
            None => self.fail(reason, now_ms),
        }
    }

    /// Calls the candidate at the cursor, or the first one after it whose provider is enabled.
    /// The policy is compiled once an event: who did it hands it on.
    #[inline(never)]
    fn advance(
        &mut self,
        runtime: &mut Runtime,
        now_ms: f64,
        planned: &Planned<'a>,
        compiled: Option<Compiled>,
    ) -> Result<Effect, Refusal> {
        while let Some(tried) = &self.tried {
            if !runtime.check_disabled(&tried.provider_id, now_ms, &planned.defaults) {
                return match compiled {
                    Some(compiled) => self.call(now_ms, planned, compiled),
                    None => {
                        let (slots, vocabulary) = planned.compile()?;
                        let compiled = Compiled { slots: &slots, vocabulary: &vocabulary };
                        self.call(now_ms, planned, compiled)
                    }
                };
            }
            let entry = entry("skipped", tried).text("reason", "disabled_provider");
            self.decision_path.push(entry.build());
            self.skip(1, planned);
        }
        let last = self.last_error.as_deref().unwrap_or("no_candidates");
        let error = format!("exhausted: {last}");
        Ok(self.fail(&error, now_ms))
    }

    #[inline(never)]
    fn call(
        &mut self,
        now_ms: f64,
        planned: &Planned<'a>,
        compiled: Compiled,
    ) -> Result<Effect, Refusal> {
        let Compiled { slots, vocabulary } = compiled;
        let strict = vocabulary.profile == Profile::Strict;
        if strict && self.calls >= planned.defaults.max_attempts_per_execution {
            return Ok(self.fail("exhausted: attempt_cap", now_ms));
        }
        let candidate = planned.candidates().get(self.cursor);
        let candidate = candidate.ok_or_else(|| malformed("head.cursor: expected less"))?;
        let mut request = build_request(&planned.contract, candidate);
        // without a transform there is nothing to observe
        if !matches!(slots.transform, Xform::Id) {
            let ctx = planned.ctx(self.started_at_ms);
            let context = CallScoped::new(Context::read(&ctx, vocabulary)?);
            let columns = Columns::Of(&slots.fields);
            let catalog =
                Catalog::read(&planned.candidates, "ctx.candidates", vocabulary, columns)?;
            let catalog = CallScoped::new(catalog);
            let overlay = CallScoped::new(Overlay::new(&catalog, &context.state, vocabulary));
            let observation = Observation {
                catalog: &catalog,
                overlay: &overlay,
                request: &context.request,
                vocabulary,
            };
            request = slots.transform.apply(request, observation, self.cursor, context.seed);
        }
        self.called_at_ms = now_ms;
        self.calls += 1.0;
        Ok(Effect::Call(object_text(&request)))
    }

    /// Moves the cursor; retries are counted anew.
    #[inline(never)]
    fn skip(&mut self, places: usize, planned: &Planned<'a>) {
        self.cursor = self.cursor.saturating_add(places);
        self.tried = planned.candidates().get(self.cursor).map(Tried::new);
        self.attempts = 0.0;
    }
}

/// Whether a response is an answer.
pub fn is_answer(response: &Value) -> bool {
    response.get("ok").is_some_and(Value::is_truthy)
}
