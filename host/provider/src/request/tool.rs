//! Tools, and which of them the model is to call.

use serde_json::value::RawValue;

use crate::{
    CallError,
    error::{expected, unsupported},
    json::{self, Object},
};

/// A tool that the model may call.
#[derive(Debug)]
pub(crate) struct Tool<'a> {
    pub(crate) name: String,
    pub(crate) description: Option<&'a RawValue>,
    /// A schema with members; none is the same as any arguments.
    pub(crate) parameters: Option<Schema<'a>>,
    pub(crate) strict: Option<&'a RawValue>,
    pub(crate) cache_control: Option<&'a RawValue>,
}

/// The schema of a tool's arguments, an object.
#[derive(Debug)]
pub(crate) struct Schema<'a> {
    text: &'a str,
    members: Object<'a>,
}

impl Schema<'_> {
    /// The schema with a type, for a dialect that wants one.
    pub(crate) fn typed(&self) -> String {
        if self.members.get("type").is_some() {
            return self.text.to_owned();
        }
        let rest = self.text.strip_prefix('{').unwrap_or_default();
        let comma = if self.members.is_empty() { "" } else { "," };
        format!(r#"{{"type":"object"{comma}{rest}"#)
    }

    /// The schema, unless it says no more than that the arguments are an object: some servers
    /// refuse an object without properties.
    pub(crate) fn telling(&self) -> Option<&str> {
        let tells = |(key, value): &(std::borrow::Cow<'_, str>, &RawValue)| match key.as_ref() {
            "type" | "$schema" | "additionalProperties" => false,
            "properties" | "required" => {
                let inner = value.get().get(1..value.get().len().saturating_sub(1));
                inner.is_some_and(|inner| !inner.trim().is_empty())
            }
            _ => true,
        };
        self.members.0.iter().any(tells).then_some(self.text)
    }
}

/// Reads `request.tools`, for `dialect`, which has functions alone.
pub(crate) fn tools<'a>(dialect: &str, value: &'a RawValue) -> Result<Vec<Tool<'a>>, CallError> {
    let list = json::items(value).ok_or_else(|| expected("request.tools", "an array"))?;
    let tool = |(index, tool): (usize, &&'a RawValue)| {
        let position = format!("request.tools[{index}]");
        let tool = Object::of(tool).ok_or_else(|| expected(&position, "an object"))?;
        match tool.text("type").as_deref() {
            None | Some("function") => {}
            Some(other) => {
                return Err(unsupported(format!("{position}.type: {dialect} has no {other}")));
            }
        }
        let function = tool.object("function");
        let position = format!("{position}.function");
        let name = function.word("name");
        let parameters = match function.get("parameters") {
            None => None,
            Some(schema) => {
                let place = format!("{position}.parameters");
                let members = Object::of(schema).ok_or_else(|| expected(&place, "an object"))?;
                (!members.is_empty()).then(|| Schema { text: schema.get(), members })
            }
        };
        Ok(Tool {
            name: name.ok_or_else(|| expected(&format!("{position}.name"), "a string"))?,
            description: function.get("description").filter(|text| text.get().starts_with('"')),
            parameters,
            strict: function.get("strict"),
            cache_control: tool.get("cache_control").or_else(|| function.get("cache_control")),
        })
    };
    list.iter().enumerate().map(tool).collect()
}

/// Which tools the model is to call.
#[derive(Debug, PartialEq)]
pub(crate) enum Choice {
    Auto,
    /// None of them.
    None,
    /// At least one.
    Required,
    /// At least one of these.
    OneOf(Vec<String>),
}

