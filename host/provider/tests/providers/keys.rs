//! A key is nowhere in what is told of a call, wherever a provider puts it.

use serde_json::{Value, json};

use crate::{KEY, Setup};

const PROVIDERS: [&str; 4] = ["anthropic", "google", "ollama", "openai_compatible"];

/// Forms in which a provider can repeat what it was sent.
fn forms() -> Vec<String> {
    let escaped: String = KEY.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let percent: String = KEY.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let octal: String = KEY.bytes().map(|byte| format!("\\{byte:03o}")).collect();
    let list = |write: fn(u8) -> String, between: &str| {
        KEY.bytes().map(write).collect::<Vec<_>>().join(between)
    };
    // coreutils' base64 of "Bearer sk-secret-1"
    let base64 = "QmVhcmVyIHNrLXNlY3JldC0x".to_owned();
    let hex = list(|byte| format!("{byte:02X}"), ":");
    let array = list(|byte| byte.to_string(), ", ");
    vec![KEY.to_owned(), KEY.to_uppercase(), escaped, percent, octal, base64, hex, array]
}

/// What must be nowhere: the key, and what its forms have that nothing else has.
fn is_clean(text: &str) -> bool {
    let parts = [
        KEY,
        "secret",
        "SECRET",
        "\\u0073\\u006b",
        "\\163\\145",
        "%73%6B",
        "c2stc2VjcmV0",
        "NrLXNlY3Jld",
        "zay1zZWNyZX",
        "73:65:63",
        "115, 101, 99",
    ];
    parts.iter().all(|part| !text.contains(part))
}

/// Bodies of failures with a text in every place.
fn bodies(form: &str) -> Vec<Value> {
    vec![
        json!({"error": {"message": format!("invalid key {form}")}}),
        json!({"error": {"code": form, "type": form, "details": [{"reason": form}]}}),
        json!({"error": form}),
        json!({"detail": [{"msg": form, "input": {"authorization": form}}]}),
        json!([{"error": {"message": form}}]),
        json!({"headers": {"x-api-key": form}}),
        json!(format!("<html>{form}</html>")),
        json!(format!("{}{form}", "x".repeat(195))),
        json!({"error": {"message": format!("{}{form}", "x".repeat(990))}}),
        json!(format!("{{\"error\": {{\"message\": \"{form}")),
        json!({"promptFeedback": {"blockReason": form}}),
        json!({"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL", "finishMessage": form}]}),
        json!({"choices": [{"message": {"refusal": form}, "error": {"message": form}}]}),
        json!({"choices": [{"message": {"refusal": form}}]}),
        json!({"choices": [{"message": {"content": ""}, "finish_reason": form}]}),
        json!({"content": [], "stop_reason": form}),
        json!({"message": {"content": ""}, "done": true, "done_reason": form}),
    ]
}

#[tokio::test]
async fn in_failures() {
    let bodies = forms().into_iter().flat_map(|form| bodies(&form));
    let steps: Vec<_> = bodies
        .flat_map(|body| {
            [200, 302, 400, 401, 500].map(|status| json!({"status": status, "body": body}))
        })
        .collect();
    // each provider takes each step, whole and streamed
    let script: Vec<_> = steps.iter().flat_map(|step| vec![step.clone(); 8]).collect();
    let setup = Setup::new(json!(script)).await;
    for step in steps {
        for provider in PROVIDERS {
            let whole = setup.call(provider, json!({})).await;
            let (streamed, _) = setup.stream(provider, json!({})).await;
            for error in [whole.unwrap_err(), streamed.unwrap_err()] {
                assert!(is_clean(&format!("{error:?} {error}")), "{provider} {step}: {error:?}");
            }
        }
    }
}

#[tokio::test]
async fn in_streams() {
    for event in [
        format!("data: {KEY}\n\n"),
        format!("event: error\ndata: {KEY}\n\n"),
        format!("event: error\ndata: {{\"message\": \"{KEY}\"}}\n\n"),
        format!("data: {{\"error\": {{\"message\": \"{KEY}\"}}}}\n\n"),
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"a\"}}}}]}}\n\ndata: {{{KEY}\n\n"),
        format!("{KEY}\n\n"),
    ] {
        let setup = Setup::new(json!([{"raw": [event]}])).await;
        let (streamed, _) = setup.stream("openai_compatible", json!({})).await;
        let error = streamed.unwrap_err();
        assert!(is_clean(&format!("{error:?}")), "{event:?}: {error:?}");
    }
}

/// What the model says is the answer; what stands beside it is not.
#[tokio::test]
async fn beside_answers() {
    for form in forms() {
        let call = json!({"name": form, "id": form, "arguments": "{}", "thought_signature": form});
        let setup = Setup::new(json!([{"text": "ok", "finish_reason": form, "tool_calls": [call],
            "headers": {"x-request-id": "sk-secret-1"}}]))
        .await;
        for provider in PROVIDERS {
            let members = json!({"served_model_id": form});
            for answer in [
                setup.call(provider, members.clone()).await.unwrap(),
                setup.stream(provider, members.clone()).await.0.unwrap(),
            ] {
                assert_eq!(answer.text, "ok");
                let shown: Value = serde_json::to_value(&answer).unwrap();
                assert!(is_clean(&shown.to_string()), "{provider} {form}: {shown}");
            }
        }
    }
}
