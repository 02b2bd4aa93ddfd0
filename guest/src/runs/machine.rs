//! The machine of a run: (run, event) to (run, effect).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::ERROR_BYTES;
use super::config::Defaults;
use super::plan::Plan;
use super::record;
use super::runtime::Runtime;
use crate::context::{Context, vocabulary};
use crate::fail_plan::backoff;
use crate::json::{Value, lookup, set};
use crate::normal::normalize;
use crate::policy::{Compiler, Policy, admit_policy};
use crate::predicate::World;
use crate::refusal::{Refusal, RefusalCode};
use crate::step::Effect;
use crate::vocabulary::{Profile, Vocabulary};

/// The version of the run state.
pub const VERSION: f64 = 1.0;

/// Failures that say nothing about the provider.
const CLIENT_FAULTS: [&str; 3] = ["bad_request", "content_filter", "context_overflow"];

/// How long a call may take when neither the contract nor its requirements say.
const TIMEOUT_MS: f64 = 30_000.0;

/// The state of a run: an object, opaque to hosts.
#[derive(Debug)]
pub struct Run(Vec<(String, Value)>);

/// What a run needs to go on, taken from its state.
struct Parts<'a> {
    vocabulary: Vocabulary,
    policy: Policy,
    defaults: Defaults,
    candidates: &'a [Value],
}

impl Run {
    /// A run at its first candidate.
    pub fn start(
        plan: &Plan,
        contract: &Value,
        defaults: Defaults,
        runtime: &mut Runtime,
        now_ms: f64,
    ) -> Result<(Self, Effect), Refusal> {
        let entry = |(candidate, score): &(Value, f64)| {
            record([
                ("provider_id", candidate.get("provider_id").cloned()),
                ("model_family", candidate.get("model_family").cloned()),
                ("tier", candidate.get("tier").cloned()),
                ("score", Some(score_value(*score))),
            ])
        };
        let text = |text: &str| Some(Value::String(text.to_string()));
        let trace = record([
            ("ranked", Some(Value::Array(plan.ordered.iter().map(entry).collect()))),
            ("rejected", Some(Value::Array(plan.rejected.clone()))),
            ("decision_path", Some(Value::Array(Vec::new()))),
            ("started_at_ms", Some(Value::Number(now_ms))),
            ("policy_fingerprint", text(&plan.fingerprint)),
            ("policy_identity", text(&plan.identity)),
        ]);
        let mut ctx = plan.ctx.clone();
        let candidates = plan.ordered.iter().map(|(candidate, _)| candidate.clone()).collect();
        set(&mut ctx, "candidates", Some(Value::Array(candidates)));
        let state = record([
            ("version", Some(Value::Number(VERSION))),
            ("policy", Some(plan.policy.clone())),
            ("ctx", Some(Value::Object(ctx))),
            ("contract", Some(contract.clone())),
            ("defaults", Some(defaults.to_value())),
            ("trace", Some(trace)),
            ("cursor", Some(Value::Number(0.0))),
            ("attempts", Some(Value::Number(0.0))),
            ("called_at_ms", Some(Value::Number(now_ms))),
        ]);
        let mut run = Self(state.as_object().unwrap_or(&[]).to_vec());
        let effect = if plan.ordered.is_empty() {
            run.fail("no_candidates", now_ms)
        } else {
            run.advance(runtime, now_ms)?
        };
        Ok((run, effect))
    }

