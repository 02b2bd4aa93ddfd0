//! Requests as clients send them: what they said is what a provider gets, text for text.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

#[path = "../../../tests/captured.rs"]
mod captured;
#[path = "../../../tests/shared.rs"]
mod shared;

use std::sync::Arc;

use captured::{Captured, captured};
use serde_json::{Value, json, value::RawValue};
use sigmapol_core::json::Members;
use sigmapol_mock::MockProvider;
use sigmapol_provider::Http;
use sigmapol_router::{Config, Router};

/// What the route says, and not the client.
const OF_THE_ROUTE: [&str; 3] = ["model", "stream", "stream_options"];

/// The name of the model at the provider.
const SERVED: &str = "\"served-1\"";

/// What a client may say, whoever it is: numbers without a double, names and texts in escapes, members
/// that are there twice, white space, `null`.
const OWN: &str = r#" { "tem\u0070erature" : 1.10,
  "messages": [ {"role":"user","content":"\u00e9\ud83d\ude00\/","x":null,"x":1e400} , {"role":
    "assistant","content":null,"refusal":null,"tool_calls":[{"id":"call_1","type":"function",
    "function":{"name":"f","arguments":"{\"n\":9007199254740993,\"n\":1.10,\"s\":\"\\u00e9\"}"}}]},
    {"role":"tool","tool_call_id":"call_1","content":"1"}],
  "tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object",
    "properties":{"n":{"default":null,"minimum":-0.0,"maximum":18446744073709551616,"m\u0061x":1,
    "max":2}}, "required":[ ]}}}],
  "model":"gpt\u002d5", "stop":null, "n":1, "user":"\u2028", "top_p":9e-1 } "#;

/// The requests to `/chat/completions`, and one that nobody sent.
fn chats() -> Vec<Captured> {
    let mut requests = from_the_field(true);
    requests.push(Captured {
        file: "own".to_owned(),
        target: "/v1/chat/completions".to_owned(),
        headers: Value::Null,
        body: OWN.to_owned(),
    });
    requests
}

/// Those from the field to an API, or to any other.
fn from_the_field(chat: bool) -> Vec<Captured> {
    captured(env!("CARGO_MANIFEST_DIR"), |path| path.ends_with("/chat/completions") == chat)
}

/// One offer, behind a policy with this transform.
fn router(mock: &MockProvider, api_kind: &str, transform: &Value) -> Router {
    let policy = json!(["policy", ["meets_req"], ["zero"], ["argmax"], transform,
        ["always", {"action": "next_candidate"}]]);
    let config = json!({
        "providers": {"p": {"discovery": "static", "api_kind": api_kind,
            "auth": {"kind": "none"}, "base_url": mock.url("p")}},
        "models": {"m": {"capabilities": {"supports_tools": true, "supports_vision": true, "supports_json_mode": true},
            "served_by": [{"provider": "p", "provider_model_id": "served-1"}]}},
        "profiles": {"default": {"policy_ir": policy}},
    });
    let config = Config::from_json(&config.to_string()).unwrap();
    let http = Http::new(config.value()).unwrap();
    Router::builder(config).provider(Arc::new(http)).build().unwrap()
}

/// The members of an object with their texts, in their order.
fn members(text: &str) -> Vec<(String, String)> {
    let members: Members<'_> = serde_json::from_str(text).unwrap();
    members.0.into_iter().map(|(key, value)| (key, value.get().to_owned())).collect()
}

fn streams(body: &str) -> bool {
    members(body).iter().any(|(key, value)| key == "stream" && value == "true")
}

