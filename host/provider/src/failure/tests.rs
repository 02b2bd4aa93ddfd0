use serde_json::json;

use super::*;
use crate::config::Secret;

static NONE: BTreeMap<String, ErrorKind> = BTreeMap::new();

fn reader(api: Api) -> Reader<'static> {
    Reader { api, error_map: &NONE, scrub: Scrub::default() }
}

fn said(status: u16, body: &str) -> (&'static str, String) {
    let error = reader(Api::OpenAi).of_status(status, body);
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
        (524, "timeout"),
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
    assert_eq!(said(500, r#"{"error": "a\nb"}"#), ("server_error", "a\\nb".to_owned()));
    assert_eq!(said(500, r#"[{"error": {"message": "list"}}]"#).1, "list");
    assert_eq!(said(422, r#"{"detail": [{"msg": "field required"}]}"#).1, "field required");
    assert_eq!(said(500, &"x".repeat(300)).1, "x".repeat(200));
    assert_eq!(said(302, "").1, "status 302: redirects are not followed");
    assert_eq!(said(503, " ").1, "status 503");
}

/// Bodies as servers send them.
#[test]
fn what_servers_say() {
    let body = |message: &str| json!({"error": {"message": message}}).to_string();
    let google = |status: u16, message: &str, reason: &str| {
        json!({"error": {"code": status, "message": message, "status": "INVALID_ARGUMENT", "details": [
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]}})
        .to_string()
    };
    let anthropic = |kind: &str, message: &str| {
        json!({"type": "error", "error": {"type": kind, "message": message}}).to_string()
    };
    for (api, status, body, kind) in [
        (Api::Google, 400, google(400, "API key not valid. Please pass a valid API key.", "API_KEY_INVALID"), "auth_error"),
        (Api::Google, 400, google(400, "Sorry", "API_KEY_INVALID"), "auth_error"),
        (Api::Google, 400, google(400, "The input token count (9) exceeds the maximum number of tokens allowed (8).", ""), "context_overflow"),
        (Api::Google, 400, google(400, "Invalid value at 'contents'", ""), "bad_request"),
        (Api::Google, 429, google(429, "You exceeded your current quota, please check your plan", ""), "rate_limit"),
        (Api::Anthropic, 400, anthropic("invalid_request_error", "Your credit balance is too low to access the Anthropic API."), "payment_required"),
        (Api::Anthropic, 400, anthropic("invalid_request_error", "You have reached your specified API usage limits."), "payment_required"),
        (Api::Anthropic, 400, anthropic("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"), "context_overflow"),
        (Api::Anthropic, 400, anthropic("invalid_request_error", "input length and `max_tokens` exceed context limit: 9 + 1 > 8"), "context_overflow"),
        (Api::Anthropic, 400, anthropic("invalid_request_error", "Output blocked by content filtering policy"), "content_filter"),
        (Api::Anthropic, 402, anthropic("billing_error", "x"), "payment_required"),
        (Api::Anthropic, 413, anthropic("request_too_large", "x"), "context_overflow"),
        (Api::OpenAi, 413, json!({"error": {"message": "Request too large for model on tokens per minute (TPM): Limit 6000, Requested 14368", "type": "tokens", "code": "rate_limit_exceeded"}}).to_string(), "rate_limit"),
        (Api::OpenAi, 429, json!({"error": {"code": "insufficient_quota", "message": "Pay"}}).to_string(), "payment_required"),
        (Api::OpenAi, 400, json!({"object": "error", "message": "This model's maximum context length is 8 tokens.", "type": "BadRequestError", "code": 400}).to_string(), "context_overflow"),
        (Api::OpenAi, 500, json!({"error": {"code": 500, "message": "the request exceeds the available context size. try increasing the context size", "type": "exceed_context_size_error"}}).to_string(), "context_overflow"),
        (Api::OpenAi, 422, json!({"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048", "error_type": "validation"}).to_string(), "context_overflow"),
        (Api::OpenAi, 400, json!({"error": "Trying to keep the first 9 tokens when context the overflows. However, the model is loaded with context length of only 8 tokens"}).to_string(), "context_overflow"),
        (Api::Ollama, 400, json!({"error": "the input length exceeds the context length"}).to_string(), "context_overflow"),
        (Api::OpenAi, 400, json!({"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": "{\"error\":{\"message\":\"prompt is too long\"}}"}}}).to_string(), "context_overflow"),
        (Api::OpenAi, 403, json!({"error": {"message": "Your chosen model requires moderation and your input was flagged", "code": 403, "metadata": {"reasons": ["violence"]}}}).to_string(), "content_filter"),
        (Api::OpenAi, 400, json!({"error": {"message": "x", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}).to_string(), "content_filter"),
        (Api::OpenAi, 400, body("xai is not a valid model ID"), "model_unavailable"),
        (Api::OpenAi, 400, body("Incorrect API key provided"), "auth_error"),
        (Api::OpenAi, 400, body("API key not valid. Please pass a valid API key."), "auth_error"),
        (Api::Anthropic, 400, body("The API key is invalid"), "auth_error"),
        (Api::OpenAi, 400, body("messages[0].content is required"), "bad_request"),
        (Api::OpenAi, 502, "<html>maximum context length</html>".to_owned(), "server_error"),
    ] {
        let error = reader(api).of_status(status, &body);
        assert_eq!(error.kind.name(), kind, "{status} {body}");
    }
}

#[test]
fn errors_after_the_status() {
    let kind = |body: serde_json::Value| {
        let text = body.to_string();
        let body = Object::of(json::value(&text).unwrap()).unwrap();
        let error = reader(Api::OpenAi).in_body(&body, &text);
        error.map(|error| error.to_string())
    };
    assert_eq!(kind(json!({"choices": []})), None);
    assert_eq!(kind(json!({"error": null})), None);
    for (error, text) in [
        (json!({"type": "overloaded_error", "message": "Overloaded"}), "server_error: Overloaded"),
        (json!({"type": "rate_limit_error", "message": "slow"}), "rate_limit: slow"),
        (json!({"code": 429, "message": "slow"}), "rate_limit: slow"),
        (json!({"code": "429", "message": "slow"}), "rate_limit: slow"),
        (json!({"status": "RESOURCE_EXHAUSTED", "message": "slow"}), "rate_limit: slow"),
        (json!({"code": "context_length_exceeded", "message": "long"}), "context_overflow: long"),
        (json!("broken"), "server_error: broken"),
        (json!({"a": 1}), "server_error: {\"a\":1}"),
    ] {
        assert_eq!(kind(json!({ "error": error })).as_deref(), Some(text));
        assert_eq!(kind(json!({"choices": [{"error": error}]})).as_deref(), Some(text));
    }
    let error = json!({"object": "error", "message": "slow", "code": 429});
    assert_eq!(kind(error).as_deref(), Some("rate_limit: slow"));
}

#[test]
fn the_map_goes_first() {
    let map = BTreeMap::from([
        ("busy".to_owned(), ErrorKind::RateLimit),
        ("not served".to_owned(), ErrorKind::ModelUnavailable),
    ]);
    let reader = Reader { error_map: &map, ..reader(Api::OpenAi) };
    let kind = |body| reader.of_status(400, body).kind;
    assert_eq!(kind(r#"{"error": "Not served while BUSY"}"#), ErrorKind::RateLimit);
    assert_eq!(kind("not SERVED"), ErrorKind::ModelUnavailable);
    assert_eq!(kind("other"), ErrorKind::BadRequest);
}

/// Wherever the cut of a message falls, nothing of the key is before it.
#[test]
fn a_key_across_the_cut() {
    let key = "sk-0123456789abcdefghijklmnop";
    let scrub = Scrub::new(Secret::new(key).as_ref());
    let reader = Reader { scrub, ..reader(Api::OpenAi) };
    let escaped: String = key.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let percent: String = key.bytes().map(|byte| format!("%{byte:02x}")).collect();
    for form in [key, &escaped, &percent] {
        for before in (0..40_000).step_by(977).chain(185..205).chain(970..1005) {
            let filler = "x".repeat(before);
            for body in [
                format!("{filler}{form}"),
                format!(r#"{{"error": {{"message": "{filler}{form}"}}}}"#),
                format!(r#"{{"error": {{"other": "{filler}{form}"}}}}"#),
                form.repeat(before % 50),
            ] {
                let message = reader.of_status(500, &body).message;
                for part in [4, key.len()] {
                    assert!(!message.contains(&key[..part]), "{before} {form}");
                }
                assert!(!message.contains("\\u0073\\u006b"), "{before} {message}");
                assert!(!message.contains("%73%6b"), "{before} {message}");
            }
        }
    }
}