    /// Reads a state back; one of another version is refused.
    pub fn read(value: &Value) -> Result<Self, Refusal> {
        let members = value.as_object().unwrap_or(&[]);
        if lookup(members, "version").and_then(Value::as_number) != Some(VERSION) {
            return Err(malformed(&format!("expected a run of version {VERSION}")));
        }
        Ok(Self(members.to_vec()))
    }

    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// What a provider answered, or that it did not.
    pub fn respond(
        &mut self,
        response: Option<&Value>,
        runtime: &mut Runtime,
        now_ms: f64,
    ) -> Result<Effect, Refusal> {
        if let Some(done) = self.done() {
            return Ok(done);
        }
        let candidate = self.candidate()?;
        let provider = text_of(&candidate, "provider_id");
        let answered = response.is_some_and(|r| r.get("ok").is_some_and(Value::is_truthy));
        let of_response = |key: &str| response.and_then(|response| response.get(key));
        let kind = of_response("error_kind").and_then(Value::as_str).unwrap_or("unknown");
        let attempts = self.number("attempts");
        let failed = |value| if answered { None } else { value };
        self.event(
            "attempted",
            &candidate,
            [
                ("attempt", Some(Value::Number(attempts + 1.0))),
                ("latency_ms", Some(Value::Number(now_ms - self.number("called_at_ms")))),
                ("error_kind", failed(Some(Value::String(kind.to_string())))),
                ("http_status", failed(of_response("http_status").cloned())),
                ("error_message", failed(of_response("error_message").map(cut))),
            ],
        );
        if answered {
            runtime.succeeded(&provider);
            return Ok(self.succeed(of_response("response"), &candidate, now_ms));
        }
        set(&mut self.0, "last_error", Some(Value::String(kind.to_string())));

        let (defaults, action, profile) = {
            let ctx = self.part("ctx")?.clone();
            let parts = self.parts(&ctx)?;
            let action = parts.policy.fail_plan.classify(kind).cloned();
            (parts.defaults, action, parts.vocabulary.profile)
        };
        let action = action.unwrap_or_else(|| Value::Object(Vec::new()));
        if !CLIENT_FAULTS.contains(&kind) {
            let window = action.get("open_breaker_ms").and_then(Value::as_number);
            // the reference opens for its own time whatever the action says
            let own = window.filter(|_| profile == Profile::Strict);
            runtime.failed(&provider, window.is_some(), own, now_ms, &defaults);
        }
        let name = |key: &str| action.get(key).and_then(Value::as_str).unwrap_or_default();
        match name("action") {
            "abort" => Ok(self.fail(kind, now_ms)),
            "disable_provider" => {
                runtime.disable(&provider, kind, now_ms);
                let reason = Some(Value::String(kind.to_string()));
                self.event("provider_disabled", &without_model(&candidate), [("reason", reason)]);
                self.next(1);
                self.advance(runtime, now_ms)
            }
            "retry_same" => {
                let attempts = attempts + 1.0;
                let limit = action.get("attempts").and_then(Value::as_number).unwrap_or(1.0);
                if attempts <= limit {
                    set(&mut self.0, "attempts", Some(Value::Number(attempts)));
                    let wait = backoff(&action, attempts);
                    self.event(
                        "retry_scheduled",
                        &candidate,
                        [
                            ("attempt", Some(Value::Number(attempts))),
                            ("backoff_ms", Some(Value::Number(wait))),
                        ],
                    );
                    if wait > 0.0 {
                        return Ok(Effect::Wait(now_ms + wait));
                    }
                    return self.advance(runtime, now_ms);
                }
                if name("then_action") == "abort" {
                    return Ok(self.fail(kind, now_ms));
                }
                self.next(1);
                self.advance(runtime, now_ms)
            }
            "next_provider_same_model" => {
                let family = text_of(&candidate, "model_family");
                let cursor = self.number("cursor") as usize;
                let later = self.candidates().iter().skip(cursor + 1);
                let same = later.into_iter().position(|c| text_of(c, "model_family") == family);
                match same {
                    Some(ahead) => self.next(ahead + 1),
                    None => self.next(self.candidates().len()),
                }
                self.advance(runtime, now_ms)
            }
            _ => {
                self.next(1);
                self.advance(runtime, now_ms)
            }
        }
    }

    /// A wait is over.
    pub fn resume(&mut self, runtime: &mut Runtime, now_ms: f64) -> Result<Effect, Refusal> {
        match self.done() {
            Some(done) => Ok(done),
            None => self.advance(runtime, now_ms),
        }
    }

