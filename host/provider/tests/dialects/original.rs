//! Requests that came in the words of Anthropic's API, beside their translation.

use serde_json::{Value, json};

use crate::*;

/// What a client said, with everything that the dialect has and its neighbours do not.
const SAID: &str = r#"{"model":"claude-x","messages":[
 {"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]},
 {"content":[{"signature":"c2ln","thinking":"Hm.","type":"thinking"},{"type":"redacted_thinking","data":"x"},
  {"type":"tool_use","id":"toolu_1","name":"f","input":{"b":9007199254740993,"a":1.10}}],"role":"assistant"},
 {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"1","is_error":false}]}],
 "system":[{"type":"text","text":"Be.","cache_control":{"type":"ephemeral"}}],
 "max_tokens":64000,"thinking":{"type":"adaptive"},"temperature":1.0,
 "metadata":{"user_id":"u","x":1},"output_config":{"effort":"high","y":[2]},
 "context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},"stream":true,
 "tools":[{"type":"web_search_20250305","name":"web_search"},{"name":"f","input_schema":{"default":null}}],
 "unheard_of":{"z":null}}"#;

/// A request of which this is what the client said, and these are the members of the translation.
fn request(said: &str, members: &str, set: &[&str]) -> String {
    let set = json!(set);
    format!(
        r#"{{"provider_id":"p","served_model_id":"m","messages":[{{"role":"user","content":"hi"}}],
            {members}"_anthropic":{{"version":"v","body":{said},"set":{set}}}}}"#
    )
}

fn sent(members: &str, set: &[&str]) -> Value {
    serde_json::from_str(&text("anthropic", &request(SAID, members, set)).unwrap()).unwrap()
}

#[test]
fn goes_on_as_it_came() {
    let whole: String = SAID.lines().map(str::trim_start).collect();
    let asked = request(SAID, r#""temperature":1.0,"max_tokens":64000,"#, &[]);
    let sent = |stream| testing::body("anthropic", &asked, stream).unwrap().unwrap();
    let tidy = |text: String| text.lines().map(str::trim_start).collect::<String>();
    let named = whole.replace("\"claude-x\"", "\"m\"");
    assert_eq!(tidy(sent(true)), named);
    assert_eq!(tidy(sent(false)), named.replace("\"stream\":true,", ""));
}

#[test]
fn what_a_policy_has_set_is_put_into_it() {
    let said: Value = serde_json::from_str(SAID).unwrap();
    for (members, set, changed) in [
        (r#""temperature":0.5,"#, &["temperature"][..], json!({"temperature": 0.5})),
        (r#""max_tokens":500.4,"#, &["max_tokens"], json!({"max_tokens": 500})),
        (
            r#""top_k":3,"stop":"x","#,
            &["top_k", "stop"],
            json!({"top_k": 3, "stop_sequences": ["x"]}),
        ),
        (
            r#""reasoning_effort":"low","#,
            &["reasoning_effort"],
            json!({"output_config": {"effort": "low", "y": [2]}}),
        ),
        (
            r#""reasoning_effort":"none","#,
            &["reasoning_effort"],
            json!({"thinking": {"type": "disabled"}}),
        ),
        (
            r#""response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object"}}},"#,
            &["response_format"],
            json!({"output_config": {"effort": "high", "y": [2],
                "format": {"type": "json_schema", "schema": {"type": "object"}}}}),
        ),
        (r#""user":"v","#, &["user"], json!({"metadata": {"user_id": "v", "x": 1}})),
        (
            r#""tools":[{"type":"function","function":{"name":"g"}}],"tool_choice":"required","#,
            &["tools", "tool_choice"],
            json!({"tools": [{"name": "g", "input_schema": {"type": "object"}}],
                "tool_choice": {"type": "any"}}),
        ),
        (r#""seed":1,"provider_x":2,"#, &["seed"], json!({})),
    ] {
        let mut expected = with(said.clone(), json!({"model": "m"}));
        expected.as_object_mut().unwrap().remove("stream");
        assert_eq!(sent(members, set), with(expected, changed), "{members}");
    }
    // other messages are what is said, and nothing is left of the client's own
    let other = sent(r#""max_tokens":7,"#, &["messages"]);
    let text = json!([{"role": "user", "content": [{"type": "text", "text": "hi"}]}]);
    assert_eq!(other, json!({"model": "m", "max_tokens": 7, "messages": text}));
    // what the dialect cannot say is refused as ever
    let refused = text_of_error(r#""logprobs":true,"#, &["logprobs"]);
    assert_eq!(refused, "unsupported: request.logprobs: anthropic has no logprobs");
}

fn text_of_error(members: &str, set: &[&str]) -> String {
    text("anthropic", &request(SAID, members, set)).unwrap_err()
}

#[test]
fn the_budget_of_thinking_is_less_than_the_cap() {
    let said = |thinking: &str| format!(r#"{{"max_tokens":32000,"thinking":{thinking}}}"#);
    let enabled = r#"{"type":"enabled","budget_tokens":31999,"display":"omitted"}"#;
    for (thinking, cap, left) in [
        (
            enabled,
            40_000,
            json!({"type": "enabled", "budget_tokens": 31_999, "display": "omitted"}),
        ),
        (enabled, 8_192, json!({"type": "enabled", "budget_tokens": 8_191, "display": "omitted"})),
        (enabled, 1_025, json!({"type": "enabled", "budget_tokens": 1_024, "display": "omitted"})),
        (enabled, 1_024, Value::Null),
        (r#"{"type":"adaptive"}"#, 7, json!({"type": "adaptive"})),
    ] {
        let members = format!(r#""max_tokens":{cap},"#);
        let body = text("anthropic", &request(&said(thinking), &members, &["max_tokens"])).unwrap();
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((&body["max_tokens"], &body["thinking"]), (&json!(cap), &left), "{cap}");
    }
}

#[test]
fn turns_of_other_models_are_made_fit() {
    let said = r#"{"messages":[{"role":"user","content":"a"},
        {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"sigmapol"}]},
        {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"sigmapol"},
            {"type":"thinking","thinking":"u","signature":"real"},{"type":"text","text":"b"},
            {"x":1,"type":"tool_use","id":"functions.f:0","name":"f","input":{"n":1.10}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"functions.f:0","content":"1.10"}]}]}"#;
    let sent = text("anthropic", &request(said, "", &[])).unwrap();
    let id = "functions_x2ef_x3a0";
    assert_eq!(
        sent,
        format!(
            r#"{{"messages":[{{"role":"user","content":"a"}},{{"role":"assistant","content":[{{"type":"thinking","thinking":"u","signature":"real"}},{{"type":"text","text":"b"}},{{"x":1,"type":"tool_use","id":"{id}","name":"f","input":{{"n":1.10}}}}]}},{{"role":"user","content":[{{"type":"tool_result","tool_use_id":"{id}","content":"1.10"}}]}}],"model":"m"}}"#
        )
    );
}

#[test]
fn others_get_the_translation() {
    for dialect in ["openai_compatible", "google", "ollama"] {
        let body = text(dialect, &request(SAID, r#""top_p":0.5,"#, &[])).unwrap();
        assert!(!body.contains("claude") && body.contains("0.5"), "{dialect}: {body}");
        let only = request("{}", "", &[]).replace(
            r#""version":"v""#,
            r#""only":"messages[0].content[1]: a document by address""#,
        );
        assert_eq!(
            text(dialect, &only).unwrap_err(),
            format!(
                "unsupported: messages[0].content[1]: a document by address: {dialect} has no word for it"
            )
        );
        assert!(text("anthropic", &only).is_ok());
    }
}
