//! What of a request for a message reaches a provider, and how.

use serde_json::{Value, json};
use sigmapol_core::json::Members;

use super::{PINS, everybody, sent};
use crate::fixture::{Gateway, message};

#[tokio::test]
async fn in_the_shape_of_openai() {
    let gateway = Gateway::with_config(&Value::Null, everybody).await;
    let image = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png",
        "data": "AAAA"}});
    let cached = json!({"type": "ephemeral"});
    let body = json!({"model": "pin:alpha/small",
        "system": [{"type": "text", "text": "Be brief.", "cache_control": cached}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "What?"}, image]},
            {"role": "system", "content": "Be quick."},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "s"},
                {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "7", "cache_control": cached}]}],
        "tools": [{"name": "f", "description": "F", "input_schema": {"type": "object"},
            "cache_control": cached}],
        "tool_choice": {"type": "any"},
        "stop_sequences": ["END"], "top_k": 5, "temperature": 0.5});
    let reply = gateway.message(body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let url = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}});
    assert_eq!(
        sent(&gateway).0,
        json!({"model": "small-2", "max_tokens": 64, "temperature": 0.5, "top_k": 5,
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "What?"}, url]},
                {"role": "system", "content": "Be quick."},
                {"role": "assistant", "content": null, "tool_calls": [{"id": "a",
                    "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}}]},
                {"role": "tool", "tool_call_id": "a", "content": "7"}],
            "tools": [{"type": "function", "function": {"name": "f", "description": "F",
                "parameters": {"type": "object"}}}],
            "tool_choice": "required", "stop": ["END"]})
    );
}

