//! Calls of tools and reasoning in a stream, as they come.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{
    client::{Reply, request},
    fixture::{Gateway, chat},
};

const DIALECTS: [&str; 4] = ["anthropic", "google", "ollama", "openai_compatible"];

/// A stream, put together as SDKs do it.
#[derive(Debug, Default, PartialEq)]
struct Gathered {
    text: String,
    reasoning: String,
    /// By index: id, name, arguments.
    calls: BTreeMap<u64, (String, String, String)>,
    extra: Option<Value>,
    finish: Option<String>,
}

/// What clients were seen to need is checked on the way.
fn gathered(reply: &Reply) -> Gathered {
    let mut all = Gathered::default();
    let frames = reply.frames();
    for (at, frame) in frames.iter().filter(|frame| frame.get("error").is_none()).enumerate() {
        assert_eq!(frame["object"], "chat.completion.chunk");
        assert!(frame["id"].is_string() && frame["created"].is_u64(), "{frame}");
        let choice = &frame["choices"][0];
        assert_eq!(choice["index"], 0, "{frame}");
        let delta = choice["delta"].as_object().unwrap();
        assert_eq!(delta.contains_key("role"), at == 0, "{frame}");
        let part = |key: &str| choice["delta"][key].as_str().unwrap_or_default();
        all.text.push_str(part("content"));
        all.reasoning.push_str(part("reasoning_content"));
        for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let index = call["index"].as_u64().unwrap();
            let arguments = call["function"]["arguments"].as_str();
            if let Some(own) = all.calls.get_mut(&index) {
                assert!(call.get("id").is_none() && call.get("type").is_none(), "{call}");
                own.2.push_str(arguments.unwrap_or_default());
                all.extra = call.get("extra_content").cloned().or(all.extra);
            } else {
                assert_eq!((&call["type"], arguments), (&json!("function"), Some("")), "{call}");
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                let begun = (text(&call["id"]), text(&call["function"]["name"]), String::new());
                assert!(!begun.0.is_empty() && !begun.1.is_empty(), "{call}");
                all.calls.insert(index, begun);
            }
        }
        assert_eq!(all.finish, None, "nothing follows the finish reason");
        all.finish = choice["finish_reason"].as_str().map(str::to_owned);
        assert_eq!(frame["x_router"].is_object(), all.finish.is_some());
    }
    assert_eq!((reply.status, reply.whole), (200, true));
    assert_eq!(reply.events().last().unwrap(), "[DONE]");
    all
}

/// A gateway whose `alpha` speaks a dialect.
async fn gateway(dialect: &str, steps: Value) -> Gateway {
    Gateway::with_config(&json!({"alpha": steps, "gamma": [{"text": "from gamma"}]}), |config| {
        config["providers"]["alpha"]["api_kind"] = dialect.into();
    })
    .await
}

async fn stream(gateway: &Gateway) -> Reply {
    gateway.chat(json!({"model": "family:small", "stream": true})).await
}

/// One event a piece, as a server of the dialect writes them.
fn raw(dialect: &str, events: &[Value]) -> Value {
    let line = |event: &Value| match dialect {
        "ollama" => json!(format!("{event}\n")),
        "anthropic" => {
            json!(format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()))
        }
        _ => json!(format!("data: {event}\n\n")),
    };
    json!({"raw": events.iter().map(line).collect::<Vec<_>>()})
}

fn chunk(delta: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta}]})
}

fn piece(index: u64, call: Value) -> Value {
    let mut call = call;
    call["index"] = index.into();
    chunk(json!({"tool_calls": [call]}))
}

fn begins(index: u64, id: &str, name: &str) -> Value {
    let function = json!({"name": name, "arguments": ""});
    piece(index, json!({"id": id, "type": "function", "function": function}))
}

fn goes_on(index: u64, arguments: &str) -> Value {
    piece(index, json!({"function": {"arguments": arguments}}))
}

fn ends() -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
}

fn calls(calls: &[(&str, &str, &str)]) -> BTreeMap<u64, (String, String, String)> {
    let call = |(id, name, arguments): &(&str, &str, &str)| {
        ((*id).to_owned(), (*name).to_owned(), (*arguments).to_owned())
    };
    (0..).zip(calls.iter().map(call)).collect()
}

