//! The router over a scripted provider: no sockets, and a clock that is moved by hand.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]
#![expect(clippy::indexing_slicing, reason = "helpers of tests")]

mod apart;
mod concurrency;
mod config;
mod failures;
mod flow;
mod flow_calls;
mod health;
mod left_out;
mod operate;
mod persistence;
mod prepared;
mod reload;
mod resolve;
mod streaming;
mod time;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use sigmapol_core::Native;
use sigmapol_provider::{Answer, CallError, Calling, Delta, ErrorKind, OnDelta, Provider};
use sigmapol_router::{Builder, Config, ManualClock, Outcome, Router, RouterError};

/// When the tests begin.
const START_MS: f64 = 1_700_000_000_000.0;

/// How long every scripted call takes.
const LATENCY_MS: f64 = 10.0;

/// What a provider does when it is called.
#[derive(Clone, Debug)]
enum Reply {
    /// These pieces of text.
    Text(&'static [&'static str]),
    /// These pieces of text, and then a failure.
    Broken(&'static [&'static str], ErrorKind),
    Fail(ErrorKind, Option<u16>),
}

/// Replies by provider, the last one for good.
struct Scripted {
    clock: Arc<ManualClock>,
    replies: Mutex<BTreeMap<&'static str, VecDeque<Reply>>>,
    requests: Mutex<Vec<Value>>,
}

impl Scripted {
    fn next(&self, request: &str) -> Reply {
        self.clock.advance(LATENCY_MS);
        let request: Value = serde_json::from_str(request).unwrap();
        let id = request["provider_id"].as_str().unwrap().to_owned();
        self.requests.lock().unwrap().push(request);
        let mut replies = self.replies.lock().unwrap();
        let replies = replies.get_mut(id.as_str()).unwrap_or_else(|| panic!("no script for {id}"));
        if replies.len() > 1 { replies.pop_front().unwrap() } else { replies[0].clone() }
    }
}

impl Provider for Scripted {
    fn call<'a>(&'a self, request: &'a str, on_delta: Option<OnDelta<'a>>) -> Calling<'a> {
        Box::pin(async move {
            let (pieces, failed) = match self.next(request) {
                Reply::Text(pieces) => (pieces, None),
                Reply::Broken(pieces, kind) => (pieces, Some((kind, None))),
                Reply::Fail(kind, status) => (&[][..], Some((kind, status))),
            };
            if let Some(on_delta) = on_delta {
                pieces.iter().for_each(|piece| on_delta(Delta::Text(piece)));
            }
            match failed {
                None => Ok(Answer { text: pieces.concat(), ..Answer::default() }),
                Some((kind, status)) => Err(failure(kind, status)),
            }
        })
    }
}

fn failure(kind: ErrorKind, http_status: Option<u16>) -> CallError {
    let message = format!("scripted {}", kind.name());
    CallError { kind, http_status, message, retry_after_ms: None }
}

/// Three providers of one model, tried in the order a, b, c.
fn config() -> Value {
    let provider = |id: &str| {
        json!({
            "discovery": "static",
            "base_url": format!("http://127.0.0.1:1/{id}"),
            "api_kind": "openai_compatible",
            "auth": {"kind": "none"},
        })
    };
    json!({
        "providers": {"a": provider("a"), "b": provider("b"), "c": provider("c")},
        "models": {"m": {
            "served_by": [{"provider": "a"}, {"provider": "b"}, {"provider": "c"}],
            "capabilities": {},
        }},
        "profiles": {"default": {"policy_ir": policy(&json!({"action": "next_candidate"}))}},
    })
}

/// Closed breakers and enabled providers only, in the order of the pool; 429 is tried again twice.
fn policy(otherwise: &Value) -> Value {
    json!(["policy",
        ["and", ["not", ["is", "breaker_open"]], ["not", ["is", "disabled"]]],
        ["zero"],
        ["argmax"],
        ["id"],
        ["override",
            ["override", ["always", otherwise], "auth_error", {"action": "disable_provider"}],
            "rate_limit",
            {"action": "retry_same", "attempts": 2, "backoff_ms": 250}]])
}

/// A router, its clock, its provider and its log.
struct World {
    router: Router,
    clock: Arc<ManualClock>,
    provider: Arc<Scripted>,
    log: Arc<Mutex<Vec<String>>>,
}

impl World {
    fn new(script: &[(&'static str, &[Reply])]) -> Self {
        Self::of(&config(), script, |builder| builder)
    }

    fn of(
        config: &Value,
        script: &[(&'static str, &[Reply])],
        more: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        Self::build(config, script, more).unwrap()
    }

    fn build(
        config: &Value,
        script: &[(&'static str, &[Reply])],
        more: impl FnOnce(Builder) -> Builder,
    ) -> Result<Self, RouterError> {
        let clock = Arc::new(ManualClock::at(START_MS));
        let replies = script.iter().map(|(id, replies)| (*id, replies.iter().cloned().collect()));
        let provider = Arc::new(Scripted {
            clock: Arc::clone(&clock),
            replies: Mutex::new(replies.collect()),
            requests: Mutex::default(),
        });
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = Arc::clone(&log);
        let builder = Router::builder(Config::from_json(&config.to_string()).unwrap())
            .engine(Arc::new(Native))
            .provider(Arc::clone(&provider) as Arc<dyn Provider>)
            .clock(Arc::clone(&clock) as _)
            .on_log(move |record| sink.lock().unwrap().push(record.to_owned()));
        Ok(Self { router: more(builder).build()?, clock, provider, log })
    }

    fn ask(&self) -> Outcome {
        block_on(self.router.start(r#"{"prompt":"hello"}"#).unwrap().answer()).unwrap()
    }

    /// The outcome, and the pieces of text that were passed on before it.
    fn stream(&self) -> (Outcome, Vec<String>) {
        let mut pieces = Vec::new();
        let run = self.router.start(r#"{"prompt":"hello"}"#).unwrap();
        let mut on_delta = |delta: Delta<'_>| {
            let Delta::Text(piece) = delta else { panic!("{delta:?}") };
            pieces.push(piece.to_owned());
        };
        let outcome = block_on(run.stream(&mut on_delta)).unwrap();
        (outcome, pieces)
    }

    fn called(&self) -> Vec<String> {
        let requests = self.provider.requests.lock().unwrap();
        requests.iter().map(|request| request["provider_id"].as_str().unwrap().to_owned()).collect()
    }

    fn status(&self, provider: &str) -> Value {
        self.router.status().unwrap()["providers"][provider].clone()
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

fn path(outcome: &Outcome) -> &Value {
    &outcome.trace["decision_path"]
}