    /// Calls the candidate at the cursor, or the first one after it whose provider is enabled.
    fn advance(&mut self, runtime: &mut Runtime, now_ms: f64) -> Result<Effect, Refusal> {
        let ctx = self.part("ctx")?.clone();
        loop {
            let parts = self.parts(&ctx)?;
            let cursor = self.number("cursor") as usize;
            let Some(candidate) = parts.candidates.get(cursor) else {
                let last = lookup(&self.0, "last_error").and_then(Value::as_str);
                let error = format!("exhausted: {}", last.unwrap_or("no_candidates"));
                return Ok(self.fail(&error, now_ms));
            };
            runtime.refresh_disabled(now_ms, &parts.defaults);
            if runtime.is_disabled(&text_of(candidate, "provider_id"), now_ms, &parts.defaults) {
                let reason = Some(Value::String("disabled_provider".to_string()));
                self.event("skipped", &candidate.clone(), [("reason", reason)]);
                self.next(1);
                continue;
            }
            let contract = self.part("contract")?;
            let mut request = build_request(contract, candidate);
            let context = Context::read(&ctx, &parts.vocabulary)?;
            let world = World {
                population: &context.population,
                request: &context.request,
                vocabulary: &parts.vocabulary,
            };
            parts.policy.transform.apply(&mut request, world, cursor, context.seed);
            set(&mut self.0, "called_at_ms", Some(Value::Number(now_ms)));
            return Ok(Effect::Call(Value::Object(request).to_json()));
        }
    }

    fn parts<'c>(&self, ctx: &'c Value) -> Result<Parts<'c>, Refusal> {
        let vocabulary = vocabulary(ctx)?;
        let customs = ctx.get("customs").and_then(Value::as_object).unwrap_or(&[]);
        let term = normalize(admit_policy(self.part("policy")?, &vocabulary)?.term);
        let policy = Compiler { vocabulary: &vocabulary, customs }.policy(&term)?;
        Ok(Parts {
            policy,
            defaults: Defaults::read(Some(self.part("defaults")?)),
            candidates: ctx.get("candidates").and_then(Value::as_array).unwrap_or(&[]),
            vocabulary,
        })
    }

    fn part(&self, key: &str) -> Result<&Value, Refusal> {
        lookup(&self.0, key).ok_or_else(|| malformed(&format!("expected {key}")))
    }

    fn number(&self, key: &str) -> f64 {
        lookup(&self.0, key).and_then(Value::as_number).unwrap_or(0.0)
    }

    fn candidates(&self) -> &[Value] {
        let ctx = lookup(&self.0, "ctx").and_then(|ctx| ctx.get("candidates"));
        ctx.and_then(Value::as_array).unwrap_or(&[])
    }

    fn candidate(&self) -> Result<Value, Refusal> {
        let candidate = self.candidates().get(self.number("cursor") as usize);
        candidate.cloned().ok_or_else(|| malformed("expected a candidate at the cursor"))
    }

    /// Moves the cursor; retries are counted anew.
    fn next(&mut self, by: usize) {
        let cursor = self.number("cursor") + by as f64;
        set(&mut self.0, "cursor", Some(Value::Number(cursor)));
        set(&mut self.0, "attempts", Some(Value::Number(0.0)));
    }

    fn event<const N: usize>(
        &mut self,
        event: &str,
        candidate: &Value,
        more: [(&str, Option<Value>); N],
    ) {
        let base = record([
            ("event", Some(Value::String(event.to_string()))),
            ("provider_id", candidate.get("provider_id").cloned()),
            ("model_family", candidate.get("model_family").cloned()),
        ]);
        let mut entry = base.as_object().unwrap_or(&[]).to_vec();
        for (key, value) in more {
            set(&mut entry, key, value);
        }
        let mut trace = self.trace();
        let path = lookup(&trace, "decision_path").and_then(Value::as_array).unwrap_or(&[]);
        let path = path.iter().cloned().chain(core::iter::once(Value::Object(entry))).collect();
        set(&mut trace, "decision_path", Some(Value::Array(path)));
        set(&mut self.0, "trace", Some(Value::Object(trace)));
    }

    fn trace(&self) -> Vec<(String, Value)> {
        lookup(&self.0, "trace").and_then(Value::as_object).unwrap_or(&[]).to_vec()
    }

    fn done(&self) -> Option<Effect> {
        lookup(&self.0, "done").map(|done| Effect::Done(done.to_json()))
    }

    fn finish(&mut self, result: &[(&str, Option<Value>)], now_ms: f64) -> Effect {
        let mut trace = self.trace();
        let started = lookup(&trace, "started_at_ms").and_then(Value::as_number).unwrap_or(now_ms);
        set(&mut trace, "total_latency_ms", Some(Value::Number(now_ms - started)));
        let mut done = Vec::new();
        for (key, value) in result {
            set(&mut done, key, value.clone());
        }
        set(&mut done, "trace", Some(Value::Object(trace)));
        let done = Value::Object(done);
        let effect = Effect::Done(done.to_json());
        set(&mut self.0, "done", Some(done));
        effect
    }

    fn fail(&mut self, error: &str, now_ms: f64) -> Effect {
        let error = Some(Value::String(error.to_string()));
        self.finish(&[("ok", Some(Value::Bool(false))), ("error", error)], now_ms)
    }

    fn succeed(&mut self, response: Option<&Value>, candidate: &Value, now_ms: f64) -> Effect {
        let own = |key: &'static str| (key, candidate.get(key).cloned());
        let peer = candidate.get("offer").and_then(|offer| offer.get("peer_id"));
        let peer = peer.filter(|peer| peer.is_truthy());
        let served_by = peer.or_else(|| candidate.get("provider_id")).cloned();
        let chosen = record([
            own("provider_id"),
            own("model_family"),
            own("served_model_id"),
            own("price_in"),
            own("price_out"),
            own("raw_price_in"),
            own("raw_price_out"),
            own("price_multiplier"),
            ("served_by", served_by),
        ]);
        let result = [
            ("ok", Some(Value::Bool(true))),
            ("response", response.cloned()),
            ("chosen", Some(chosen)),
        ];
        self.finish(&result, now_ms)
    }
}

