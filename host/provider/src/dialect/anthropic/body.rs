//! The body of a request.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{NAME, messages, original};
use crate::{
    CallError,
    dialect::stops,
    error::{expected, unsupported},
    json::{self, Writer, quote},
    request::{Choice, Format, Request, choice, parameters, tools},
};

/// The dialect cannot do without a limit.
const MAX_TOKENS: &str = "4096";

pub(super) fn body(request: &Request<'_>, stream: bool) -> Result<String, CallError> {
    if let Some(original) = &request.original {
        return original::body(request, original, stream);
    }
    let mut body = Writer::default();
    body.set("model", quote(&request.model));
    body.set("max_tokens", MAX_TOKENS);
    let (system, turns) = messages::turns(&request.messages()?)?;
    body.set_some("system", system);
    body.set("messages", turns);
    let said = parameters::place(parameters::Api::Anthropic, request, &mut body)?;
    say(request, said, &mut body)?;
    body.set_some("tool_choice", tool_choice(request)?);
    if stream {
        body.set("stream", "true");
    }
    Ok(body.to_string())
}

/// Says in the dialect's words what the table does not.
pub(super) fn say(
    request: &Request<'_>,
    said: Vec<(&str, Cow<'_, str>)>,
    body: &mut Writer,
) -> Result<(), CallError> {
    let has_limit = request.parameter("max_tokens").is_some();
    for (name, text) in said {
        let value = json::value(&text).map_err(|_| expected("request", "JSON"))?;
        match name {
            "max_completion_tokens" if has_limit => {}
            "max_tokens" | "max_completion_tokens" => body.set("max_tokens", text),
            "reasoning_effort" => effort(value, body)?,
            "response_format" => format(value, body)?,
            "service_tier" => match json::string(value).as_deref() {
                Some("auto") => body.set("service_tier", text),
                Some("default") => body.set("service_tier", quote("standard_only")),
                _ => {}
            },
            "stop" => body.set("stop_sequences", stops(&text)),
            "temperature" => match text.parse::<f64>() {
                Ok(temperature) if temperature > 1.0 => {
                    let message =
                        format!("request.temperature: {NAME} has none above 1, got {text}");
                    return Err(unsupported(message));
                }
                _ => body.set("temperature", text),
            },
            "tools" => body.set_some("tools", self::tools_text(value)?),
            // a service's own word for its user goes before the older one
            "user" if request.parameter("safety_identifier").is_some() => {}
            "user" | "safety_identifier" => body.set("metadata.user_id", text),
            // both are said together, below
            _ => {}
        }
    }
    Ok(())
}

/// <https://platform.claude.com/docs/en/build-with-claude/effort>
fn effort(value: &RawValue, body: &mut Writer) -> Result<(), CallError> {
    let position = "request.reasoning_effort";
    let effort = json::string(value).ok_or_else(|| expected(position, "a string"))?;
    match effort.as_ref() {
        "none" => body.set("thinking", r#"{"type":"disabled"}"#),
        "minimal" => body.set("output_config.effort", quote("low")),
        other => body.set("output_config.effort", quote(other)),
    }
    Ok(())
}

/// <https://platform.claude.com/docs/en/build-with-claude/structured-outputs>
fn format(value: &RawValue, body: &mut Writer) -> Result<(), CallError> {
    match Format::read(value)? {
        Format::Text => {}
        Format::Json => {
            let message = format!("request.response_format: {NAME} has no JSON without a schema");
            return Err(unsupported(message));
        }
        Format::Schema(schema) => {
            let format = Writer::default().with("type", quote("json_schema"));
            body.set("output_config.format", format.with("schema", schema.get()).to_string());
        }
    }
    Ok(())
}

/// <https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview>
fn tools_text(value: &RawValue) -> Result<Option<String>, CallError> {
    let tool = |tool: &crate::request::Tool<'_>| {
        let mut text = Writer::default().with("name", quote(&tool.name));
        text.set_some("description", tool.description.map(RawValue::get));
        let schema = tool.parameters.as_ref().map(crate::request::Schema::typed);
        text.set("input_schema", schema.unwrap_or_else(|| r#"{"type":"object"}"#.to_owned()));
        text.set_some("strict", tool.strict.map(RawValue::get));
        text.set_some("cache_control", tool.cache_control.map(RawValue::get));
        text.to_string()
    };
    let tools = tools(NAME, value)?;
    Ok((!tools.is_empty()).then(|| json::array(tools.iter().map(tool))))
}

/// <https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use>. Without
/// tools the dialect takes no choice.
pub(super) fn tool_choice(request: &Request<'_>) -> Result<Option<String>, CallError> {
    let has_tools = request.parameter("tools").is_some_and(|tools| tools.get() != "[]");
    let asked = request.parameter("tool_choice").map(|value| choice(NAME, value)).transpose()?;
    let one = request.parameter("parallel_tool_calls").is_some_and(|value| value.get() == "false");
    let (kind, name) = match asked {
        _ if !has_tools => return Ok(None),
        None if !one => return Ok(None),
        None | Some(Choice::Auto) => ("auto", None),
        Some(Choice::None) => ("none", None),
        Some(Choice::Required) => ("any", None),
        Some(Choice::OneOf(names)) => match <[String; 1]>::try_from(names) {
            Ok([name]) => ("tool", Some(quote(&name))),
            Err(_) => {
                let message = format!("request.tool_choice: {NAME} has no choice among several");
                return Err(unsupported(message));
            }
        },
    };
    let mut text = Writer::default().with("type", quote(kind));
    text.set_some("name", name);
    if one && kind != "none" {
        text.set("disable_parallel_tool_use", "true");
    }
    Ok(Some(text.to_string()))
}
