//! Which kind of failure a response is, and what it says.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::{CallError, ErrorKind};

/// The most characters of a provider's message.
const MESSAGE_CHARS: usize = 1000;
/// The most characters of a body that is not known to have a message.
const BODY_CHARS: usize = 200;

/// What a 4xx says when there are too many tokens.
const OVERFLOW: [&str; 4] = [
    "context_length_exceeded",
    "exceeds the maximum number of tokens",
    "maximum context length",
    "prompt is too long",
];
/// What a 4xx says when the request is refused for what it asks.
const FILTER: [&str; 3] = ["content management policy", "content_filter", "content_policy"];

/// The failure of a response with a status other than 2xx.
pub(super) fn failure(
    status: u16,
    body: &str,
    error_map: &BTreeMap<String, ErrorKind>,
) -> CallError {
    let json = serde_json::from_str(body).unwrap_or(Value::Null);
    let message = message(&json).unwrap_or_else(|| match body.trim() {
        "" if status / 100 == 3 => format!("status {status}: redirects are not followed"),
        "" => format!("status {status}"),
        text => excerpt(text, BODY_CHARS),
    });
    let kind = mapped(body, error_map).unwrap_or_else(|| kind(status, &evidence(&json, &message)));
    CallError { kind, http_status: Some(status), message, retry_after_ms: None }
}

/// The failure that a 2xx has in its body, or in an event of a stream, if there is one.
pub(super) fn in_body(body: &Value, error_map: &BTreeMap<String, ErrorKind>) -> Option<CallError> {
    let error = body.get("error").filter(|error| !error.is_null())?;
    let message = message(body).unwrap_or_else(|| excerpt(&error.to_string(), BODY_CHARS));
    let evidence = evidence(body, &message);
    let status = error.get("code").and_then(Value::as_u64).and_then(|code| code.try_into().ok());
    let status = status.filter(|status| (400..600).contains(status));
    let kind = mapped(&body.to_string(), error_map)
        .unwrap_or_else(|| kind(status.unwrap_or_else(|| meant(error)), &evidence));
    Some(CallError::new(kind, message))
}

/// The status that the type of an error stands for, where the status itself is out already.
fn meant(error: &Value) -> u16 {
    match error.get("type").and_then(Value::as_str) {
        Some("authentication_error") => 401,
        Some("billing_error") => 402,
        Some("invalid_request_error") => 400,
        Some("not_found_error") => 404,
        Some("permission_error") => 403,
        Some("rate_limit_error") => 429,
        Some("request_too_large") => 413,
        Some("timeout_error") => 504,
        _ => 500,
    }
}

/// The kind of a status. The evidence, in lower case, is what the provider says besides.
fn kind(status: u16, evidence: &str) -> ErrorKind {
    let says = |needles: &[&str]| needles.iter().any(|needle| evidence.contains(needle));
    match status {
        401 | 403 => ErrorKind::AuthError,
        402 => ErrorKind::PaymentRequired,
        404 => ErrorKind::ModelUnavailable,
        408 | 504 => ErrorKind::Timeout,
        413 => ErrorKind::ContextOverflow,
        429 if says(&["insufficient_quota"]) => ErrorKind::PaymentRequired,
        429 => ErrorKind::RateLimit,
        400..500 if says(&OVERFLOW) => ErrorKind::ContextOverflow,
        400..500 if says(&FILTER) => ErrorKind::ContentFilter,
        400..500 => ErrorKind::BadRequest,
        500..600 => ErrorKind::ServerError,
        300..400 => ErrorKind::BadResponse,
        _ => ErrorKind::Unknown,
    }
}

fn mapped(body: &str, error_map: &BTreeMap<String, ErrorKind>) -> Option<ErrorKind> {
    let body = body.to_lowercase();
    error_map.iter().find(|(substring, _)| body.contains(*substring)).map(|(_, kind)| *kind)
}

/// Message, code, status and type of an error, in lower case.
fn evidence(body: &Value, message: &str) -> String {
    let error = body.get("error").unwrap_or(body);
    let named = ["code", "status", "type"].map(|key| error.get(key).and_then(Value::as_str));
    let words: Vec<_> = named.into_iter().flatten().chain([message]).collect();
    words.join("\n").to_lowercase()
}

/// What the provider says, where it says it.
fn message(body: &Value) -> Option<String> {
    let body = body.get(0).unwrap_or(body);
    let message = ["/error/message", "/error", "/message", "/detail"]
        .iter()
        .find_map(|pointer| body.pointer(pointer).and_then(Value::as_str))?;
    Some(excerpt(message, MESSAGE_CHARS)).filter(|message| !message.is_empty())
}