/// What has to arrive: the client's members, with those of the route, and one that a policy set.
fn expected(body: &str, set: Option<(&str, &str)>) -> Vec<(String, String)> {
    let mut expected = Vec::new();
    for (key, value) in members(body) {
        match (key.as_str(), set) {
            ("model", _) => expected.push((key, SERVED.to_owned())),
            (name, _) if OF_THE_ROUTE.contains(&name) && !streams(body) => {}
            ("stream_options", _) => expected.push((key, r#"{"include_usage":true}"#.to_owned())),
            (name, Some((parameter, text))) if name == parameter => {
                expected.push((key, text.to_owned()));
            }
            _ => expected.push((key, value)),
        }
    }
    let mut add = |key: &str, value: &str| {
        if !expected.iter().any(|(name, _)| name == key) {
            expected.push((key.to_owned(), value.to_owned()));
        }
    };
    if let Some((parameter, text)) = set {
        add(parameter, text);
    }
    if streams(body) {
        add("stream_options", r#"{"include_usage":true}"#);
    }
    expected
}

async fn arrives(transform: Value, set: Option<(&str, &str)>) {
    let mut wrong = Vec::new();
    for Captured { file, body, .. } in chats() {
        if let Err(what) = arrives_of(&body, &transform, set).await {
            wrong.push(format!("{file}: {what}"));
        }
    }
    assert!(wrong.is_empty(), "{} requests:\n{}", wrong.len(), wrong.join("\n"));
}

/// Nothing, if what arrives is what the client said, else what is wrong.
async fn arrives_of(
    body: &str,
    transform: &Value,
    set: Option<(&str, &str)>,
) -> Result<(), String> {
    let mock = MockProvider::start("", 0).await.unwrap();
    let run = router(&mock, "openai_compatible", transform)
        .start(body)
        .map_err(|error| error.to_string())?;
    let outcome =
        if streams(body) { run.stream(&mut |_| {}).await } else { run.answer().await }.unwrap();
    if !outcome.ok {
        return Err(format!("refused: {:?}", outcome.error));
    }
    let received = mock.requests();
    let [request] = received.as_slice() else { return Err(format!("{} calls", received.len())) };
    let (sent, expected) = (members(&request.text), expected(body, set));
    for (at, pair) in expected.iter().enumerate() {
        if sent.get(at) != Some(pair) {
            return Err(format!("expected {pair:?} at {at}, got {:?}", sent.get(at)));
        }
    }
    if sent.len() > expected.len() { Err(format!("{:?}", sent.last())) } else { Ok(()) }
}

#[tokio::test]
async fn what_a_client_says_arrives() {
    arrives(json!(["id"]), None).await;
}

#[tokio::test]
async fn what_a_policy_sets_is_all_that_differs() {
    arrives(json!(["set_param", "temperature", 0.25]), Some(("temperature", "0.25"))).await;
    arrives(json!(["set_param", "top_p", 0.5]), Some(("top_p", "0.5"))).await;
}

/// A member of an object, as it stands in the text.
fn member(object: &str, name: &str) -> Option<String> {
    members(object).into_iter().rfind(|(key, _)| key == name).map(|(_, value)| value)
}

/// The elements of an array, as they stand in the text; none where it is missing.
fn items(array: Option<String>) -> Vec<String> {
    let Some(array) = array.filter(|text| text != "null") else { return Vec::new() };
    let items: Vec<Box<RawValue>> = serde_json::from_str(&array).unwrap();
    items.into_iter().map(|item| item.get().to_owned()).collect()
}

/// Names with the text of something.
type Texts = Vec<(String, String)>;

/// The functions of `tools`, and the calls in `messages`: name, and schema or arguments.
fn said(body: &str) -> (Texts, Texts) {
    let function = |item: String| member(&item, "function").unwrap();
    let schemas = items(member(body, "tools")).into_iter().map(function).map(|function| {
        (member(&function, "name").unwrap(), member(&function, "parameters").unwrap())
    });
    let messages = items(member(body, "messages")).into_iter();
    let calls = messages.flat_map(|message| items(member(&message, "tool_calls")));
    let calls = calls.map(function).map(|function| {
        let arguments = member(&function, "arguments").unwrap();
        let text: String = serde_json::from_str(&arguments).unwrap();
        (member(&function, "name").unwrap(), text)
    });
    (schemas.collect(), calls.collect())
}

/// The same of what arrives.
fn arrived(api_kind: &str, text: &str) -> (Texts, Texts) {
    let tools = items(member(text, "tools"));
    let (tools, schema) = match api_kind {
        "google" => {
            let declared = |tool: String| items(member(&tool, "functionDeclarations"));
            (tools.into_iter().flat_map(declared).collect(), "parametersJsonSchema")
        }
        _ => (tools, "input_schema"),
    };
    let named = |text: &str, what: &str| {
        let value = member(text, what).unwrap_or_else(|| panic!("no {what}: {text}"));
        (member(text, "name").unwrap(), value)
    };
    let schemas = tools.iter().map(|tool| named(tool, schema)).collect();
    let (turns, parts) = match api_kind {
        "google" => ("contents", "parts"),
        _ => ("messages", "content"),
    };
    let parts = items(member(text, turns)).into_iter().flat_map(|turn| items(member(&turn, parts)));
    let calls = parts.filter_map(|part| match api_kind {
        "google" => member(&part, "functionCall").map(|call| named(&call, "args")),
        _ => (member(&part, "type")? == "\"tool_use\"").then(|| named(&part, "input")),
    });
    (schemas, calls.collect())
}

/// Schemas of tools and arguments of calls are the client's JSON in every dialect, number by number.
#[tokio::test]
async fn tools_are_told_in_every_dialect() {
    let mut seen = (0, 0);
    for Captured { file, body, .. } in chats() {
        let conversation: Vec<String> = members(&body)
            .into_iter()
            .filter(|(key, _)| ["messages", "tools"].contains(&key.as_str()))
            .map(|(key, value)| format!("\"{key}\":{value}"))
            .collect();
        let contract = format!("{{{}}}", conversation.join(","));
        let expected = said(&contract);
        seen = (seen.0 + expected.0.len(), seen.1 + expected.1.len());
        for api_kind in ["anthropic", "google"] {
            let mock = MockProvider::start("", 0).await.unwrap();
            let run = router(&mock, api_kind, &json!(["id"])).start(&contract).unwrap();
            let outcome = run.answer().await.unwrap();
            assert!(outcome.ok, "{file}: {api_kind}: {}", outcome.trace);
            let text = mock.requests().pop().unwrap().text;
            assert_eq!(arrived(api_kind, &text), expected, "{file}: {api_kind}");
        }
    }
    assert!(seen.0 > 0 && seen.1 > 0, "{seen:?}");
}

/// What is asked of another API is asked in other words. It is refused by them and before anybody is
/// called, unless all of its words are those of a chat too.
#[tokio::test]
async fn other_requests_are_not_taken_for_chats() {
    for Captured { file, body, .. } in from_the_field(false) {
        let mock = MockProvider::start("", 0).await.unwrap();
        let error = match router(&mock, "openai_compatible", &json!(["id"])).start(&body) {
            Err(error) => error.to_string(),
            Ok(run) => {
                let outcome = run.answer().await.unwrap();
                if outcome.ok {
                    assert!(member(&body, "messages").is_some(), "{file}");
                    continue;
                }
                outcome.error.unwrap()
            }
        };
        let known = error.starts_with("contract: unknown key") || error.contains("json-null");
        assert!(known && mock.requests().is_empty(), "{file}: {error}");
    }
}
