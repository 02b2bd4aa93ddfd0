//! Calls of tools and their schemas, in every dialect.

use serde_json::json;

use crate::*;

const TRANSLATED: [&str; 3] = ["anthropic", "google", "ollama"];

/// An assistant that calls a tool says nothing else: `null`, "", or no content at all.
#[test]
fn an_assistant_without_content() {
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let bodies = |dialect: &str, content: Value| {
        let assistant = with(json!({"role": "assistant", "tool_calls": [call]}), content);
        let request = short(json!({"messages": [assistant,
            {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "1"}]}]}));
        body(dialect, &request, false).unwrap()
    };
    for dialect in TRANSLATED {
        let missing = bodies(dialect, json!({}));
        for content in [json!(null), json!(""), json!([]), json!([{"type": "text", "text": ""}])] {
            let more = json!({"content": content, "refusal": null, "annotations": [],
                "audio": null, "function_call": null, "name": "n"});
            assert_eq!(bodies(dialect, more), missing, "{dialect}");
        }
    }
}

/// Arguments and schemas go where they belong as they are.
#[test]
fn texts_are_kept() {
    let arguments = r#"{"b":1.10,"a":9223372036854775807,"b":null}"#;
    let schema =
        r#"{"type":"object","properties":{"u":{"enum":["C",null],"default":null,"x":1.0}}}"#;
    let request = format!(
        r#"{{"provider_id":"p","served_model_id":"m","messages":[{{"role":"assistant","content":null,
            "tool_calls":[{{"id":"c","type":"function","function":{{"name":"f","arguments":{}}}}}]}}],
            "tools":[{{"type":"function","function":{{"name":"f","parameters":{schema}}}}}],
            "response_format":{{"type":"json_schema","json_schema":{{"schema":{schema}}}}}}}"#,
        json!(arguments)
    );
    for dialect in TRANSLATED {
        let body = text(dialect, &request).unwrap();
        assert!(body.contains(arguments), "{body}");
        assert_eq!(body.matches(schema).count(), 2, "{body}");
    }
}

#[test]
fn arguments_that_are_no_object() {
    for arguments in ["{", "[1]", "null", "{}{}"] {
        let call = json!({"id": "c", "function": {"name": "f", "arguments": arguments}});
        let request = short(json!({"messages": [{"role": "assistant", "tool_calls": [call]}]}));
        for dialect in TRANSLATED {
            let message = format!(
                "unsupported: request.messages[0].tool_calls[0].function.arguments: \
                 {dialect} has no arguments but objects"
            );
            assert_eq!(body(dialect, &request, false), Err(message));
        }
        let sent = body("openai_compatible", &request, false).unwrap();
        assert_eq!(sent["messages"], request["messages"]);
    }
}

#[test]
fn empty_schemas() {
    for parameters in [json!({}), json!(null), json!({"type": "object", "properties": {}})] {
        let function = json!({"name": "f", "parameters": parameters});
        let request = short(json!({"tools": [{"type": "function", "function": function}]}));
        let anthropic = body("anthropic", &request, false).unwrap();
        assert_eq!(anthropic["tools"][0]["input_schema"]["type"], "object");
        let google = body("google", &request, false).unwrap();
        assert_eq!(google["tools"], json!([{"functionDeclarations": [{"name": "f"}]}]));
    }
}

/// The forms in which servers stream two calls.
#[test]
fn streams_of_calls() {
    let event = |calls: Value| json!({"choices": [{"index": 0, "delta": {"tool_calls": calls}}]});
    let call = |index: Value, id: Value, name: Value, arguments: &str| {
        let mut call = json!({"function": {"name": name, "arguments": arguments}});
        for (key, value) in [("index", index), ("id", id)] {
            if !value.is_null() {
                call[key] = value;
            }
        }
        call
    };
    let (zero, none) = (json!(0), json!(null));
    let two = [("f", "{\"x\":1}"), ("g", "{\"y\":2}")];
    for events in [
        // one index, two ids
        vec![
            event(json!([call(zero.clone(), json!("a"), json!("f"), two[0].1)])),
            event(json!([call(zero.clone(), json!("b"), json!("g"), two[1].1)])),
        ],
        // one index, no ids
        vec![
            event(json!([call(zero.clone(), none.clone(), json!("f"), two[0].1)])),
            event(json!([call(zero.clone(), none.clone(), json!("g"), two[1].1)])),
        ],
        // no index, in one event
        vec![event(json!([
            call(none.clone(), json!("a"), json!("f"), two[0].1),
            call(none.clone(), json!("b"), json!("g"), two[1].1)
        ]))],
        vec![event(json!([
            call(none.clone(), none.clone(), json!("f"), two[0].1),
            call(none.clone(), none.clone(), json!("g"), two[1].1)
        ]))],
        // names and ids in every piece
        vec![
            event(json!([call(zero.clone(), json!("a"), json!("f"), "{\"x\"")])),
            event(json!([call(zero.clone(), json!("a"), json!("f"), ":1}")])),
            event(json!([call(json!(1), json!("b"), json!("g"), "{\"y\"")])),
            event(json!([call(json!(1), json!("b"), json!("g"), ":2}")])),
        ],
        // the pieces after the first have nothing but arguments
        vec![
            event(json!([call(zero.clone(), json!("a"), json!("f"), "")])),
            event(json!([call(zero.clone(), json!(""), json!(""), "{\"x\":")])),
            event(json!([call(zero.clone(), none.clone(), none.clone(), "1}")])),
            event(json!([call(json!(1), json!("b"), json!("g"), two[1].1)])),
        ],
    ] {
        let end = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]});
        let answer = stream("openai_compatible", &[events.clone(), vec![end]].concat()).0.unwrap();
        let text = |call: &Value, key: &str| call[key].as_str().unwrap().to_owned();
        let read: Vec<_> = answer
            .tool_calls
            .iter()
            .map(|call| (text(call, "name"), text(call, "arguments")))
            .collect();
        assert_eq!(read, two.map(|(name, text)| (name.to_owned(), text.to_owned())), "{events:?}");
    }
}