#[tokio::test]
async fn reasoning_text_and_calls_of_every_dialect() {
    let said = json!({"text": "so", "reasoning": "hm", "tool_calls": [
        {"id": "a", "name": "f", "arguments": {"x": 1}}, {"id": "b", "name": "g"}]});
    for dialect in DIALECTS {
        let gateway = gateway(dialect, json!([said])).await;
        let expected = Gathered {
            text: "so".to_owned(),
            reasoning: "hm".to_owned(),
            calls: calls(&[("a", "f", "{\"x\":1}"), ("b", "g", "{}")]),
            extra: None,
            finish: Some("tool_calls".to_owned()),
        };
        let reply = stream(&gateway).await;
        assert_eq!(gathered(&reply), expected, "{dialect}");
        // and it is what the answer in one piece says
        let whole = gateway.chat(json!({"model": "family:small"})).await.json();
        let message = &whole["choices"][0]["message"];
        assert_eq!(
            (&message["content"], &message["reasoning_content"]),
            (&json!("so"), &json!("hm"))
        );
        for (call, (id, name, arguments)) in
            message["tool_calls"].as_array().unwrap().iter().zip(expected.calls.values())
        {
            let own = (&call["id"], &call["function"]["name"], &call["function"]["arguments"]);
            assert_eq!(own, (&json!(id), &json!(name), &json!(arguments)), "{dialect}");
        }
    }
}

#[tokio::test]
async fn pieces_of_two_calls_by_turns() {
    let events = [
        chunk(json!({"role": "assistant", "content": null})),
        begins(0, "a", "f"),
        goes_on(0, "{\"x\":"),
        begins(1, "b", "g"),
        goes_on(1, "{\"y"),
        goes_on(0, "1}"),
        goes_on(1, "\":2}"),
        ends(),
    ];
    let step = raw("openai_compatible", &events);
    let gateway = gateway("openai_compatible", json!([step])).await;
    let reply = stream(&gateway).await;
    let all = gathered(&reply);
    assert_eq!(all.calls, calls(&[("a", "f", "{\"x\":1}"), ("b", "g", "{\"y\":2}")]));
    // no piece waits for another, and none is told twice
    let turns: Vec<_> = reply
        .frames()
        .iter()
        .filter_map(|frame| frame["choices"][0]["delta"]["tool_calls"][0].as_object().cloned())
        .map(|call| (call["index"].clone(), call["function"]["arguments"].clone()))
        .collect();
    let expected = [(0, ""), (0, "{\"x\":"), (1, ""), (1, "{\"y"), (0, "1}"), (1, "\":2}")];
    assert_eq!(turns, expected.map(|(index, text)| (json!(index), json!(text))));
}

#[tokio::test]
async fn pieces_of_two_blocks_of_anthropic() {
    let block = |index: u64, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let tool =
        |id: &str, name: &str| json!({"type": "tool_use", "id": id, "name": name, "input": {}});
    let delta = |index: u64, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let input = |index: u64, text: &str| {
        delta(index, json!({"type": "input_json_delta", "partial_json": text}))
    };
    let events = [
        json!({"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 3}}}),
        block(0, json!({"type": "thinking", "thinking": ""})),
        delta(0, json!({"type": "thinking_delta", "thinking": "h"})),
        delta(0, json!({"type": "thinking_delta", "thinking": "m"})),
        delta(0, json!({"type": "signature_delta", "signature": "sig"})),
        block(1, tool("a", "f")),
        block(2, tool("b", "g")),
        input(1, "{\"x\":"),
        input(2, "{\"y\":2}"),
        input(1, "1}"),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}),
        json!({"type": "message_stop"}),
    ];
    let gateway = gateway("anthropic", json!([raw("anthropic", &events)])).await;
    let reply = stream(&gateway).await;
    let all = gathered(&reply);
    assert_eq!(all.calls, calls(&[("a", "f", "{\"x\":1}"), ("b", "g", "{\"y\":2}")]));
    assert_eq!((all.reasoning.as_str(), all.finish.as_deref()), ("hm", Some("tool_calls")));
    // what is known when it is whole is in the last frame, and the reasoning is not there again
    let last = reply.frames().last().unwrap()["choices"][0]["delta"].clone();
    let thinking = json!([{"type": "thinking", "thinking": "hm", "signature": "sig"}]);
    assert_eq!(last, json!({"thinking_blocks": thinking}));
}

/// Google has no ids, and signs a call instead.
#[tokio::test]
async fn calls_without_an_id_get_one() {
    let call = json!({"functionCall": {"name": "f", "args": {"x": 1}}, "thoughtSignature": "s"});
    let parts = json!([call, {"functionCall": {"name": "f"}}]);
    let google = json!({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]});
    let ollama = json!({"message": {"tool_calls": [
        {"function": {"name": "f", "arguments": {"x": 1}}}, {"function": {"name": "f"}}]},
        "done": true, "done_reason": "stop"});
    let openai = [
        piece(0, json!({"function": {"name": "f", "arguments": "{\"x\""}})),
        goes_on(0, ":1}"),
        piece(1, json!({"function": {"name": "f"}})),
        ends(),
    ];
    for (dialect, events) in
        [("google", &[google][..]), ("ollama", &[ollama]), ("openai_compatible", &openai)]
    {
        let gateway = gateway(dialect, json!([raw(dialect, events)])).await;
        let reply = stream(&gateway).await;
        let all = gathered(&reply);
        let id =
            |index: u64| format!("call_{index}_chatcmpl-{}", reply.header("x-request-id").unwrap());
        let expected = calls(&[(&id(0), "f", "{\"x\":1}"), (&id(1), "f", "{}")]);
        assert_eq!(all.calls, expected, "{dialect}");
        let signed = json!({"google": {"thought_signature": "s"}});
        assert_eq!(all.extra, (dialect == "google").then_some(signed), "{dialect}");
    }
}