/// Reads `request.tool_choice`, for `dialect`.
pub(crate) fn choice(dialect: &str, value: &RawValue) -> Result<Choice, CallError> {
    let position = "request.tool_choice";
    if let Some(word) = json::string(value) {
        return match word.as_ref() {
            "auto" => Ok(Choice::Auto),
            "none" => Ok(Choice::None),
            "required" | "any" => Ok(Choice::Required),
            _ => Err(expected(position, "auto, none, required or a function")),
        };
    }
    let object = Object::of(value).unwrap_or_default();
    let function = |object: &Object<'_>| {
        let name = object.object("function").word("name").or_else(|| object.word("name"));
        name.ok_or_else(|| expected(&format!("{position}.function.name"), "a string"))
    };
    match object.text("type").as_deref() {
        Some("function") => Ok(Choice::OneOf(vec![function(&object)?])),
        Some("allowed_tools") => {
            let allowed = object.object("allowed_tools");
            if allowed.text("mode").as_deref() != Some("required") {
                let message = format!("{position}: {dialect} has no allowed_tools of mode auto");
                return Err(unsupported(message));
            }
            allowed
                .objects("tools")
                .iter()
                .map(function)
                .collect::<Result<_, _>>()
                .map(Choice::OneOf)
        }
        Some(other) => Err(unsupported(format!("{position}: {dialect} has no {other}"))),
        None => Err(expected(position, "auto, none, required or a function")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<(String, Option<String>), String> {
        let tools = tools("d", json::value(text).unwrap()).map_err(|error| error.to_string())?;
        let parameters = tools[0].parameters.as_ref();
        Ok((
            parameters.map_or_else(|| "-".to_owned(), Schema::typed),
            parameters.and_then(|schema| schema.telling().map(str::to_owned)),
        ))
    }

    fn schema(schema: &str) -> (String, Option<String>) {
        one(&format!(r#"[{{"function": {{"name": "f", "parameters": {schema}}}}}]"#)).unwrap()
    }

    #[test]
    fn schemas() {
        assert_eq!(schema("null"), ("-".to_owned(), None));
        assert_eq!(schema("{}"), ("-".to_owned(), None));
        let empty = r#"{"type": "object", "properties": { }}"#;
        assert_eq!(schema(empty), (empty.to_owned(), None));
        let full = r#"{"properties": {"a": {"default": null, "enum": [1.10, null]}}}"#;
        let typed = full.replacen('{', r#"{"type":"object","#, 1);
        assert_eq!(schema(full), (typed, Some(full.to_owned())));
    }

    #[test]
    fn what_is_wrong_with_tools() {
        for (text, message) in [
            ("{}", "bad_request: request.tools: expected an array"),
            ("[1]", "bad_request: request.tools[0]: expected an object"),
            ("[{}]", "bad_request: request.tools[0].function.name: expected a string"),
            (
                r#"[{"type": "web_search"}]"#,
                "unsupported: request.tools[0].type: d has no web_search",
            ),
            (
                r#"[{"function": {"name": "f", "parameters": []}}]"#,
                "bad_request: request.tools[0].function.parameters: expected an object",
            ),
        ] {
            assert_eq!(one(text).unwrap_err(), message);
        }
    }

    #[test]
    fn choices() {
        let read =
            |text: &str| choice("d", json::value(text).unwrap()).map_err(|error| error.to_string());
        assert_eq!(read(r#""auto""#), Ok(Choice::Auto));
        assert_eq!(read(r#""none""#), Ok(Choice::None));
        assert_eq!(read(r#""required""#), Ok(Choice::Required));
        let one = Ok(Choice::OneOf(vec!["f".to_owned()]));
        assert_eq!(read(r#"{"type": "function", "function": {"name": "f"}}"#), one);
        let tools = r#"[{"type": "function", "function": {"name": "f"}}]"#;
        let allowed = |mode| {
            read(&format!(
                r#"{{"type": "allowed_tools", "allowed_tools": {{"mode": "{mode}", "tools": {tools}}}}}"#
            ))
        };
        assert_eq!(allowed("required"), one);
        let message = "unsupported: request.tool_choice: d has no allowed_tools of mode auto";
        assert_eq!(allowed("auto"), Err(message.to_owned()));
        let message = "unsupported: request.tool_choice: d has no custom";
        assert_eq!(read(r#"{"type": "custom"}"#), Err(message.to_owned()));
        let message =
            "bad_request: request.tool_choice: expected auto, none, required or a function";
        assert_eq!(read(r#""f""#), Err(message.to_owned()));
    }
}
