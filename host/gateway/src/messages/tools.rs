//! Tools, and which of them the model is to call.

use sigmapol_core::json::{Object, quote};

use super::{
    notes::Notes,
    text::{array, given, inner, list, object, word, wrong},
};
use crate::error::ApiError;

/// Tools as an OpenAI chat request has them, as far as they are functions: what Anthropic itself runs
/// is for its models. Nothing where none is left.
pub(super) fn tools(value: &str, notes: &mut Notes) -> Result<Vec<Tool>, ApiError> {
    let tools = array(value).ok_or_else(|| wrong("tools", "an array"))?;
    let mut functions = Vec::new();
    for (index, tool) in tools.into_iter().enumerate() {
        let position = format!("tools[{index}]");
        let tool = object(tool.get()).ok_or_else(|| wrong(&position, "an object"))?;
        if let Some(kind) = word(&tool, "type").filter(|kind| kind != "custom") {
            notes.ignore(&format!("tools.{kind}"));
            continue;
        }
        let name = given(&tool, "name").filter(|name| inner(name).is_some());
        let name = name.ok_or_else(|| wrong(&format!("{position}.name"), "a string"))?;
        let schema = given(&tool, "input_schema");
        if schema.is_some_and(|schema| !schema.starts_with('{')) {
            return Err(wrong(&format!("{position}.input_schema"), "an object"));
        }
        let function = Object::new()
            .with("name", name)
            .with_some("description", given(&tool, "description"))
            .with_some("parameters", schema)
            .with_some("strict", given(&tool, "strict"));
        let text = Object::new().with("type", "\"function\"").with("function", &function.finish());
        functions.push(Tool { name: name.to_owned(), text: text.finish() });
    }
    Ok(functions)
}

/// A function.
#[derive(Debug)]
pub(super) struct Tool {
    /// A string, JSON.
    name: String,
    text: String,
}

impl Tool {
    /// The array of tools.
    pub(super) fn all(tools: &[Self]) -> String {
        list(&tools.iter().map(|tool| tool.text.clone()).collect::<Vec<_>>())
    }
}

/// `tool_choice`, and whether the model is to call one at a time. A choice of what is left out is none.
pub(super) fn choice(value: &str, tools: &[Tool]) -> Result<(Option<String>, bool), ApiError> {
    let position = "tool_choice";
    let choice = object(value).ok_or_else(|| wrong(position, "an object"))?;
    let one = given(&choice, "disable_parallel_tool_use") == Some("true");
    let text = match word(&choice, "type").as_deref() {
        Some("auto") => Some(quote("auto")),
        Some("any") => Some(quote("required")),
        Some("none") => Some(quote("none")),
        Some("tool") => {
            let name = given(&choice, "name").filter(|name| inner(name).is_some());
            let name = name.ok_or_else(|| wrong("tool_choice.name", "a string"))?;
            let function = Object::new().with("name", name).finish();
            let text = Object::new().with("type", "\"function\"").with("function", &function);
            tools.iter().any(|tool| tool.name == name).then(|| text.finish())
        }
        _ => return Err(wrong("tool_choice.type", "auto, any, tool or none")),
    };
    Ok((text, one))
}
