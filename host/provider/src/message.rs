//! Messages, tools and images, read from the OpenAI shape for the dialects that have another.

use serde_json::{Map, Value};

use super::{
    CallError,
    request::{bad, expected},
};

/// One message.
#[derive(Debug, PartialEq)]
pub(super) struct Message {
    pub(super) role: Role,
    pub(super) parts: Vec<Part>,
    /// Calls of tools, by the assistant.
    pub(super) calls: Vec<ToolCall>,
}

/// Who speaks.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Role {
    System,
    User,
    Assistant,
    /// The result of a call; `name` is the tool's, found by the id of its call.
    Tool {
        id: String,
        name: String,
    },
}

/// A piece of a message.
#[derive(Debug, PartialEq)]
pub(super) enum Part {
    Text(String),
    Image(Image),
}

/// An image, by address or by value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Image {
    Url(String),
    Data { mime: String, base64: String },
}

/// A call of a tool.
#[derive(Debug, PartialEq)]
pub(super) struct ToolCall {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: Value,
}

/// A tool that the model may call.
#[derive(Debug, PartialEq)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) parameters: Option<Value>,
}

impl Message {
    /// All text, without what is between.
    pub(super) fn text(&self) -> String {
        let text = |part: &Part| match part {
            Part::Text(text) => Some(text.clone()),
            Part::Image(_) => None,
        };
        self.parts.iter().filter_map(text).collect()
    }
}

impl Image {
    /// An `https:` address or a `data:` address in base64.
    fn parse(position: &str, url: &str) -> Result<Self, CallError> {
        if let Some(data) = url.strip_prefix("data:") {
            return match data.split_once(";base64,") {
                Some((mime, base64)) if !mime.is_empty() => {
                    Ok(Self::Data { mime: mime.to_owned(), base64: base64.to_owned() })
                }
                _ => Err(expected(position, "data:MIME;base64,…")),
            };
        }
        if url.starts_with("https://") {
            return Ok(Self::Url(url.to_owned()));
        }
        Err(expected(position, "an https: or data: URL"))
    }

    /// The address, as it was given.
    pub(super) fn url(&self) -> String {
        match self {
            Self::Url(url) => url.clone(),
            Self::Data { mime, base64 } => format!("data:{mime};base64,{base64}"),
        }
    }
}

/// Reads `request.images`.
pub(super) fn images(list: &[Value]) -> Result<Vec<Image>, CallError> {
    let image = |(index, value): (usize, &Value)| {
        let position = format!("request.images[{index}]");
        let url = value.as_str().ok_or_else(|| expected(&position, "a string"))?;
        Image::parse(&position, url)
    };
    list.iter().enumerate().map(image).collect()
}

/// Reads `request.messages`.
pub(super) fn messages(list: &[Value]) -> Result<Vec<Message>, CallError> {
    let mut messages: Vec<Message> = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let position = format!("request.messages[{index}]");
        let role = match value.get("role").and_then(Value::as_str) {
            Some("system" | "developer") => Role::System,
            Some("user") => Role::User,
            Some("assistant") => Role::Assistant,
            Some("tool") => {
                let position = format!("{position}.tool_call_id");
                let id = member(value, &position, "tool_call_id")?;
                let mut calls = messages.iter().flat_map(|message| &message.calls);
                let call = calls.rfind(|call| call.id == id);
                let call = call.ok_or_else(|| expected(&position, "the id of an earlier call"))?;
                Role::Tool { name: call.name.clone(), id }
            }
            _ => {
                let roles = "system, developer, user, assistant or tool";
                return Err(expected(&format!("{position}.role"), roles));
            }
        };
        let parts = parts(&format!("{position}.content"), value.get("content"))?;
        let calls = calls(&format!("{position}.tool_calls"), value.get("tool_calls"))?;
        messages.push(Message { role, parts, calls });
    }
    Ok(messages)
}

fn parts(position: &str, content: Option<&Value>) -> Result<Vec<Part>, CallError> {
    match content {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![Part::Text(text.clone())]),
        Some(Value::Array(list)) => {
            let parts = list.iter().enumerate();
            parts.map(|(index, part)| one_part(&format!("{position}[{index}]"), part)).collect()
        }
        Some(_) => Err(expected(position, "a string or an array of parts")),
    }
}

