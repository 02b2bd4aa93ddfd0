//! Anthropic's API: `/v1/messages`.

mod answers;
mod clients;
mod errors;
mod requests;
mod streams;

use serde_json::{Value, json};

use crate::{client::Reply, fixture::Gateway};

/// Everybody may be asked, and there is a provider of each dialect.
fn everybody(config: &mut Value) {
    let mut delta = config["providers"]["gamma"].clone();
    delta["api_kind"] = json!("google");
    delta["base_url"] = json!(delta["base_url"].as_str().unwrap().replace("gamma", "delta"));
    config["providers"]["delta"] = delta;
    for name in ["small", "large"] {
        config["models"][name]["capabilities"] = json!({"supports_tools": true,
            "supports_vision": true, "supports_json_mode": true});
    }
    let served_by = json!({"provider": "delta", "fields": {"price_in": 1, "price_out": 1}});
    config["models"]["small"]["served_by"].as_array_mut().unwrap().push(served_by);
    config["profiles"]["default"]["policy_ir"][1] = json!(["meets_req"]);
}

/// One of each dialect: OpenAI's, Anthropic's, Ollama's, Google's.
const PINS: [&str; 4] = ["pin:alpha/small", "pin:beta/large", "pin:gamma/small", "pin:delta/small"];

/// The body of the last call, and its text.
fn sent(gateway: &Gateway) -> (Value, String) {
    let call = gateway.calls().pop().unwrap();
    (call.body, call.text)
}

/// The events of a stream: each says its type twice.
fn events(reply: &Reply) -> Vec<Value> {
    assert_eq!((reply.status, reply.whole), (200, true), "{}", reply.body);
    assert_eq!(reply.header("content-type"), Some("text/event-stream"));
    let blocks = reply.body.split_terminator("\n\n");
    let event = |block: &str| {
        let (name, data) = block.split_once("\ndata: ").expect(block);
        let event: Value = serde_json::from_str(data).expect(block);
        assert_eq!(name.strip_prefix("event: "), event["type"].as_str(), "{block}");
        event
    };
    blocks.map(event).collect()
}

/// The message that a client puts together of a stream, as the SDKs do: by index.
fn collected(events: &[Value]) -> Value {
    let mut message = events[0]["message"].clone();
    assert_eq!(events[0]["type"], "message_start");
    let mut open = None;
    for event in &events[1..] {
        let index = event["index"].as_u64().map(|index| usize::try_from(index).unwrap());
        match event["type"].as_str().unwrap() {
            "content_block_start" => {
                assert_eq!(
                    (open, index),
                    (None, Some(message["content"].as_array().unwrap().len()))
                );
                open = index;
                let mut block = event["content_block"].clone();
                if block["type"] == "tool_use" {
                    assert_eq!(block["input"], json!({}));
                    block["input"] = json!("");
                }
                message["content"].as_array_mut().unwrap().push(block);
            }
            "content_block_delta" => {
                assert_eq!(open, index);
                let (key, from) = match event["delta"]["type"].as_str().unwrap() {
                    "text_delta" => ("text", "text"),
                    "thinking_delta" => ("thinking", "thinking"),
                    "signature_delta" => ("signature", "signature"),
                    "input_json_delta" => ("input", "partial_json"),
                    other => panic!("{other}"),
                };
                let block = &mut message["content"][index.unwrap()];
                let so_far = block[key].as_str().unwrap().to_owned();
                block[key] = json!(so_far + event["delta"][from].as_str().unwrap());
            }
            "content_block_stop" => {
                assert_eq!((open.take(), index.is_some()), (index, true));
            }
            "message_delta" => {
                for key in ["stop_reason", "stop_sequence"] {
                    message[key] = event["delta"][key].clone();
                }
                message["usage"] = event["usage"].clone();
                message["x_router"] = event["x_router"].clone();
            }
            "message_stop" => assert_eq!(open, None),
            other => panic!("{other}"),
        }
    }
    assert_eq!(events.last().unwrap()["type"], "message_stop");
    for block in message["content"].as_array_mut().unwrap() {
        if block["type"] == "tool_use" {
            block["input"] = serde_json::from_str(block["input"].as_str().unwrap()).unwrap();
        }
    }
    message
}