/// The connection breaks, or the stream ends as if nothing were wrong.
#[tokio::test]
async fn a_stream_that_breaks_after_a_piece_of_a_call() {
    let reasoning = chunk(json!({"reasoning_content": "hm"}));
    let call = [begins(0, "a", "f"), goes_on(0, "{\"x\":")];
    for (events, told) in [(&call[..], "{\"x\":"), (&[reasoning], "")] {
        for drop in [true, false] {
            let mut step = raw("openai_compatible", events);
            if drop {
                step["drop"] = "middle".into();
            }
            let gateway = gateway("openai_compatible", json!([step])).await;
            let reply = stream(&gateway).await;
            let all = gathered(&reply);
            assert_eq!(all.finish.as_deref(), Some("error"));
            assert_eq!(all.calls.get(&0).map_or("", |call| call.2.as_str()), told);
            assert_eq!(all.text, "", "another model does not go on");
            let frames = reply.frames();
            let error = &frames.last().unwrap()["error"];
            assert_eq!(
                (&error["code"], &error["type"]),
                (&json!("stream_interrupted"), &json!("router_error"))
            );
            assert_eq!(gateway.calls().len(), 1);
            let alpha = gateway.router.status().unwrap()["providers"]["alpha"].clone();
            assert_eq!(alpha["breaker"]["consecutive_failures"], 1);
        }
    }
}

#[tokio::test]
async fn a_provider_that_contradicts_itself() {
    let other = piece(0, json!({"id": "a", "function": {"name": "g", "arguments": "1}"}}));
    let events = [begins(0, "a", "f"), goes_on(0, "{\"x\":"), other, ends()];
    let step = raw("openai_compatible", &events);
    let gateway = gateway("openai_compatible", json!([step])).await;
    let reply = stream(&gateway).await;
    let all = gathered(&reply);
    assert_eq!(all.calls, calls(&[("a", "f", "{\"x\":")]));
    assert_eq!(all.finish.as_deref(), Some("error"));
    let frames = reply.frames();
    let error = frames.last().unwrap()["error"].clone();
    assert_eq!(error["code"], "stream_interrupted");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("the name of a called function changes"), "{message}");
}

/// A failure before anything of an answer is followed by the next candidate, also where a call had
/// begun that nobody was told of.
#[tokio::test]
async fn a_beginning_that_nobody_was_told_of_is_no_part_of_the_answer() {
    let step = raw("openai_compatible", &[begins(0, "a", "f")]);
    let gateway = gateway("openai_compatible", json!([step])).await;
    let all = gathered(&stream(&gateway).await);
    assert_eq!((all.text.as_str(), all.calls.len()), ("from gamma", 0));
    assert_eq!(all.finish.as_deref(), Some("stop"));
}

/// Reads until a text is there; the rest is not waited for.
async fn read_until(socket: &mut TcpStream, text: &str) -> String {
    let mut bytes = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&bytes).contains(text) {
            let mut piece = [0; 4096];
            let count = socket.read(&mut piece).await.unwrap();
            assert!(count > 0, "{}", String::from_utf8_lossy(&bytes));
            bytes.extend_from_slice(&piece[..count]);
        }
    };
    timeout(Duration::from_secs(20), reading).await.expect(text);
    String::from_utf8(bytes).unwrap()
}

/// The provider pauses for longer than the test may take.
#[tokio::test]
async fn no_piece_waits_for_the_next() {
    for (events, last) in [
        (vec![chunk(json!({"reasoning_content": "hm"}))], r#""reasoning_content":"hm""#),
        (vec![begins(0, "a", "f"), goes_on(0, "{\"x\"")], r#""arguments":"{\"x\"""#),
    ] {
        let mut step = raw("openai_compatible", &events);
        step["raw"].as_array_mut().unwrap().push(json!(600_000));
        let gateway = gateway("openai_compatible", json!([step])).await;
        let body = chat(json!({"stream": true})).to_string();
        let mut socket = TcpStream::connect(gateway.address).await.unwrap();
        let request = request("POST", "/v1/chat/completions", "", &body);
        socket.write_all(request.as_bytes()).await.unwrap();
        let read = read_until(&mut socket, last).await;
        assert!(read.starts_with("HTTP/1.1 200"), "{read}");
    }
}
