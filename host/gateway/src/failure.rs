//! Runs without an answer, as errors.

use axum::http::StatusCode;
use serde_json::Value;
use sigmapol_core::{Error, Exhausted};
use sigmapol_router::{Outcome, RouterError};

use crate::{
    error::{ApiError, INVALID_REQUEST, ROUTER},
    limits::{SUMMARIES, SUMMARY_CHARS},
    report::x_router,
    route::unknown_profile,
};

/// Where the filter of a policy is in the term that runs, if it is under an envelope, and where it is
/// in the client's own.
const UNDER_ENVELOPE: (&str, &str) = ("$.policy[1].and[2]", "$.policy[1]");

/// The seconds after which a client may try again where no provider says more.
const RETRY_AFTER_S: u32 = 1;

/// The most that a client is told to wait, in seconds: SDKs sleep as they are told, and another
/// provider may be ready before.
const LONGEST_RETRY_S: u32 = 60;

/// Why a run has no answer. `has_policy`: the request brought one; `envelope`: it is under another.
pub(crate) fn of_outcome(
    outcome: &Outcome,
    ignored: &[String],
    has_policy: bool,
    envelope: bool,
) -> ApiError {
    let error = outcome.error.as_deref().unwrap_or("unknown");
    // a run that was planned names its policy; the others were asked for something that is not there
    if outcome.trace.get("policy_identity").is_none() {
        return of_request(error, has_policy, envelope);
    }
    if outcome.trace.get("flow_nodes").is_some() {
        return of_node(outcome, error, ignored);
    }
    let attempts = Attempts::of(&outcome.trace);
    let (status, kind, code) = classify(error, &attempts);
    let message = match attempts.summary() {
        None => format!("no model can be asked: {error}"),
        Some(summary) => format!("no model answered: {error}; {summary}"),
    };
    ApiError {
        report: Some(Box::new(x_router(outcome, ignored))),
        retry_after_s: (status == StatusCode::TOO_MANY_REQUESTS).then(|| {
            let asked = outcome.retry_after_ms.unwrap_or_default().div_ceil(1000);
            let asked = u32::try_from(asked).unwrap_or(LONGEST_RETRY_S);
            asked.clamp(RETRY_AFTER_S, LONGEST_RETRY_S)
        }),
        ..ApiError::new(status, kind, &code, message)
    }
}

/// Why a flow has no output: of the node that failed.
fn of_node(outcome: &Outcome, error: &str, ignored: &[String]) -> ApiError {
    let nodes = outcome.trace.get("flow_nodes").and_then(Value::as_array);
    let failed = outcome.trace.get("flow_failed");
    let is_it = |node: &&Value| node.get("node") == failed && text(node, "error").is_some();
    let node = nodes.and_then(|nodes| nodes.iter().rfind(is_it)).unwrap_or(&Value::Null);
    let own = text(node, "error").unwrap_or_default();
    // a call that was not planned was asked for what is none
    if !own.is_empty() && node.get("policy_id").is_none_or(Value::is_null) {
        return of_request(own, false, false);
    }
    let kind = own.strip_prefix("exhausted: ").unwrap_or(own);
    let (status, code) = match kind {
        "no_candidates" => (StatusCode::SERVICE_UNAVAILABLE, kind.to_owned()),
        "timeout" | "deadline" => (StatusCode::GATEWAY_TIMEOUT, "exhausted: timeout".to_owned()),
        // what a node said is not what the next one can read
        "" => (StatusCode::BAD_GATEWAY, "flow_failed".to_owned()),
        kind => (StatusCode::BAD_GATEWAY, format!("exhausted: {kind}")),
    };
    let message = match Attempts::of(node).summary() {
        None => format!("the flow failed: {error}"),
        Some(summary) => format!("the flow failed: {error}; {summary}"),
    };
    let report = Some(Box::new(x_router(outcome, ignored)));
    ApiError { report, ..ApiError::new(status, ROUTER, &code, message) }
}

/// A flow that is none, or could not run.
pub(crate) fn of_flow(error: &RouterError) -> ApiError {
    let what = match error {
        RouterError::Engine(Error::Refused(refusal)) => &*refusal.message,
        RouterError::Input(what) | RouterError::Failed(what) => what,
        other => return of_router(other, true),
    };
    let message = format!("flow_ir rejected at admission: {what}");
    let invalid = ApiError::invalid("invalid_flow", message);
    ApiError { param: Some("flow_ir".to_owned()), ..invalid }
}

/// What the engine says of a request before it plans anything.
fn of_request(error: &str, has_policy: bool, envelope: bool) -> ApiError {
    if let Some(name) = error.strip_prefix("unknown profile: ") {
        return unknown_profile(name);
    }
    if has_policy && error.starts_with("ir") {
        let what = error.strip_prefix("ir: ").unwrap_or(error);
        let what = match what.strip_prefix("ir.constrain: ") {
            Some(expected) => format!("$: {expected}"),
            None => what.to_owned(),
        };
        let (under, own) = UNDER_ENVELOPE;
        let what = match what.strip_prefix(under).filter(|_| envelope) {
            Some(rest) => format!("{own}{rest}"),
            None => what,
        };
        let message = format!("policy_ir rejected at admission: {what}");
        let invalid = ApiError::invalid("invalid_policy", message);
        return ApiError { param: Some("policy_ir".to_owned()), ..invalid };
    }
    let of_ctx = ["ctx.request.", "ctx.", "contract."];
    match of_ctx.into_iter().find_map(|prefix| error.strip_prefix(prefix)) {
        Some(what) => {
            let param = what.split([':', '.', '[']).next().unwrap_or_default();
            let invalid = ApiError::invalid("invalid_type", what);
            ApiError { param: Some(param.to_owned()), ..invalid }
        }
        None => ApiError::invalid("invalid_body", error),
    }
}

