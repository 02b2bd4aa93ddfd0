//! The machine of a run: (run, event) to (run, effect).

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::request::build_request;
use super::state::Run;
use super::trace::{cut, entry, text_of};
use crate::call_scoped::CallScoped;
use crate::catalog::Columns;
use crate::compile::Slots;
use crate::context::{self, Context};
use crate::fail_plan::backoff;
use crate::json::{NOTHING, Object, Value, object_text};
use crate::limits::BACKOFF_MS;
use crate::observation::Observation;
use crate::overlay::Overlay;
use crate::policy::Policy;
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
        config: &Config,
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
        let trace = Object::new()
            .with("ranked", Value::Array(ranked))
            .with("rejected", Value::Array(plan.rejected))
            .number("started_at_ms", now_ms)
            .text("policy_fingerprint", plan.fingerprint)
            .text("policy_identity", plan.identity);
        let empty = candidates.is_empty();
        let ctx = Object::from(plan.ctx).with("candidates", Value::Array(candidates));
        let mut run = Self {
            attempts: 0.0,
            called_at_ms: now_ms,
            // a policy of the configuration is the host's, any other the caller's
            caller: contract.get("policy_ir").is_some(),
            calls: 0.0,
            contract: contract.clone(),
            ctx: ctx.build(),
            cursor: 0,
            decision_path: Vec::new(),
            defaults: config.defaults,
            done: None,
            last_error: None,
            policy: plan.policy,
            trace: trace.build(),
        };
        let effect = if empty {
            run.fail("no_candidates", now_ms)
        } else {
            run.advance(runtime, now_ms, Some(compiled))?
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
            return Ok(Effect::Done(done.to_json()));
        }
        let candidate = self.candidate()?.clone();
        let provider = text_of(&candidate, "provider_id");
        let answered = response.get("ok").is_some_and(Value::is_truthy);
        let kind = response.get("error_kind").and_then(Value::as_str).unwrap_or("unknown");
        let entry = entry("attempted", &candidate)
            .number("attempt", self.attempts + 1.0)
            .number("latency_ms", now_ms - self.called_at_ms);
        if answered {
            self.decision_path.push(entry.build());
            runtime.succeeded(&provider);
            return Ok(self.succeed(response.get("response"), &candidate, now_ms));
        }
        let entry = entry
            .text("error_kind", kind.to_string())
            .copy(response, &["http_status"])
            .maybe("error_message", response.get("error_message").map(cut));
        self.decision_path.push(entry.build());
        self.last_error = Some(kind.to_string());

        let (slots, vocabulary) = self.compile()?;
        let compiled = Compiled { slots: &slots, vocabulary: &vocabulary };
        let strict = vocabulary.profile == Profile::Strict;
        let action = slots.fail_plan.classify(kind).unwrap_or(&NOTHING);
        let fault = CLIENT_FAULTS.contains(&kind);
        if !fault {
            let asked = action.get("open_breaker_ms").and_then(Value::as_number);
            // the reference opens for its own time whatever the action says
            let window = asked.filter(|_| strict).map(|asked| match self.caller {
                true => asked.min(self.defaults.caller_open_breaker_max_ms),
                false => asked,
            });
            runtime.failed(&provider, asked.is_some(), window, now_ms, &self.defaults);
        }
        // others share the provider: a fault of this request, or a caller's policy, must not take
        // it from them
        let may_disable = !strict || !(fault || self.caller && kind != "auth_error");
        let next = match action.get("action").and_then(Value::as_str).unwrap_or_default() {
            "abort" => Next::Stop(self.fail(kind, now_ms)),
            "disable_provider" if may_disable => {
                runtime.disable(&provider, kind, now_ms);
                let entry = Object::new().text("event", "provider_disabled");
                let entry = entry.text("provider_id", provider).text("reason", kind.to_string());
                self.decision_path.push(entry.build());
                Next::Skip(1)
            }
            "retry_same" => self.retry(action, kind, &candidate, response, now_ms),
            "next_provider_same_model" => {
                let family = text_of(&candidate, "model_family");
                let mut later = self.candidates().iter().skip(self.cursor + 1);
                let same = later.position(|later| text_of(later, "model_family") == family);
                Next::Skip(same.map_or(self.candidates().len(), |ahead| ahead + 1))
            }
            _ => Next::Skip(1),
        };
        match next {
            Next::Stop(effect) => return Ok(effect),
            Next::Again => {}
            Next::Skip(places) => self.skip(places),
        }
        self.advance(runtime, now_ms, Some(compiled))
    }

    /// The next attempt at the same candidate, as long as the action allows one.
    fn retry(
        &mut self,
        action: &Value,
        kind: &str,
        candidate: &Value<'a>,
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
        let entry = entry("retry_scheduled", candidate).number("attempt", attempts);
        self.decision_path.push(entry.number("backoff_ms", wait).build());
        if wait > 0.0 { Next::Stop(Effect::Wait(now_ms + wait)) } else { Next::Again }
    }

    /// A wait is over.
    pub fn resume(&mut self, runtime: &mut Runtime, now_ms: f64) -> Result<Effect, Refusal> {
        match &self.done {
            Some(done) => Ok(Effect::Done(done.to_json())),
            None => self.advance(runtime, now_ms, None),
        }
    }

    /// The host gives the candidate up, and goes on as `next_candidate` does.
    pub fn leave(
        &mut self,
        reason: &str,
        runtime: &mut Runtime,
        now_ms: f64,
    ) -> Result<Effect, Refusal> {
        if self.done.is_none() {
            let entry = entry("skipped", self.candidate()?).text("reason", reason.to_string());
            self.decision_path.push(entry.build());
            self.skip(1);
        }
        self.resume(runtime, now_ms)
    }

    /// The host gives the run up.
    pub fn cancel(&mut self, reason: &str, now_ms: f64) -> Effect {
        match &self.done {
            Some(done) => Effect::Done(done.to_json()),
            None => self.fail(reason, now_ms),
        }
    }

    /// Calls the candidate at the cursor, or the first one after it whose provider is enabled.
    /// The policy is compiled once an event: who did it hands it on.
    fn advance(
        &mut self,
        runtime: &mut Runtime,
        now_ms: f64,
        compiled: Option<Compiled>,
    ) -> Result<Effect, Refusal> {
        while let Some(candidate) = self.candidates().get(self.cursor) {
            if !runtime.check_disabled(&text_of(candidate, "provider_id"), now_ms, &self.defaults) {
                return match compiled {
                    Some(compiled) => self.call(now_ms, compiled),
                    None => {
                        let (slots, vocabulary) = self.compile()?;
                        self.call(now_ms, Compiled { slots: &slots, vocabulary: &vocabulary })
                    }
                };
            }
            let entry = entry("skipped", candidate).text("reason", "disabled_provider");
            self.decision_path.push(entry.build());
            self.skip(1);
        }
        let last = self.last_error.as_deref().unwrap_or("no_candidates");
        let error = format!("exhausted: {last}");
        Ok(self.fail(&error, now_ms))
    }

    fn call(&mut self, now_ms: f64, compiled: Compiled) -> Result<Effect, Refusal> {
        let Compiled { slots, vocabulary } = compiled;
        let strict = vocabulary.profile == Profile::Strict;
        if strict && self.calls >= self.defaults.max_attempts_per_execution {
            return Ok(self.fail("exhausted: attempt_cap", now_ms));
        }
        let mut request = build_request(&self.contract, self.candidate()?);
        // without a transform there is nothing to observe
        if !matches!(slots.transform, Xform::Id) {
            let context = CallScoped::new(Context::read(&self.ctx, vocabulary)?);
            let catalog = CallScoped::new(context::catalog(
                &self.ctx,
                vocabulary,
                Columns::Of(&slots.fields),
            )?);
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

    fn compile(&self) -> Result<(Slots, Vocabulary), Refusal> {
        let vocabulary = context::vocabulary(&self.ctx)?;
        let customs = self.ctx.get("customs").and_then(Value::as_object).unwrap_or(&[]);
        let policy = Policy::new(&self.policy, &vocabulary, customs)?;
        Ok((policy.slots, vocabulary))
    }

    /// Moves the cursor; retries are counted anew.
    fn skip(&mut self, places: usize) {
        self.cursor = self.cursor.saturating_add(places);
        self.attempts = 0.0;
    }
}