/// The request for one candidate, before the policy's transform.
fn build_request(contract: &Value, candidate: &Value) -> Vec<(String, Value)> {
    let of_candidate = |key: &'static str| (key, candidate.get(key).cloned());
    let of_contract = |key: &'static str| (key, contract.get(key).cloned());
    let messages = match (contract.get("messages"), contract.get("prompt")) {
        (Some(messages @ (Value::Array(_) | Value::Object(_))), _) => messages.clone(),
        (_, Some(prompt)) => Value::Array(Vec::from([record([
            ("role", Some(Value::String("user".to_string()))),
            ("content", Some(prompt.clone())),
        ])])),
        _ => Value::Array(Vec::new()),
    };
    let latency = contract.get("requirements").and_then(|r| r.get("max_latency_ms")).cloned();
    let timeout = contract.get("timeout_ms").cloned().or(latency);
    let market = candidate.get("discovery").and_then(Value::as_str) == Some("marketplace");
    let request = record([
        of_candidate("provider_id"),
        of_candidate("model_family"),
        of_candidate("served_model_id"),
        of_candidate("base_url"),
        of_candidate("aws_region"),
        of_candidate("api_kind"),
        of_candidate("auth_env"),
        of_candidate("auth"),
        ("messages", Some(messages)),
        of_contract("tools"),
        of_contract("response_format"),
        of_contract("images"),
        of_contract("temperature"),
        of_contract("seed"),
        of_contract("max_tokens"),
        ("timeout_ms", Some(timeout.unwrap_or(Value::Number(TIMEOUT_MS)))),
        ("offer", candidate.get("offer").filter(|_| market).cloned()),
    ]);
    request.as_object().unwrap_or(&[]).to_vec()
}

/// A score as JSON, which has no infinity.
pub fn score_value(score: f64) -> Value {
    if score.is_finite() {
        Value::Number(score)
    } else {
        Value::String(if score > 0.0 { "inf" } else { "-inf" }.to_string())
    }
}

fn text_of(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_string()
}

fn without_model(candidate: &Value) -> Value {
    record([("provider_id", candidate.get("provider_id").cloned())])
}

/// The first [`ERROR_BYTES`] of a message, at a character boundary.
fn cut(message: &Value) -> Value {
    let text = message.as_str().map_or_else(|| message.to_json(), ToString::to_string);
    let mut end = text.len().min(ERROR_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Value::String(text.get(..end).unwrap_or_default().to_string())
}

fn malformed(expected: &str) -> Refusal {
    Refusal::new(RefusalCode::Ctx, format!("run: {expected}"))
}