/// Status, type and code of the error of a run.
fn classify(error: &str, attempts: &Attempts<'_>) -> (StatusCode, &'static str, String) {
    let kind = error.strip_prefix("exhausted: ").unwrap_or(error);
    let exhausted = format!("exhausted: {kind}");
    let same = attempts.all_are(kind);
    match kind {
        "no_candidates" => (StatusCode::SERVICE_UNAVAILABLE, ROUTER, kind.to_owned()),
        "bad_request" | "context_overflow" => {
            (StatusCode::BAD_REQUEST, INVALID_REQUEST, kind.to_owned())
        }
        "unsupported" if same => (StatusCode::BAD_REQUEST, INVALID_REQUEST, kind.to_owned()),
        // a client that is told so of some would wait, or look for its key, where the others failed
        "rate_limit" if same => (StatusCode::TOO_MANY_REQUESTS, ROUTER, exhausted),
        "auth_error" if same => (StatusCode::UNAUTHORIZED, ROUTER, exhausted),
        "timeout" => (StatusCode::GATEWAY_TIMEOUT, ROUTER, exhausted),
        "deadline" => (StatusCode::GATEWAY_TIMEOUT, ROUTER, "exhausted: timeout".to_owned()),
        _ => (StatusCode::BAD_GATEWAY, ROUTER, exhausted),
    }
}

/// What was tried.
struct Attempts<'o>(Vec<&'o Value>);

impl<'o> Attempts<'o> {
    fn of(trace: &'o Value) -> Self {
        let path = trace.get("decision_path").and_then(Value::as_array);
        let attempted = |event: &&Value| text(event, "event") == Some("attempted");
        Self(path.into_iter().flatten().filter(attempted).collect())
    }

    fn all_are(&self, kind: &str) -> bool {
        self.0.iter().all(|event| text(event, "error_kind") == Some(kind))
    }

    /// `alpha/small=server_error(500) "…"`, the last of them if there are many.
    fn summary(&self) -> Option<String> {
        let skipped = self.0.len().saturating_sub(SUMMARIES);
        let one = |event: &&Value| {
            let (provider, model) = (text(event, "provider_id"), text(event, "model_family"));
            let (provider, model) = (provider.unwrap_or("?"), model.unwrap_or("?"));
            let kind = text(event, "error_kind").unwrap_or("unknown");
            let status = event.get("http_status").and_then(Value::as_f64);
            let status = status.map_or_else(String::new, |status| format!("({status})"));
            let message = text(event, "error_message").unwrap_or_default();
            let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
            let line: String = line.chars().take(SUMMARY_CHARS).collect();
            format!("{provider}/{model}={kind}{status} \"{line}\"")
        };
        let all: Vec<_> = self.0.iter().skip(skipped).map(one).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}

fn text<'v>(event: &'v Value, key: &str) -> Option<&'v str> {
    event.get(key).and_then(Value::as_str)
}

/// A ranking that was not made.
pub(crate) fn of_ranking(error: &RouterError, has_policy: bool, envelope: bool) -> ApiError {
    match error {
        RouterError::Failed(error) => of_request(error, has_policy, envelope),
        error => of_router(error, has_policy),
    }
}

/// A run that could not be started or driven to its end.
pub(crate) fn of_router(error: &RouterError, has_policy: bool) -> ApiError {
    match error {
        RouterError::Engine(Error::Refused(refusal)) => {
            // the position is in a text that the client does not see
            let what = refusal.message.rsplit_once("column ").map(|(_, rest)| rest);
            let what = what.and_then(|rest| rest.split_once(": ")).map(|(_, what)| what);
            let invalid = ApiError::invalid("invalid_body", what.unwrap_or(&refusal.message));
            ApiError { param: has_policy.then(|| "policy_ir".to_owned()), ..invalid }
        }
        RouterError::Input(what) => {
            let what = what.strip_prefix("contract.").unwrap_or(what);
            ApiError::invalid("invalid_body", what)
        }
        RouterError::Engine(Error::Exhausted(Exhausted::Instances)) => ApiError {
            retry_after_s: Some(RETRY_AFTER_S),
            ..ApiError::new(
                StatusCode::SERVICE_UNAVAILABLE,
                ROUTER,
                "router_overloaded",
                "too many decisions at a time",
            )
        },
        // the ledger takes no record: what it would tell of has not happened
        RouterError::Engine(Error::Wrapper(_)) if error.code().starts_with("ledger ") => {
            ApiError::new(
                StatusCode::SERVICE_UNAVAILABLE,
                ROUTER,
                "not_recorded",
                "the decision cannot be recorded, and so it is not made",
            )
        }
        RouterError::Engine(Error::Exhausted(what)) if has_policy => {
            let message = format!("policy_ir takes more than a decision may: {what:?}");
            ApiError::invalid("policy_too_expensive", message)
        }
        _ => ApiError::internal(),
    }
}
