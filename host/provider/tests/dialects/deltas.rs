//! What is passed on of an answer while it comes. A text between pieces shows when they are.

use serde_json::{Value, json};
use sigmapol_provider::{Delta, testing};

fn shown(delta: Delta<'_>) -> String {
    match delta {
        Delta::Text(text) => format!("text {text}"),
        Delta::Reasoning(text) => format!("reasoning {text}"),
        Delta::Signature(text) => format!("signature {text}"),
        Delta::Redacted(text) => format!("redacted {text}"),
        Delta::Call { index, id, name } => format!("call {index} {id} {name}"),
        Delta::Extra { index, content } => format!("extra {index} {content}"),
        Delta::Arguments { index, text } => format!("arguments {index} {text}"),
        delta => format!("{delta:?}"),
    }
}

/// All that is passed on, in order, and the failure, if there is one.
fn deltas(dialect: &str, events: &[Value]) -> (Vec<String>, Option<String>) {
    let bytes: String = match dialect {
        "ollama" => events.iter().map(|event| format!("{event}\n")).collect(),
        _ => events.iter().map(|event| format!("data: {event}\n\n")).collect(),
    };
    let mut told = Vec::new();
    let mut on_delta = |delta: Delta<'_>| told.push(shown(delta));
    let read = testing::read_with(dialect, true, bytes.as_bytes(), &[], None, &mut on_delta);
    let error = read.unwrap().err().map(|error| error.to_string());
    (told, error)
}

fn chunk(delta: Value) -> Value {
    json!({"choices": [{"delta": delta}]})
}

/// `index`, id, name and a piece of the arguments; what is empty is not there.
fn call(index: u64, id: &str, name: &str, arguments: &str) -> Value {
    let mut call = json!({"index": index, "function": {"arguments": arguments}});
    if !id.is_empty() {
        call["id"] = id.into();
    }
    if !name.is_empty() {
        call["function"]["name"] = name.into();
    }
    chunk(json!({"tool_calls": [call]}))
}

fn text(text: &str) -> Value {
    chunk(json!({"content": text}))
}

fn openai(events: &[Value]) -> (Vec<String>, Option<String>) {
    let end = json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]});
    deltas("openai_compatible", &[events, &[end]].concat())
}

#[test]
fn openai_as_it_comes() {
    let told = openai(&[
        chunk(json!({"role": "assistant", "content": null})),
        chunk(json!({"reasoning_content": "hm"})),
        text("so"),
        call(0, "a", "f", ""),
        text("!"),
        call(0, "", "", "{\"x\":"),
        call(1, "b", "g", "{"),
        call(0, "", "", "1}"),
        call(1, "", "", "}"),
    ]);
    assert_eq!(
        told,
        (
            [
                "reasoning hm",
                "text so",
                "text !",
                "call 0 a f",
                "arguments 0 {\"x\":",
                "call 1 b g",
                "arguments 1 {",
                "arguments 0 1}",
                "arguments 1 }",
            ]
            .map(str::to_owned)
            .to_vec(),
            None
        )
    );
}