/// The start of a text. No control character reaches a terminal.
pub(super) fn excerpt(text: &str, chars: usize) -> String {
    let mut excerpt = String::new();
    for character in text.trim().chars().take(chars) {
        if character.is_control() {
            excerpt.extend(character.escape_default());
        } else {
            excerpt.push(character);
        }
    }
    excerpt
}

/// How long the provider asks to wait.
pub(super) fn retry_after_ms(headers: &HeaderMap, now: SystemTime) -> Option<u64> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let exact = text("retry-after-ms").and_then(|text| text.trim().parse().ok());
    exact.or_else(|| {
        let text = text("retry-after")?.trim();
        let wait = match text.parse() {
            Ok(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
            Err(_) => {
                let time = httpdate::parse_http_date(text).ok()?;
                time.duration_since(now).unwrap_or_default()
            }
        };
        wait.as_millis().try_into().ok()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(status: u16, body: &str) -> (&'static str, String) {
        let error = failure(status, body, &BTreeMap::new());
        assert_eq!(error.http_status, Some(status));
        (error.kind.name(), error.message)
    }

    #[test]
    fn kinds_of_statuses() {
        for (status, kind) in [
            (304, "bad_response"),
            (400, "bad_request"),
            (401, "auth_error"),
            (402, "payment_required"),
            (403, "auth_error"),
            (404, "model_unavailable"),
            (408, "timeout"),
            (413, "context_overflow"),
            (418, "bad_request"),
            (422, "bad_request"),
            (429, "rate_limit"),
            (500, "server_error"),
            (504, "timeout"),
            (529, "server_error"),
            (600, "unknown"),
        ] {
            assert_eq!(said(status, "no").0, kind, "{status}");
        }
    }

    #[test]
    fn what_a_body_says() {
        let body = json!({"error": {"code": "context_length_exceeded", "message": "Too long"}});
        assert_eq!(said(400, &body.to_string()), ("context_overflow", "Too long".to_owned()));
        let body = json!({"error": {"message": "Prompt is too long: 9 tokens > 8 maximum"}});
        assert_eq!(said(400, &body.to_string()).0, "context_overflow");
        let body = json!({"error": {"code": "content_filter", "message": "No"}});
        assert_eq!(said(400, &body.to_string()), ("content_filter", "No".to_owned()));
        let body = json!({"error": {"code": "insufficient_quota", "message": "Pay"}});
        assert_eq!(said(429, &body.to_string()), ("payment_required", "Pay".to_owned()));
        assert_eq!(said(500, r#"{"error": "a\nb"}"#), ("server_error", "a\\nb".to_owned()));
        assert_eq!(said(500, r#"[{"error": {"message": "list"}}]"#).1, "list");
        assert_eq!(said(500, &"x".repeat(300)).1, "x".repeat(200));
        assert_eq!(said(302, "").1, "status 302: redirects are not followed");
        assert_eq!(said(503, " ").1, "status 503");
    }

    #[test]
    fn errors_after_the_status() {
        let none = BTreeMap::new();
        let kind = |body| in_body(&body, &none).map(|error| error.to_string());
        assert_eq!(kind(json!({"choices": []})), None);
        assert_eq!(kind(json!({"error": null})), None);
        for (error, text) in [
            (
                json!({"type": "overloaded_error", "message": "Overloaded"}),
                "server_error: Overloaded",
            ),
            (json!({"type": "rate_limit_error", "message": "slow"}), "rate_limit: slow"),
            (json!({"code": 429, "message": "slow"}), "rate_limit: slow"),
            (json!("broken"), "server_error: broken"),
            (json!({"a": 1}), "server_error: {\"a\":1}"),
        ] {
            assert_eq!(kind(json!({"error": error})).as_deref(), Some(text));
        }
    }

    #[test]
    fn the_map_goes_first() {
        let map = BTreeMap::from([
            ("busy".to_owned(), ErrorKind::RateLimit),
            ("not served".to_owned(), ErrorKind::ModelUnavailable),
        ]);
        let error = failure(400, r#"{"error": "Not served while BUSY"}"#, &map);
        assert_eq!(error.kind, ErrorKind::RateLimit);
        assert_eq!(failure(400, "not SERVED", &map).kind, ErrorKind::ModelUnavailable);
        assert_eq!(failure(400, "other", &map).kind, ErrorKind::BadRequest);
    }

    #[test]
    fn how_long_to_wait() {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        for (name, value, wait) in [
            ("retry-after", "2", Some(2000)),
            ("retry-after", "0.5", Some(500)),
            ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT", Some(30_000)),
            ("retry-after", "Sun, 06 Nov 1994 08:49:07 GMT", Some(0)),
            ("retry-after", "-1", None),
            ("retry-after", "inf", None),
            ("retry-after", "soon", None),
            ("retry-after-ms", "250", Some(250)),
            ("other", "1", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            assert_eq!(retry_after_ms(&headers, now), wait, "{name}: {value}");
        }
    }
}