fn one_part(position: &str, part: &Value) -> Result<Part, CallError> {
    match part.get("type").and_then(Value::as_str) {
        Some("text") => Ok(Part::Text(member(part, &format!("{position}.text"), "text")?)),
        Some("image_url") => {
            let position = format!("{position}.image_url.url");
            let url = part.pointer("/image_url/url").and_then(Value::as_str);
            let url = url.ok_or_else(|| expected(&position, "a string"))?;
            Image::parse(&position, url).map(Part::Image)
        }
        _ => Err(expected(&format!("{position}.type"), "text or image_url")),
    }
}

fn calls(position: &str, calls: Option<&Value>) -> Result<Vec<ToolCall>, CallError> {
    let list = match calls {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(expected(position, "an array")),
    };
    let call = |(index, call): (usize, &Value)| {
        let position = format!("{position}[{index}]");
        let function = call.get("function").unwrap_or(&Value::Null);
        let name = member(function, &format!("{position}.function.name"), "name")?;
        let place = format!("{position}.function.arguments");
        let arguments = member(function, &place, "arguments")?;
        let arguments = self::arguments(&arguments).ok_or_else(|| expected(&place, "JSON"))?;
        Ok(ToolCall { id: member(call, &format!("{position}.id"), "id")?, name, arguments })
    };
    list.iter().enumerate().map(call).collect()
}

/// The arguments of a call, which are JSON as text. A call without any is the empty object.
pub(super) fn arguments(text: &str) -> Option<Value> {
    if text.trim().is_empty() {
        return Some(Value::Object(Map::new()));
    }
    serde_json::from_str(text).ok()
}

/// Reads `request.tools`.
pub(super) fn tools(list: &[Value]) -> Result<Vec<Tool>, CallError> {
    let tool = |(index, tool): (usize, &Value)| {
        let position = format!("request.tools[{index}]");
        if tool.get("type").and_then(Value::as_str) != Some("function") {
            return Err(bad(format!("{position}.type: expected function")));
        }
        let function = tool.get("function").unwrap_or(&Value::Null);
        Ok(Tool {
            name: member(function, &format!("{position}.function.name"), "name")?,
            description: function.get("description").and_then(Value::as_str).map(str::to_owned),
            parameters: function.get("parameters").cloned(),
        })
    };
    list.iter().enumerate().map(tool).collect()
}

fn member(object: &Value, position: &str, key: &str) -> Result<String, CallError> {
    let text = object.get(key).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| expected(position, "a string"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_with_messages() {
        let call = json!({"id": "c", "function": {"name": "f", "arguments": "{"}});
        for (message, text) in [
            (json!({"role": "judge"}), "role: expected system, developer, user, assistant or tool"),
            (
                json!({"role": "user", "content": 1}),
                "content: expected a string or an array of parts",
            ),
            (
                json!({"role": "user", "content": [{"type": "audio"}]}),
                "content[0].type: expected text or image_url",
            ),
            (
                json!({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://a"}}]}),
                "content[0].image_url.url: expected an https: or data: URL",
            ),
            (
                json!({"role": "assistant", "tool_calls": [call]}),
                "tool_calls[0].function.arguments: expected JSON",
            ),
            (
                json!({"role": "tool", "tool_call_id": "c", "content": "1"}),
                "tool_call_id: expected the id of an earlier call",
            ),
        ] {
            let error = messages(&[message]).unwrap_err();
            assert_eq!(error.message, format!("request.messages[0].{text}"));
        }
    }

    #[test]
    fn what_is_wrong_with_images_and_tools() {
        let error = images(&[json!("data:image/png,abc")]).unwrap_err();
        assert_eq!(error.message, "request.images[0]: expected data:MIME;base64,…");
        let error = tools(&[json!({"type": "web_search"})]).unwrap_err();
        assert_eq!(error.message, "request.tools[0].type: expected function");
        let error = tools(&[json!({"type": "function"})]).unwrap_err();
        assert_eq!(error.message, "request.tools[0].function.name: expected a string");
    }

    #[test]
    fn a_result_knows_its_tool() {
        let call = json!({"id": "c", "function": {"name": "f", "arguments": ""}});
        let read = messages(&[
            json!({"role": "assistant", "content": null, "tool_calls": [call]}),
            json!({"role": "tool", "tool_call_id": "c", "content": "1"}),
        ]);
        let read = read.unwrap();
        assert_eq!(read[0].calls[0].arguments, json!({}));
        assert_eq!(read[1].role, Role::Tool { id: "c".to_owned(), name: "f".to_owned() });
        assert_eq!(read[1].text(), "1");
    }
}
