use axum::http::HeaderValue;
use serde_json::{Value, json};

use super::*;

fn translated(body: &Value) -> Result<Translation, String> {
    let mut whole = json!({"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
    for (name, value) in body.as_object().unwrap() {
        whole[name] = value.clone();
    }
    let text = whole.to_string();
    let members = serde_json::from_str(&text).unwrap();
    let own = |name: &str| name == "policy_ir";
    translate(&members, &HeaderMap::new(), own).map_err(|error| error.message)
}

/// What it is said in, without what every body here has.
fn said(body: Value) -> Value {
    let members = translated(&body).unwrap().members;
    let mut said: Value = serde_json::from_str(&members).unwrap();
    let members = said.as_object_mut().unwrap();
    assert_eq!(members.remove("max_tokens"), Some(json!(9)));
    if body.get("messages").is_none() && body.get("system").is_none() {
        members.remove("messages");
    }
    said
}

fn messages_of(messages: Value) -> Value {
    said(json!({"messages": messages}))["messages"].clone()
}

#[test]
fn the_system_is_the_first_message() {
    let hi = json!({"role": "user", "content": "hi"});
    let cached = json!({"type": "text", "text": "Be\n", "cache_control": {"type": "ephemeral"}});
    let billing = "x-anthropic-billing-header: cc_version=1";
    for (system, text) in [
        (json!("Be brief."), "Be brief."),
        (json!([cached, {"type": "text", "text": "kind."}]), "Be\n\n\nkind."),
        (json!([{"type": "text", "text": billing}, cached]), "Be\n"),
    ] {
        let said = said(json!({"system": system}));
        assert_eq!(said["messages"], json!([{"role": "system", "content": text}, hi]));
    }
    for nothing in [json!([]), Value::Null, json!([{"type": "text", "text": billing}])] {
        assert_eq!(said(json!({"system": nothing}))["messages"], json!([hi]));
    }
    // agents put later instructions where they came
    let later = json!([hi, {"role": "system", "content": "Be quick."}]);
    assert_eq!(messages_of(later.clone()), later);
}

#[test]
fn what_a_user_says() {
    let text = |text| json!({"type": "text", "text": text, "cache_control": {"type": "ephemeral"}});
    let image = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png",
        "data": "AAAA"}});
    let url = json!({"type": "image", "source": {"type": "url", "url": "https://a/b.png"}});
    let image_url = |url| json!({"type": "image_url", "image_url": {"url": url}});
    let pdf = json!({"type": "document", "title": "a.pdf", "source": {"type": "base64",
        "media_type": "application/pdf", "data": "AAAA"}});
    let plain = json!({"type": "document", "source": {"type": "text", "media_type": "text/plain",
        "data": "words"}});
    for (content, expected) in [
        (json!("hi"), json!("hi")),
        (json!([text("hi")]), json!("hi")),
        (
            json!([text("a"), text("b")]),
            json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]),
        ),
        (
            json!([image, url]),
            json!([image_url("data:image/png;base64,AAAA"), image_url("https://a/b.png")]),
        ),
        (
            json!([pdf]),
            json!([{"type": "file", "file": {"filename": "a.pdf",
                "file_data": "data:application/pdf;base64,AAAA"}}]),
        ),
        (json!([plain]), json!("words")),
    ] {
        let turn = json!([{"role": "user", "content": content}]);
        assert_eq!(messages_of(turn), json!([{"role": "user", "content": expected}]));
    }
}

#[test]
fn calls_and_results() {
    let image = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png",
        "data": "AAAA"}});
    let turns = json!([
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "s"},
            {"type": "redacted_thinking", "data": "x"},
            {"type": "text", "text": "One "}, {"type": "text", "text": "moment."},
            {"type": "tool_use", "id": "a", "name": "f", "input": {"z": 1, "a": [null]}},
            {"type": "tool_use", "id": "b", "name": "g", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "b", "is_error": true, "content": "gone"},
            {"type": "tool_result", "tool_use_id": "a", "is_error": false,
                "content": [{"type": "text", "text": "1"}, image, {"type": "text", "text": "2"},
                    {"type": "tool_reference", "tool_name": "h"}]},
            {"type": "text", "text": "Go on."}]},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "c", "name": "f", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c"}]}]);
    let call = |id, name, arguments| json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}});
    let reference = json!({"type": "tool_reference", "tool_name": "h"}).to_string();
    assert_eq!(
        messages_of(turns),
        json!([
            {"role": "assistant", "content": "One moment.",
                "tool_calls": [call("a", "f", r#"{"a":[null],"z":1}"#), call("b", "g", "{}")]},
            {"role": "tool", "tool_call_id": "b", "content": "Error: gone"},
            {"role": "tool", "tool_call_id": "a", "content": format!("1\n\n2\n\n{reference}")},
            {"role": "user", "content": [
                {"type": "text", "text": "Given back by the call a:"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "text", "text": "Go on."}]},
            {"role": "assistant", "content": null, "tool_calls": [call("c", "f", "{}")]},
            {"role": "tool", "tool_call_id": "c", "content": ""}])
    );
    // a turn of nothing but thinking is none, and what Anthropic's own tools did is not told
    let turn = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": [
        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
        {"type": "server_tool_use", "id": "x", "name": "web_search", "input": {}}]}]);
    assert_eq!(messages_of(turn.clone()), json!([{"role": "user", "content": "a"}]));
    let ignored = translated(&json!({"messages": turn})).unwrap().ignored;
    assert_eq!(ignored, ["content.server_tool_use"]);
}

