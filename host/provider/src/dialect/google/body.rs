//! The body of a request.

use serde_json::value::RawValue;

use super::{NAME, contents};
use crate::{
    CallError,
    dialect::stops,
    error::expected,
    json::{self, Writer, quote},
    request::{Choice, Format, Request, choice, parameters, tools},
};

pub(super) fn body(request: &Request<'_>) -> Result<String, CallError> {
    let mut body = Writer::default();
    let (system, contents) = contents::contents(&request.messages()?, &request.model)?;
    body.set("contents", contents);
    body.set_some("systemInstruction.parts", system);
    let has_limit = request.parameter("max_tokens").is_some();
    for (name, text) in parameters::place(parameters::Api::Google, request, &mut body)? {
        let value = json::value(&text).map_err(|_| expected("request", "JSON"))?;
        match name {
            "max_completion_tokens" if has_limit => {}
            "max_tokens" | "max_completion_tokens" => {
                body.set("generationConfig.maxOutputTokens", text);
            }
            "reasoning_effort" => thinking(value, &request.model, &mut body)?,
            "response_format" => format(value, &mut body)?,
            "stop" => body.set("generationConfig.stopSequences", stops(&text)),
            "tool_choice" => tool_choice(value, &mut body)?,
            "tools" => body.set_some("tools", declarations(value)?),
            _ => {}
        }
    }
    Ok(body.to_string())
}

/// As Google's own endpoint for OpenAI's dialect does: budgets for the models before Gemini 3,
/// levels since. <https://ai.google.dev/gemini-api/docs/openai#thinking>
fn thinking(value: &RawValue, model: &str, body: &mut Writer) -> Result<(), CallError> {
    let position = "request.reasoning_effort";
    let effort = json::string(value).ok_or_else(|| expected(position, "a string"))?;
    let budget = "generationConfig.thinkingConfig.thinkingBudget";
    let budgets = contents::generation(model).is_some_and(|generation| generation < 3);
    match (effort.as_ref(), budgets) {
        ("none", _) => body.set(budget, "0"),
        ("minimal" | "low", true) => body.set(budget, "1024"),
        ("medium", true) => body.set(budget, "8192"),
        ("high" | "xhigh" | "max", true) => body.set(budget, "24576"),
        (effort @ ("minimal" | "low" | "medium" | "high"), false) => {
            body.set("generationConfig.thinkingConfig.thinkingLevel", quote(effort));
        }
        ("xhigh" | "max", false) => {
            body.set("generationConfig.thinkingConfig.thinkingLevel", quote("high"));
        }
        _ => return Err(expected(position, "none, minimal, low, medium, high, xhigh or max")),
    }
    Ok(())
}

/// <https://ai.google.dev/gemini-api/docs/structured-output>
fn format(value: &RawValue, body: &mut Writer) -> Result<(), CallError> {
    let format = Format::read(value)?;
    if !matches!(format, Format::Text) {
        body.set("generationConfig.responseMimeType", quote("application/json"));
    }
    if let Format::Schema(schema) = format {
        body.set("generationConfig.responseJsonSchema", schema.get());
    }
    Ok(())
}

/// <https://ai.google.dev/gemini-api/docs/function-calling#function_calling_modes>
fn tool_choice(value: &RawValue, body: &mut Writer) -> Result<(), CallError> {
    let path = "toolConfig.functionCallingConfig";
    let mode = match choice(NAME, value)? {
        Choice::Auto => "AUTO",
        Choice::None => "NONE",
        Choice::Required => "ANY",
        Choice::OneOf(names) => {
            let names = json::array(names.iter().map(|name| quote(name)));
            body.set(&format!("{path}.allowedFunctionNames"), names);
            "ANY"
        }
    };
    body.set(&format!("{path}.mode"), quote(mode));
    Ok(())
}

/// <https://ai.google.dev/api/caching#FunctionDeclaration>. A schema is JSON Schema there; an
/// object without properties is refused, and says nothing.
fn declarations(value: &RawValue) -> Result<Option<String>, CallError> {
    let function = |tool: &crate::request::Tool<'_>| {
        let mut text = Writer::default().with("name", quote(&tool.name));
        text.set_some("description", tool.description.map(RawValue::get));
        let schema = tool.parameters.as_ref().and_then(crate::request::Schema::telling);
        text.set_some("parametersJsonSchema", schema);
        text.to_string()
    };
    let functions = tools(NAME, value)?;
    let list = || json::array(functions.iter().map(function));
    Ok((!functions.is_empty()).then(|| format!(r#"[{{"functionDeclarations":{}}}]"#, list())))
}
