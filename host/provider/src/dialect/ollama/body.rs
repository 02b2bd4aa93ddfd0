//! The body of a request.

use serde_json::value::RawValue;

use super::NAME;
use crate::{
    CallError,
    dialect::stops,
    error::{expected, unsupported},
    json::{self, Writer, quote},
    request::{Choice, Format, Image, Message, Request, Role, choice, parameters, tools},
};

pub(super) fn body(request: &Request<'_>, stream: bool) -> Result<String, CallError> {
    let mut body = Writer::default();
    body.set("model", quote(&request.model));
    let messages = request.messages()?;
    body.set("messages", json::array(messages.iter().map(message).collect::<Result<Vec<_>, _>>()?));
    let has_limit = request.parameter("max_tokens").is_some();
    let mut sends_tools = true;
    for (name, text) in parameters::place(parameters::Api::Ollama, request, &mut body)? {
        let value = json::value(&text).map_err(|_| expected("request", "JSON"))?;
        match name {
            "max_completion_tokens" if has_limit => {}
            "max_tokens" | "max_completion_tokens" => body.set("options.num_predict", text),
            "reasoning_effort" => body.set("think", think(value)?),
            "response_format" => match Format::read(value)? {
                Format::Text => {}
                Format::Json => body.set("format", quote("json")),
                Format::Schema(schema) => body.set("format", schema.get()),
            },
            "stop" => body.set("options.stop", stops(&text)),
            "tool_choice" => match choice(NAME, value)? {
                Choice::Auto => {}
                Choice::None => sends_tools = false,
                Choice::Required | Choice::OneOf(_) => {
                    let message = format!("request.tool_choice: {NAME} has auto and none alone");
                    return Err(unsupported(message));
                }
            },
            _ => {}
        }
    }
    if let Some(list) = request.parameter("tools").filter(|_| sends_tools) {
        // the shape is the same, and has to be right
        if !tools(NAME, list)?.is_empty() {
            body.set("tools", list.get());
        }
    }
    body.set("stream", stream.to_string());
    Ok(body.to_string())
}

/// Models know some of low, medium, high and max; all take false.
fn think(value: &RawValue) -> Result<String, CallError> {
    let effort = json::string(value);
    let effort = effort.ok_or_else(|| expected("request.reasoning_effort", "a string"))?;
    Ok(match effort.as_ref() {
        "none" => "false".to_owned(),
        "minimal" => quote("low"),
        "xhigh" => quote("high"),
        other => quote(other),
    })
}

fn message(message: &Message<'_>) -> Result<String, CallError> {
    let (role, tool) = match &message.role {
        Role::System => ("system", None),
        Role::User => ("user", None),
        Role::Assistant => ("assistant", None),
        Role::Tool { name, .. } => ("tool", name.as_deref()),
    };
    let mut images = Vec::new();
    for image in message.images() {
        match image {
            Image::Data { base64, .. } => images.push(quote(base64)),
            Image::Url(_) => {
                let position = &message.position;
                let message = format!("{position}.content: {NAME} has no images by address");
                return Err(unsupported(message));
            }
        }
    }
    let mut calls = Vec::new();
    for call in &message.calls {
        let text = Writer::default().with("function.name", quote(&call.name));
        calls.push(text.with("function.arguments", call.object(NAME)?).to_string());
    }
    let mut text = Writer::default().with("role", quote(role));
    text.set("content", quote(&message.text()));
    text.set_some("images", (!images.is_empty()).then(|| json::array(images)));
    text.set_some("tool_calls", (!calls.is_empty()).then(|| json::array(calls)));
    text.set_some("tool_name", tool.map(quote));
    Ok(text.to_string())
}
