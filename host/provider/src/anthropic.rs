//! `anthropic`: POST {base_url}/messages

use serde_json::{Map, Value, json};

use super::{
    Answer, CallError, Usage,
    auth::Credential,
    dialect::{
        Dialect, Partial, attach_images, bearer, call_value, filtered, malformed, push_turn, set,
        string, usage,
    },
    message::{Image, Message, Part, Role},
    request::{Request, bad, expected},
};

/// The dialect cannot do without a limit.
const MAX_TOKENS: u64 = 4096;
const VERSION: &str = "2023-06-01";

#[derive(Debug)]
pub(super) struct Anthropic;

impl Dialect for Anthropic {
    fn path(&self, _: &str, _: bool) -> String {
        "/messages".to_owned()
    }

    fn headers(&self, credential: Option<&Credential>) -> Vec<(&'static str, String)> {
        let mut headers = vec![("anthropic-version", VERSION.to_owned())];
        headers.extend(credential.map(|credential| match credential {
            Credential::Key(key) => ("x-api-key", key.expose().to_owned()),
            Credential::Token(_) => bearer(credential),
        }));
        headers
    }

    fn body(&self, request: &Request, stream: bool) -> Result<Value, CallError> {
        let unknown = ["seed", "frequency_penalty", "presence_penalty", "reasoning_effort"];
        request.refuse("anthropic", &unknown)?;
        if request.format()?.is_some() {
            return Err(bad("request.response_format: anthropic has no response_format"));
        }
        let mut messages = request.messages()?;
        attach_images(&mut messages, request)?;
        let (system, turns) = turns(&messages)?;
        let tool = |tool: super::message::Tool| {
            let mut value = Map::new();
            let schema = tool.parameters.unwrap_or_else(|| json!({"type": "object"}));
            set(
                &mut value,
                [
                    ("name", Some(tool.name.into())),
                    ("description", tool.description.map(Value::from)),
                    ("input_schema", Some(schema)),
                ],
            );
            Value::Object(value)
        };
        let tools: Vec<_> = request.tools()?.into_iter().map(tool).collect();
        let number = |number: &Option<_>| number.clone().map(Value::Number);
        let mut body = Map::new();
        set(
            &mut body,
            [
                ("model", Some(request.model.as_str().into())),
                ("max_tokens", number(&request.max_tokens).or(Some(MAX_TOKENS.into()))),
                ("system", (!system.is_empty()).then(|| system.join("\n\n").into())),
                ("messages", Some(turns.into())),
                ("tools", (!tools.is_empty()).then(|| tools.into())),
                ("temperature", number(&request.temperature)),
                ("top_p", number(&request.top_p)),
                ("top_k", number(&request.top_k)),
                ("stream", stream.then_some(Value::Bool(true))),
            ],
        );
        Ok(Value::Object(body))
    }

    fn answer(&self, body: &Value) -> Result<Answer, CallError> {
        let blocks = body.get("content").and_then(Value::as_array);
        let blocks = blocks.ok_or_else(|| malformed("expected content, an array"))?;
        let mut answer = Answer {
            finish_reason: string(body, "/stop_reason"),
            model: string(body, "/model"),
            usage: body.get("usage").and_then(tokens),
            ..Answer::default()
        };
        for block in blocks {
            match block.get("type").and_then(Value::as_str) {
                Some("text") => answer.text.push_str(&string(block, "/text").unwrap_or_default()),
                Some("tool_use") => {
                    let name = string(block, "/name")
                        .ok_or_else(|| malformed("expected the name of a called tool"))?;
                    let input = block.get("input").cloned().unwrap_or_else(|| json!({}));
                    answer.tool_calls.push(call_value(string(block, "/id"), &name, input));
                }
                // thinking, and what this host did not ask for
                _ => {}
            }
        }
        refused(&answer)?;
        Ok(answer)
    }

    fn event(&self, event: &Value, partial: &mut Partial) -> Result<(), CallError> {
        let index = event.get("index").and_then(Value::as_u64).unwrap_or(0);
        let part = |pointer| event.pointer(pointer).and_then(Value::as_str);
        match part("/type") {
            Some("message_start") => {
                partial.answer.model = string(event, "/message/model");
                partial.answer.usage = event.pointer("/message/usage").and_then(tokens);
            }
            Some("content_block_start") if part("/content_block/type") == Some("tool_use") => {
                let name = part("/content_block/name").unwrap_or_default();
                partial.call(index, part("/content_block/id"), name, "");
            }
            Some("content_block_delta") => match part("/delta/type") {
                Some("text_delta") => {
                    partial.answer.text.push_str(part("/delta/text").unwrap_or_default());
                }
                Some("input_json_delta") => {
                    let arguments = part("/delta/partial_json").unwrap_or_default();
                    partial.call(index, None, "", arguments);
                }
                _ => {}
            },
            Some("message_delta") => {
                partial.answer.finish_reason = string(event, "/delta/stop_reason");
                let output = event.pointer("/usage/output_tokens").and_then(Value::as_u64);
                if let (Some(usage), Some(output)) = (&mut partial.answer.usage, output) {
                    usage.output_tokens = output; // of the whole answer, not of the event
                }
                refused(&partial.answer)?;
            }
            Some("message_stop") => partial.finished = true,
            _ => {}
        }
        Ok(())
    }
}

/// The system's texts, and the turns of user and assistant.
fn turns(messages: &[Message]) -> Result<(Vec<String>, Vec<Value>), CallError> {
    let mut system = Vec::new();
    let mut turns = Vec::new();
    for message in messages {
        match &message.role {
            Role::System => system.push(message.text()),
            Role::User => push_turn(&mut turns, "user", "content", blocks(message)),
            Role::Assistant => {
                let mut parts = blocks(message);
                for call in &message.calls {
                    if !call.arguments.is_object() {
                        let what = format!("{}: arguments", call.name);
                        return Err(expected(&what, "an object"));
                    }
                    parts.push(json!({"type": "tool_use", "id": call.id, "name": call.name,
                        "input": call.arguments}));
                }
                push_turn(&mut turns, "assistant", "content", parts);
            }
            Role::Tool { id, .. } => {
                let result = json!({"type": "tool_result", "tool_use_id": id,
                    "content": blocks(message)});
                push_turn(&mut turns, "user", "content", vec![result]);
            }
        }
    }
    Ok((system, turns))
}

/// The dialect refuses empty text.
fn blocks(message: &Message) -> Vec<Value> {
    let block = |part: &Part| match part {
        Part::Text(text) if text.is_empty() => None,
        Part::Text(text) => Some(json!({"type": "text", "text": text})),
        Part::Image(Image::Url(url)) => {
            Some(json!({"type": "image", "source": {"type": "url", "url": url}}))
        }
        Part::Image(Image::Data { mime, base64 }) => Some(json!({"type": "image",
            "source": {"type": "base64", "media_type": mime, "data": base64}})),
    };
    message.parts.iter().filter_map(block).collect()
}

fn tokens(value: &Value) -> Option<Usage> {
    usage(value, "input_tokens", &["output_tokens"])
}

fn refused(answer: &Answer) -> Result<(), CallError> {
    if answer.text.is_empty() && answer.finish_reason.as_deref() == Some("refusal") {
        return Err(filtered("stop_reason refusal"));
    }
    Ok(())
}