/// A beginning is told of when it will not change, and that is at the end where no id comes.
#[test]
fn openai_beginnings() {
    for (events, expected) in [
        // a name in pieces
        (
            vec![call(0, "a", "get_", ""), call(0, "", "time", ""), call(0, "", "", "{}")],
            vec!["call 0 a get_time", "arguments 0 {}"],
        ),
        // a name in every piece
        (
            vec![call(0, "a", "f", "{"), call(0, "a", "f", "}"), text("x")],
            vec!["call 0 a f", "arguments 0 {", "arguments 0 }", "text x"],
        ),
        // an id that is late, and a name
        (
            vec![call(0, "", "f", "{"), text("x"), call(0, "a", "", "}")],
            vec!["text x", "call 0 a f", "arguments 0 {}"],
        ),
        (
            vec![call(0, "a", "", "{"), text("x"), call(0, "", "f", "}")],
            vec!["text x", "call 0 a f", "arguments 0 {}"],
        ),
        // no id
        (
            vec![call(0, "", "f", "{"), call(0, "", "", "}"), text("x")],
            vec!["text x", "call 0  f", "arguments 0 {}"],
        ),
        // no arguments, or white space in their place
        (vec![call(0, "a", "f", " "), text("x")], vec!["text x", "call 0 a f", "arguments 0 {}"]),
        (
            vec![call(0, "a", "f", " "), call(0, "", "", "{}")],
            vec!["call 0 a f", "arguments 0  {}"],
        ),
        // one number for two calls
        (
            vec![call(0, "a", "f", "{}"), call(0, "b", "f", "{"), call(0, "b", "", "}")],
            vec!["call 0 a f", "arguments 0 {}", "call 1 b f", "arguments 1 {", "arguments 1 }"],
        ),
        // the whole once more
        (
            vec![
                call(0, "a", "f", "{\"x\""),
                call(0, "", "", ":1}"),
                call(0, "a", "f", "{\"x\":1}"),
            ],
            vec!["call 0 a f", "arguments 0 {\"x\"", "arguments 0 :1}"],
        ),
    ] {
        assert_eq!(openai(&events), (expected.into_iter().map(str::to_owned).collect(), None));
    }
}

/// What has been passed on cannot be taken back.
#[test]
fn openai_contradicts_itself() {
    for (last, message) in [
        (call(0, "a", "g", "}"), "the name of a called function changes"),
        (call(0, "a", "ff", "}"), "the name of a called function changes"),
    ] {
        let (told, error) = openai(&[call(0, "a", "f", "{"), last]);
        assert_eq!(told, ["call 0 a f", "arguments 0 {"]);
        assert_eq!(error, Some(format!("bad_response: {message}")));
    }
    let with = |extra: &str| {
        let mut piece = call(0, "a", "f", "1");
        piece["choices"][0]["delta"]["tool_calls"][0]["extra_content"] = json!({"google": extra});
        piece
    };
    let (told, error) = openai(&[call(0, "a", "f", "1"), with("s"), with("s"), with("t")]);
    let extra = "extra 0 {\"google\":\"s\"}";
    let one = "arguments 0 1";
    assert_eq!(told, ["call 0 a f", one, extra, one, one]);
    let message = "bad_response: the extra_content of a call changes";
    assert_eq!(error.as_deref(), Some(message));
}

#[test]
fn anthropic_as_it_comes() {
    let start = |index: u64, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let delta = |index: u64, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let input = |index: u64, piece: &str| {
        delta(index, json!({"type": "input_json_delta", "partial_json": piece}))
    };
    let stop = |index: u64| json!({"type": "content_block_stop", "index": index});
    let text = json!({"type": "text", "text": ""});
    let (told, error) = deltas(
        "anthropic",
        &[
            json!({"type": "message_start", "message": {"model": "m"}}),
            start(0, json!({"type": "thinking", "thinking": ""})),
            delta(0, json!({"type": "thinking_delta", "thinking": "hm"})),
            delta(0, json!({"type": "signature_delta", "signature": "si"})),
            delta(0, json!({"type": "signature_delta", "signature": "gn"})),
            stop(0),
            start(1, json!({"type": "redacted_thinking", "data": "dat"})),
            stop(1),
            start(2, text),
            delta(2, json!({"type": "text_delta", "text": "so"})),
            stop(2),
            start(3, json!({"type": "tool_use", "id": "a", "name": "f", "input": {}})),
            start(4, json!({"type": "tool_use", "id": "b", "name": "g", "input": {}})),
            start(5, json!({"type": "tool_use", "id": "c", "name": "h", "input": {}})),
            input(3, ""),
            input(3, "{\"x\":"),
            input(4, "{}"),
            input(3, "1}"),
            json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}),
            json!({"type": "message_stop"}),
        ],
    );
    assert_eq!(error, None);
    assert_eq!(
        told,
        [
            "reasoning hm",
            "signature sign",
            "redacted dat",
            "text so",
            "call 0 a f",
            "call 1 b g",
            "call 2 c h",
            "arguments 0 {\"x\":",
            "arguments 1 {}",
            "arguments 0 1}",
            "arguments 2 {}",
        ]
    );
    // a block that is signed does not go on
    let (told, error) = deltas(
        "anthropic",
        &[
            start(0, json!({"type": "thinking", "thinking": "hm", "signature": "s"})),
            stop(0),
            delta(0, json!({"type": "thinking_delta", "thinking": "more"})),
        ],
    );
    assert_eq!(told, ["reasoning hm", "signature s"]);
    let message = "bad_response: thinking goes on after its signature";
    assert_eq!(error.as_deref(), Some(message));
}

