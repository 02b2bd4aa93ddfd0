//! Calls of tools that an assistant made, in OpenAI's shape.

use serde_json::value::RawValue;

use crate::{
    CallError,
    error::{expected, unsupported},
    json::{self, Object},
};

/// A call of a tool.
#[derive(Debug)]
pub(crate) struct ToolCall {
    position: String,
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    /// As the client sent them, JSON or not.
    arguments: String,
    /// What Google wants to have back with its calls.
    pub(crate) thought_signature: Option<String>,
}

impl ToolCall {
    /// The arguments as the text of an object, for a dialect that has nothing else. A call
    /// without any has the empty object.
    pub(crate) fn object(&self, dialect: &str) -> Result<&str, CallError> {
        let text = self.arguments.trim();
        if text.is_empty() {
            return Ok("{}");
        }
        if text.starts_with('{') && json::value(text).is_ok() {
            return Ok(text);
        }
        let position = &self.position;
        let message =
            format!("{position}.function.arguments: {dialect} has no arguments but objects");
        Err(unsupported(message))
    }
}

/// Reads `tool_calls` of a message.
pub(super) fn calls(position: &str, calls: Option<&RawValue>) -> Result<Vec<ToolCall>, CallError> {
    let Some(calls) = calls else { return Ok(Vec::new()) };
    let list = json::items(calls).ok_or_else(|| expected(position, "an array"))?;
    let call = |(index, call): (usize, &RawValue)| {
        let position = format!("{position}[{index}]");
        let call = Object::of(call).unwrap_or_default();
        if let Some(kind) = call.text("type").filter(|kind| kind != "function") {
            let message = format!("{position}.type: only OpenAI's dialect has {kind}");
            return Err(unsupported(message));
        }
        let function = call.object("function");
        let name = function.word("name");
        let name =
            name.ok_or_else(|| expected(&format!("{position}.function.name"), "a string"))?;
        let arguments = match function.get("arguments") {
            None => String::new(),
            // some servers give the object itself
            Some(value) => json::string(value).map_or_else(|| value.get().to_owned(), Into::into),
        };
        let google = call.object("extra_content").object("google");
        let signature = google.word("thought_signature");
        let thought_signature = signature.or_else(|| call.word("thought_signature"));
        Ok(ToolCall { position, id: call.word("id"), name, arguments, thought_signature })
    };
    list.into_iter().enumerate().map(call).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_what_the_client_sent() {
        let text = r#"{"b":1.10,"a":9223372036854775807,"b":null}"#;
        let call = |arguments: &str| {
            let list = format!(r#"[{{"function": {{"name": "f", "arguments": {arguments}}}}}]"#);
            let calls = calls("tool_calls", Some(json::value(&list).unwrap())).unwrap();
            calls[0].object("d").map(str::to_owned).map_err(|error| error.to_string())
        };
        assert_eq!(call(&json::quote(text)), Ok(text.to_owned()));
        assert_eq!(call(text), Ok(text.to_owned()));
        let message = "unsupported: tool_calls[0].function.arguments: \
                       d has no arguments but objects";
        for other in ["{", "[]", "1", "{} {}"] {
            assert_eq!(call(&json::quote(other)), Err(message.to_owned()));
        }
    }
}