#[tokio::test]
async fn an_anthropic_provider_gets_it_as_it_came() {
    let gateway = Gateway::with_config(&Value::Null, everybody).await;
    let messages = r#"[{"role":"user","content":[{"type":"text","text":"\u00e9 \/","cache_control":{"type":"ephemeral"}}]},
        {"role":"assistant","content":[{"signature":"c2ln","thinking":"Hm.","type":"thinking"},{"type":"redacted_thinking","data":"x"},
        {"type":"tool_use","id":"toolu_1","name":"f","input":{"b":9007199254740993,"a":1.10}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"1","is_error":false}]}]"#;
    let others = r#""thinking":{"type":"adaptive","display":"omitted"},"temperature":1.0,"top_k":5,"metadata":{"user_id":"{\"a\":1}"},"output_config":{"effort":"high"},"context_management":{"edits":[]},"tools":[{"name":"f","input_schema":{"default":null},"defer_loading":true},{"type":"web_search_20250305","name":"web_search"}],"unheard_of":{"z":1e2}"#;
    let body = format!(
        r#"{{"model":"pin:beta/large","requirements":{{"tier":"partner"}},"system":[{{"type":"text","text":"Be."}}],"messages":{messages},"max_tokens":64.0,{others}}}"#
    );
    let headers =
        "anthropic-version: 2026-10-21\r\nanthropic-beta: a-1, b-2\r\nanthropic-beta: c\r\n";
    let reply = gateway.post_with("/v1/messages?beta=true", headers, &body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let expected = format!(
        r#"{{"model":"large","system":[{{"type":"text","text":"Be."}}],"messages":{messages},"max_tokens":64.0,{others}}}"#
    );
    assert_eq!(sent(&gateway).1, expected);
    // nothing was left out for a provider that gets it all
    assert_eq!(reply.json()["x_router"]["ignored"], Value::Null);
    let header = |name: &str| gateway.calls().pop().unwrap().headers.get(name).cloned();
    assert_eq!(header("anthropic-version").as_deref(), Some("2026-10-21"));
    assert_eq!(header("anthropic-beta").as_deref(), Some("a-1, b-2,c"));

    let ignored = ["thinking", "context_management", "unheard_of", "tools.web_search_20250305"];
    for pin in PINS.into_iter().filter(|pin| !pin.contains("beta")) {
        let body = body.replace("pin:beta/large", pin).replace(r#""tier":"partner""#, "");
        let reply = gateway.post_with("/v1/messages", headers, &body).await;
        assert_eq!(reply.status, 200, "{pin} {}", reply.body);
        let told = reply.json()["x_router"]["ignored"].clone();
        for name in ignored {
            assert!(told.as_array().unwrap().contains(&json!(name)), "{pin} {told}");
        }
        assert_eq!((header("anthropic-version"), header("anthropic-beta")), (None, None));
        let text = sent(&gateway).1;
        for gone in ["cache_control", "Hm.", "web_search", "effort", "_anthropic"] {
            assert!(!text.contains(gone), "{pin}: {gone} in {text}");
        }
    }
}

/// A policy acts on what goes on as it came, as on everything else.
#[tokio::test]
async fn what_a_policy_sets_is_sent() {
    let gateway = Gateway::with_config(&Value::Null, everybody).await;
    // the profile clamps the temperature to 1
    let reply = gateway.message(json!({"model": "pin:beta/large", "temperature": 1.5})).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(sent(&gateway).0["temperature"], 1);

    let policy = |transform: Value| {
        json!(["policy", ["meets_req"], ["neg", ["field", "price_out"]], ["argmax"], transform,
            ["always", {"action": "abort"}]])
    };
    let enabled = json!({"type": "enabled", "budget_tokens": 31_999});
    for (transform, changed) in [
        (
            json!(["clamp_param", "max_tokens", 1, 2000]),
            json!({"max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 1999}}),
        ),
        (json!(["set_param", "top_p", 0.5]), json!({"top_p": 0.5})),
        (
            json!(["set_param", "reasoning_effort", "low"]),
            json!({"output_config": {"effort": "low"}}),
        ),
    ] {
        let said = json!({"system": "Be brief.", "max_tokens": 32_000, "thinking": enabled,
            "output_config": {"effort": "high"}});
        let mut more = said.clone();
        more["policy_ir"] = policy(transform.clone());
        more["requirements"] = json!({"pin": {"provider": "beta", "model": "large"}});
        let reply = gateway.message(more).await;
        assert_eq!(reply.status, 200, "{transform} {}", reply.body);
        let mut expected = message(said);
        expected["model"] = json!("large");
        for (name, value) in changed.as_object().unwrap() {
            expected[name] = value.clone();
        }
        assert_eq!(sent(&gateway).0, expected, "{transform}");
    }
}

/// An effort is for models that are known to take one.
#[tokio::test]
async fn efforts_reach_those_that_reason() {
    let more = || json!({"model": "pin:alpha/small", "output_config": {"effort": "max"}});
    let gateway = Gateway::with_config(&Value::Null, everybody).await;
    gateway.message(more()).await;
    assert_eq!(sent(&gateway).0["reasoning_effort"], Value::Null);
    let gateway = Gateway::with_config(&Value::Null, |config| {
        everybody(config);
        config["models"]["small"]["capabilities"]["supports_reasoning"] = json!(true);
    })
    .await;
    gateway.message(more()).await;
    assert_eq!(sent(&gateway).0["reasoning_effort"], "high");
}

/// What only Anthropic's models can be told is told to nobody else.
#[tokio::test]
async fn what_others_cannot_be_told() {
    let gateway = Gateway::with_config(&Value::Null, everybody).await;
    let url = json!({"type": "url", "url": "https://a/b.pdf"});
    let document = json!([{"type": "document", "source": url}, {"type": "text", "text": "Read."}]);
    let messages = json!([{"role": "user", "content": document}]);
    let reply = gateway.message(json!({"model": "family:large", "messages": messages})).await;
    assert_eq!((reply.status, &reply.json()["x_router"]["provider"]), (200, &json!("beta")));
    assert_eq!(sent(&gateway).0["messages"], messages);
    let reply = gateway.message(json!({"model": "pin:alpha/small", "messages": messages})).await;
    let error = reply.json()["error"].clone();
    assert_eq!((reply.status, &error["type"]), (400, &json!("invalid_request_error")));
    assert_eq!(
        error["message"],
        "no model answered: exhausted: unsupported; alpha/small=unsupported \
         \"messages[0].content[0]: document: openai_compatible has no word for it\""
    );
    assert_eq!(gateway.calls().len(), 1);
}

/// A turn of another model goes on with Anthropic's.
#[tokio::test]
async fn models_take_over_from_each_other() {
    let calls = json!([{"name": "f", "id": "functions.f:0", "arguments": "{}"}]);
    let script = json!({"beta": [{}],
        "alpha": [{"text": "", "reasoning": "Hm.", "tool_calls": calls}]});
    let gateway = Gateway::with_config(&script, everybody).await;
    let tools = json!([{"name": "f", "input_schema": {"type": "object"}}]);
    let ask = json!({"role": "user", "content": "hi"});
    let more =
        json!({"model": "pin:alpha/small", "tools": tools, "thinking": {"type": "adaptive"}});
    let answer = gateway.message(more).await.json();
    let result = json!({"type": "tool_result", "tool_use_id": answer["content"][1]["id"],
        "content": "7"});
    let messages = json!([ask, {"role": "assistant", "content": answer["content"]},
        {"role": "user", "content": [result]}]);
    let more = json!({"model": "pin:beta/large", "tools": tools, "messages": messages});
    assert_eq!(gateway.message(more).await.status, 200);
    let id = "functions_x2ef_x3a0";
    assert_eq!(
        sent(&gateway).0["messages"],
        json!([ask,
            {"role": "assistant",
                "content": [{"type": "tool_use", "id": id, "name": "f", "input": {}}]},
            {"role": "user",
                "content": [{"type": "tool_result", "tool_use_id": id, "content": "7"}]}])
    );
}

/// A member of a chat request cannot bring a body of its own.
#[tokio::test]
async fn words_of_anthropic_are_not_for_chats() {
    let gateway = Gateway::with_config(&Value::Null, everybody).await;
    let forged = json!({"body": {"x": 1}, "version": "v"});
    let reply = gateway.chat(json!({"model": "pin:beta/large", "_anthropic": forged})).await;
    assert_eq!(reply.json()["x_router"]["ignored"], json!(["_anthropic"]));
    let text = sent(&gateway).1;
    let members: Members<'_> = serde_json::from_str(&text).unwrap();
    assert_eq!((members.get("x"), members.get("model")), (None, Some("\"large\"")));
}

/// Each block of another kind is looked at once, and told as far as there is place.
#[tokio::test]
async fn names_without_end_are_told_in_part() {
    let gateway = Gateway::with(&Value::Null).await;
    let blocks: Vec<_> = (0..50_000).map(|kind| json!({"type": kind.to_string()})).collect();
    let mut body = json!({"messages": [{"role": "user", "content": "x"},
        {"role": "assistant", "content": blocks}, {"role": "user", "content": "y"}]});
    for name in 0..20_000 {
        body[name.to_string()] = json!(1);
    }
    let reply = gateway.message(body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.json()["x_router"]["ignored"].as_array().unwrap().len(), 100);
}