#[test]
fn google_gives_calls_whole() {
    let parts = |parts: Value, reason: Value| json!({"candidates": [{"content": {"parts": parts}, "finishReason": reason}]});
    let (told, error) = deltas(
        "google",
        &[
            parts(json!([{"text": "hm", "thought": true}, {"text": "so"}]), Value::Null),
            parts(
                json!([
                {"functionCall": {"name": "f", "args": {"x": 1}}, "thoughtSignature": "s"},
                {"functionCall": {"name": "f"}}, {"text": "x"}]),
                Value::Null,
            ),
            parts(json!([{"text": "y"}]), json!("STOP")),
        ],
    );
    assert_eq!(error, None);
    assert_eq!(
        told,
        [
            "reasoning hm",
            "text so",
            "call 0  f",
            "extra 0 {\"google\":{\"thought_signature\":\"s\"}}",
            "arguments 0 {\"x\":1}",
            "call 1  f",
            "arguments 1 {}",
            "text x",
            "text y",
        ]
    );
}

#[test]
fn ollama_gives_calls_whole() {
    let (told, error) = deltas(
        "ollama",
        &[
            json!({"message": {"thinking": "hm", "content": "so"}}),
            json!({"message": {"tool_calls": [{"function": {"name": "f", "arguments": {"x": 1}}},
            {"function": {"name": "g"}}]}}),
            json!({"message": {"content": "x"}, "done": true}),
        ],
    );
    assert_eq!(error, None);
    assert_eq!(
        told,
        [
            "reasoning hm",
            "text so",
            "call 0  f",
            "arguments 0 {\"x\":1}",
            "call 1  g",
            "arguments 1 {}",
            "text x",
        ]
    );
}

/// A provider that does not stream answers in one piece; an answer that is none is passed on in no
/// part.
#[test]
fn an_answer_in_one_piece() {
    let call = json!({"id": "a", "function": {"name": "f", "arguments": "{}"}});
    let body = json!({"choices": [{"finish_reason": "tool_calls", "message": {"content": "so",
        "reasoning": "hm", "tool_calls": [call]}}]});
    for (body, told, fails) in [
        (body.clone(), &["reasoning hm", "text so", "call 0 a f", "arguments 0 {}"][..], false),
        (json!({"choices": [{"message": {"content": "so", "tool_calls": [{}]}}]}), &[], true),
        (json!({"choices": [{"message": {"content": "", "reasoning": "hm"}}]}), &[], true),
    ] {
        let mut own = Vec::new();
        let mut on_delta = |delta: Delta<'_>| own.push(shown(delta));
        let bytes = body.to_string();
        let dialect = "openai_compatible";
        let read =
            testing::read_with(dialect, true, bytes.as_bytes(), &[3], None, &mut on_delta).unwrap();
        assert_eq!(
            (own, read.is_err()),
            (told.iter().map(|told| (*told).to_owned()).collect(), fails)
        );
    }
}
