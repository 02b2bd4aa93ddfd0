//! The request that a run sends to a candidate.

use alloc::vec::Vec;

use crate::json::{Member, Object, Value};

/// How long a call may take when neither the contract nor its requirements say, in milliseconds.
const TIMEOUT_MS: f64 = 30_000.0;

/// The request for one candidate, before the policy's transform.
pub fn build_request<'a>(contract: &Value<'a>, candidate: &Value<'a>) -> Vec<Member<'a>> {
    let messages = match (contract.get("messages"), contract.get("prompt")) {
        (Some(messages @ (Value::Array(_) | Value::Object(_))), _) => messages.clone(),
        (_, Some(prompt)) => {
            let message = Object::new().text("role", "user").with("content", prompt.clone());
            Value::Array(Vec::from([message.build()]))
        }
        _ => Value::Array(Vec::new()),
    };
    let latency = contract.get("requirements").and_then(|r| r.get("max_latency_ms"));
    let timeout = contract.get("timeout_ms").or(latency).cloned();
    let request = Object::new()
        .copy(
            candidate,
            &[
                "provider_id",
                "model_family",
                "served_model_id",
                "protocol",
                "base_url",
                "aws_region",
                "api_kind",
                "auth_env",
                "auth",
            ],
        )
        .with("messages", messages)
        .copy(
            contract,
            &["tools", "response_format", "images", "temperature", "seed", "max_tokens"],
        )
        .with("timeout_ms", timeout.unwrap_or(Value::Number(TIMEOUT_MS)));
    let market = candidate.get("discovery").and_then(Value::as_str) == Some("marketplace");
    let request = if market { request.copy(candidate, &["offer"]) } else { request };
    request.into_members()
}