/// Texts are not read: what no string of this program could hold, numbers and orders go on.
#[test]
fn texts_stay_as_they_are_written() {
    let body = r#"{"max_tokens":9,"system":["x"],"messages":[{"role":"user","content":"\ud800"},
        {"role":"assistant","content":[{"type":"tool_use","id":"\u0061","name":"f",
            "input":{"b":1.10,"a":9007199254740993,"b":"\ud800"}}]}]}"#
        .replace(r#""system":["x"],"#, "");
    let members = serde_json::from_str(&body).unwrap();
    let members = translate(&members, &HeaderMap::new(), |_| false).unwrap().members;
    let arguments = quote(r#"{"b":1.10,"a":9007199254740993,"b":"\ud800"}"#);
    assert_eq!(
        members,
        format!(
            r#"{{"max_tokens":9,"messages":[{{"role":"user","content":"\ud800"}},{{"role":"assistant","content":null,"tool_calls":[{{"id":"\u0061","type":"function","function":{{"name":"f","arguments":{arguments}}}}}]}}]}}"#
        )
    );
}

#[test]
fn tools_and_choices() {
    let tool = json!({"name": "f", "description": "F", "input_schema": {"type": "object",
        "$schema": "x"}, "cache_control": {"type": "ephemeral"}, "defer_loading": true});
    let bare = json!({"type": "custom", "name": "g", "strict": true});
    let server = json!({"type": "web_search_20250305", "name": "web_search"});
    let function = json!({"type": "function", "function": {"name": "f", "description": "F",
        "parameters": {"type": "object", "$schema": "x"}}});
    let bare_function = json!({"type": "function", "function": {"name": "g", "strict": true}});
    let both = json!([function, bare_function]);
    let tools = json!([tool, server, bare]);
    assert_eq!(said(json!({"tools": tools})), json!({"tools": both}));
    assert_eq!(
        translated(&json!({"tools": tools})).unwrap().ignored,
        ["tools.web_search_20250305"]
    );
    for (choice, expected) in [
        (json!({"type": "auto"}), json!({"tool_choice": "auto"})),
        (json!({"type": "any"}), json!({"tool_choice": "required"})),
        (json!({"type": "none"}), json!({"tool_choice": "none"})),
        (
            json!({"type": "tool", "name": "g", "disable_parallel_tool_use": true}),
            json!({"tool_choice": {"type": "function", "function": {"name": "g"}},
                "parallel_tool_calls": false}),
        ),
        (json!({"type": "tool", "name": "web_search"}), json!({})),
    ] {
        let mut expected = expected;
        expected["tools"] = both.clone();
        assert_eq!(said(json!({"tools": tools, "tool_choice": choice})), expected, "{choice}");
    }
    let any = json!({"tools": [server], "tool_choice": {"type": "any"}});
    assert_eq!(said(any), json!({}));
}

#[test]
fn parameters() {
    let schema = json!({"type": "object"});
    let format = json!({"type": "json_schema", "schema": schema});
    let shape = json!({"response_format": {"type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema}}});
    let long = "u".repeat(65);
    for (given, expected) in [
        (
            json!({"model": "m", "temperature": 0.5, "top_p": 0.9, "top_k": 5, "stream": true}),
            json!({"model": "m", "temperature": 0.5, "top_p": 0.9, "top_k": 5, "stream": true}),
        ),
        (json!({"stop_sequences": ["a", "b"]}), json!({"stop": ["a", "b"]})),
        (json!({"stop_sequences": []}), json!({})),
        (json!({"metadata": {"user_id": "u"}}), json!({"user": "u"})),
        (json!({"metadata": {"user_id": long}}), json!({})),
        (json!({"metadata": {"user_id": null}}), json!({})),
        (json!({"service_tier": "auto"}), json!({"service_tier": "auto"})),
        (json!({"service_tier": "standard_only"}), json!({"service_tier": "default"})),
        (json!({"output_config": {"format": format, "effort": "low"}}), shape.clone()),
        (json!({"output_format": format}), shape),
        (json!({"thinking": {"type": "adaptive"}, "context_management": {}}), json!({})),
        (json!({"policy_ir": ["x"]}), json!({"policy_ir": ["x"]})),
    ] {
        assert_eq!(said(given.clone()), expected, "{given}");
    }
    let more = json!({"thinking": {"type": "adaptive"}, "context_management": {}, "container": null,
        "mcp_servers": [], "metadata": {"user_id": long}, "policy_ir": ["x"]});
    let ignored = translated(&more).unwrap().ignored;
    assert_eq!(ignored, ["metadata.user_id", "context_management", "mcp_servers", "thinking"]);
}

#[test]
fn what_the_client_said_is_beside() {
    let body = r#"{"max_tokens":9.0,"policy_ir":["x"],"z":null,
        "messages":[{"role":"user","content":[{"type":"document",
            "source":{"type":"url","url":"https://a/b.pdf"}}]}],"output_config":{"effort":"max"}}"#;
    let members: Members<'_> = serde_json::from_str(body).unwrap();
    let mut headers = HeaderMap::new();
    headers.append("anthropic-version", HeaderValue::from_static("2023-06-01"));
    headers.append("anthropic-beta", HeaderValue::from_static("a,b"));
    headers.append("anthropic-beta", HeaderValue::from_static("c"));
    let original = translate(&members, &headers, |name| name == "policy_ir").unwrap().original;
    let own = Object::new()
        .with("max_tokens", "9.0")
        .with("z", "null")
        .with("messages", members.get("messages").unwrap())
        .with("output_config", r#"{"effort":"max"}"#)
        .finish();
    assert_eq!(
        original,
        format!(
            r#"{{"body":{own},"version":"2023-06-01","beta":"a,b,c","effort":"high","only":"messages[0].content[0]: document"}}"#
        )
    );
}

#[test]
fn efforts() {
    for (body, effort) in [
        (json!({}), None),
        (json!({"output_config": {"effort": "low"}}), Some("low")),
        (json!({"output_config": {"effort": "xhigh"}}), Some("high")),
        (json!({"thinking": {"type": "adaptive"}}), None),
        (json!({"thinking": {"type": "disabled"}}), None),
        (json!({"thinking": {"type": "enabled", "budget_tokens": 1024}}), Some("low")),
        (json!({"thinking": {"type": "enabled", "budget_tokens": 4096}}), Some("medium")),
        (json!({"thinking": {"type": "enabled", "budget_tokens": 31_999}}), Some("high")),
    ] {
        let text = body.to_string();
        assert_eq!(super::effort(&serde_json::from_str(&text).unwrap()), effort, "{body}");
    }
}

#[test]
fn what_is_wrong_with_a_body() {
    let user = |content: Value| json!({"messages": [{"role": "user", "content": content}]});
    let assistant = |block: Value| json!({"messages": [{"role": "assistant", "content": [block]}]});
    for (body, message) in [
        (json!({"max_tokens": null}), "max_tokens: expected a number of tokens"),
        (json!({"messages": ["hi"]}), "messages[0]: expected an object"),
        (
            json!({"messages": [{"role": "tool", "content": "hi"}]}),
            "messages[0].role: expected user, assistant or system",
        ),
        (
            json!({"messages": [{"role": "user"}]}),
            "messages[0].content: expected a string or an array",
        ),
        (user(json!(1)), "messages[0].content: expected a string or an array"),
        (user(json!(["hi"])), "messages[0].content[0]: expected an object"),
        (user(json!([{}])), "messages[0].content[0].type: expected a string"),
        (user(json!([{"type": "text"}])), "messages[0].content[0].text: expected a string"),
        (user(json!([{"type": "image"}])), "messages[0].content[0].source: expected an object"),
        (
            user(json!([{"type": "image", "source": {"type": "base64", "data": "A"}}])),
            "messages[0].content[0].source.media_type: expected a string",
        ),
        (
            user(json!([{"type": "tool_result", "content": "1"}])),
            "messages[0].content[0].tool_use_id: expected a string",
        ),
        (
            user(json!([{"type": "tool_result", "tool_use_id": "a", "content": 1}])),
            "messages[0].content[0].content: expected a string or an array",
        ),
        (
            assistant(json!({"type": "tool_use", "name": "f"})),
            "messages[0].content[0].id: expected a string",
        ),
        (
            assistant(json!({"type": "tool_use", "id": "a", "name": "f", "input": "x"})),
            "messages[0].content[0].input: expected an object",
        ),
        (json!({"system": 1}), "system: expected a string or an array"),
        (json!({"system": [{"type": "image"}]}), "system[0].type: expected text"),
        (json!({"tools": {}}), "tools: expected an array"),
        (json!({"tools": [{}]}), "tools[0].name: expected a string"),
        (
            json!({"tools": [{"name": "f", "input_schema": 1}]}),
            "tools[0].input_schema: expected an object",
        ),
        (json!({"tool_choice": "auto"}), "tool_choice: expected an object"),
        (
            json!({"tool_choice": {"type": "x"}}),
            "tool_choice.type: expected auto, any, tool or none",
        ),
        (json!({"tool_choice": {"type": "tool"}}), "tool_choice.name: expected a string"),
        (json!({"stop_sequences": "x"}), "stop_sequences: expected an array"),
        (
            json!({"output_config": {"format": {"type": "x"}}}),
            "output_config.format.type: expected json_schema",
        ),
        (
            json!({"output_format": {"type": "json_schema"}}),
            "output_format.schema: expected an object",
        ),
    ] {
        assert_eq!(translated(&body).unwrap_err(), message, "{body}");
    }
}
