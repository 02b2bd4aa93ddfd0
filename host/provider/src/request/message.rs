//! Messages in OpenAI's shape, read for the dialects that have another.
//!
//! Reading is lenient where clients differ: `content` may be `null`, "" or missing.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::{
    call::{ToolCall, calls},
    image::Image,
};
use crate::{
    CallError,
    error::{bad, expected, unsupported},
    json::{self, Object},
};

/// One message.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    /// For errors.
    pub(crate) position: String,
    pub(crate) role: Role,
    pub(crate) parts: Vec<Part<'a>>,
    /// Calls of tools, by the assistant.
    pub(crate) calls: Vec<ToolCall>,
    /// What Anthropic wants to have back before them.
    pub(crate) thinking_blocks: Vec<&'a RawValue>,
}

/// Who speaks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Role {
    System,
    User,
    Assistant,
    /// The result of a call; `name` is the tool's, found by the id of its call.
    Tool {
        id: Option<String>,
        name: Option<String>,
    },
}

/// A piece of a message, and the client's hint that the provider should remember it.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    pub(crate) content: Content,
    pub(crate) cache_control: Option<&'a RawValue>,
}

#[derive(Debug)]
pub(crate) enum Content {
    Text(String),
    Image(Image),
}

impl Message<'_> {
    /// All text, without what is between.
    pub(crate) fn text(&self) -> String {
        let text = |part: &Part<'_>| match &part.content {
            Content::Text(text) => Some(text.clone()),
            Content::Image(_) => None,
        };
        self.parts.iter().filter_map(text).collect()
    }

    /// The images.
    pub(crate) fn images(&self) -> impl Iterator<Item = &Image> {
        self.parts.iter().filter_map(|part| match &part.content {
            Content::Image(image) => Some(image),
            Content::Text(_) => None,
        })
    }

    /// Refuses images, for a dialect that has none in messages of this role.
    pub(crate) fn without_images(&self, dialect: &str) -> Result<(), CallError> {
        match self.images().next() {
            None => Ok(()),
            Some(_) => {
                let role = match self.role {
                    Role::System => "system messages",
                    Role::User => "messages of the user",
                    Role::Assistant => "messages of the assistant",
                    Role::Tool { .. } => "results of tools",
                };
                let message =
                    format!("{}.content: {dialect} has no images in {role}", self.position);
                Err(unsupported(message))
            }
        }
    }
}

/// Reads `request.messages`, and puts the images at the end of the last message of the user.
pub(super) fn messages<'a>(
    list: &'a RawValue,
    images: &[Image],
) -> Result<Vec<Message<'a>>, CallError> {
    let list = json::items(list).ok_or_else(|| expected("request.messages", "an array"))?;
    let mut messages: Vec<Message<'a>> = Vec::new();
    let mut called = Called::default();
    for (index, value) in list.into_iter().enumerate() {
        let message = message(format!("request.messages[{index}]"), value, &mut called)?;
        called.add(index, &message.calls);
        messages.push(message);
    }
    if !images.is_empty() {
        let last = messages.iter_mut().rfind(|message| message.role == Role::User);
        let images = images.iter().cloned().map(Content::Image);
        let parts = images.map(|content| Part { content, cache_control: None });
        last.ok_or_else(no_user_message)?.parts.extend(parts);
    }
    Ok(messages)
}

/// Images have to go with a message.
pub(crate) fn no_user_message() -> CallError {
    bad("request.images: expected a message of the user to put them in")
}

fn message<'a>(
    position: String,
    value: &'a RawValue,
    called: &mut Called,
) -> Result<Message<'a>, CallError> {
    let value = Object::of(value).ok_or_else(|| expected(&position, "an object"))?;
    let role = match value.text("role").as_deref() {
        Some("system" | "developer") => Role::System,
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("tool") => {
            let id = value.word("tool_call_id");
            let name = id.as_deref().and_then(|id| called.name(id));
            let name = name.or_else(|| value.word("name"));
            Role::Tool { id, name }
        }
        _ => {
            let roles = "system, developer, user, assistant or tool";
            return Err(expected(&format!("{position}.role"), roles));
        }
    };
    let mut parts = parts(&format!("{position}.content"), value.get("content"))?;
    if let (Some(hint), Some(last)) = (value.get("cache_control"), parts.last_mut()) {
        last.cache_control = Some(hint);
    }
    let calls = calls(&format!("{position}.tool_calls"), value.get("tool_calls"))?;
    let thinking_blocks = value.items("thinking_blocks");
    Ok(Message { position, role, parts, calls, thinking_blocks })
}

/// Calls by their id, for results. Some servers give the same id to calls of every turn, and some to
/// calls of one: a result is of the last message that has such calls, and of the first of them that no
/// result is of yet.
#[derive(Default)]
struct Called(HashMap<String, Open>);

/// Calls of one message with one id.
struct Open {
    /// Of the message.
    index: usize,
    names: Vec<String>,
    results: usize,
}

impl Called {
    fn add(&mut self, index: usize, calls: &[ToolCall]) {
        for call in calls {
            let Some(id) = &call.id else { continue };
            let new = || Open { index, names: Vec::new(), results: 0 };
            let open = self.0.entry(id.clone()).or_insert_with(new);
            if open.index != index {
                *open = new();
            }
            open.names.push(call.name.clone());
        }
    }

    /// The name of the tool that a result is of.
    fn name(&mut self, id: &str) -> Option<String> {
        let open = self.0.get_mut(id)?;
        let name = open.names.get(open.results).or(open.names.last());
        open.results += 1;
        name.cloned()
    }
}

fn parts<'a>(position: &str, content: Option<&'a RawValue>) -> Result<Vec<Part<'a>>, CallError> {
    let Some(content) = content else { return Ok(Vec::new()) };
    if let Some(text) = json::string(content) {
        let content = Content::Text(text.into_owned());
        return Ok(vec![Part { content, cache_control: None }]);
    }
    let list = json::items(content);
    let list = list.ok_or_else(|| expected(position, "a string or an array of parts"))?;
    let parts = list.into_iter().enumerate();
    parts.map(|(index, part)| one_part(&format!("{position}[{index}]"), part)).collect()
}

fn one_part<'a>(position: &str, part: &'a RawValue) -> Result<Part<'a>, CallError> {
    let part = Object::of(part).unwrap_or_default();
    let text = |key: &str| {
        let text = part.text(key).ok_or_else(|| expected(&format!("{position}.{key}"), "a string"));
        text.map(|text| Content::Text(text.into_owned()))
    };
    let content = match part.text("type").as_deref() {
        Some("text") => text("text")?,
        Some("refusal") => text("refusal")?,
        Some("image_url") => {
            let position = format!("{position}.image_url.url");
            let url = part.object("image_url").text("url").or_else(|| part.text("image_url"));
            let url = url.ok_or_else(|| expected(&position, "a string"))?;
            Content::Image(Image::parse(&position, &url)?)
        }
        Some(other) => {
            let message = format!("{position}.type: only OpenAI's dialect has {other}");
            return Err(unsupported(message));
        }
        None => return Err(expected(&format!("{position}.type"), "a string")),
    };
    Ok(Part { content, cache_control: part.get("cache_control") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(list: &str) -> Result<Vec<Message<'_>>, CallError> {
        messages(json::value(list).unwrap(), &[])
    }

    #[test]
    fn what_is_wrong_with_messages() {
        for (message, text) in [
            (
                r#"{"role": "judge"}"#,
                "bad_request: request.messages[0].role: expected system, developer, user, assistant or tool",
            ),
            (
                r#"{"role": "user", "content": 1}"#,
                "bad_request: request.messages[0].content: expected a string or an array of parts",
            ),
            (
                r#"{"role": "user", "content": [{"type": "input_audio"}]}"#,
                "unsupported: request.messages[0].content[0].type: only OpenAI's dialect has input_audio",
            ),
            (
                r#"{"role": "user", "content": [{}]}"#,
                "bad_request: request.messages[0].content[0].type: expected a string",
            ),
            (
                r#"{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://a"}}]}"#,
                "unsupported: request.messages[0].content[0].image_url.url: expected an https: or data: URL",
            ),
            (
                r#"{"role": "assistant", "tool_calls": [{"id": "c"}]}"#,
                "bad_request: request.messages[0].tool_calls[0].function.name: expected a string",
            ),
            (
                r#"{"role": "assistant", "tool_calls": [{"id": "c", "type": "custom"}]}"#,
                "unsupported: request.messages[0].tool_calls[0].type: only OpenAI's dialect has custom",
            ),
        ] {
            let list = format!("[{message}]");
            assert_eq!(read(&list).unwrap_err().to_string(), text);
        }
    }

    /// Each result has the name of a call, whatever ids a server gave.
    #[test]
    fn results_of_calls_with_one_id() {
        let turn = |names: &[&str]| {
            let call = |name: &&str| format!(r#"{{"id": "c", "function": {{"name": "{name}"}}}}"#);
            let calls: Vec<_> = names.iter().map(call).collect();
            format!(r#"{{"role": "assistant", "tool_calls": [{}]}}"#, calls.join(","))
        };
        let result = |id: &str| {
            format!(r#"{{"role": "tool", "tool_call_id": "{id}", "name": "own", "content": ""}}"#)
        };
        let (one, other) = (result("c"), result("d"));
        for (list, expected) in [
            (vec![turn(&["f"]), one.clone(), turn(&["g"]), one.clone()], &["f", "g"][..]),
            (vec![turn(&["f", "g"]), one.clone(), one.clone()], &["f", "g"]),
            (vec![turn(&["f", "g"]), one.clone(), one.clone(), one.clone()], &["f", "g", "g"]),
            (vec![turn(&["f", "g"]), one.clone(), turn(&["h"]), one.clone()], &["f", "h"]),
            (vec![turn(&["f"]), turn(&[]), one.clone(), other], &["f", "own"]),
            (vec![one], &["own"]),
        ] {
            let list = format!("[{}]", list.join(","));
            let names: Vec<_> = read(&list)
                .unwrap()
                .iter()
                .filter_map(|message| match &message.role {
                    Role::Tool { name, .. } => name.clone(),
                    _ => None,
                })
                .collect();
            assert_eq!(names, expected, "{list}");
        }
    }

    /// As many results as a request has room for are matched in a time that grows as their number does:
    /// one by one against all messages, this took minutes.
    #[test]
    fn many_results() {
        let many = r#"{"role":"tool","tool_call_id":"c"},"#.repeat(200_000);
        let list = format!(r#"[{many}{{"role":"user","content":"x"}}]"#);
        assert_eq!(read(&list).unwrap().len(), 200_001);
    }

    #[test]
    fn an_assistant_without_content() {
        for content in ["", r#""content": null,"#, r#""content": "","#, r#""content": [],"#] {
            let list = format!(
                r#"[{{"role": "assistant", {content} "refusal": null, "audio": null,
                    "tool_calls": [{{"id": "c", "function": {{"name": "f", "arguments": null}}}}]}},
                   {{"role": "tool", "tool_call_id": "c", "content": "1"}}]"#
            );
            let read = read(&list).unwrap();
            assert_eq!(read[0].text(), "");
            assert_eq!(read[0].calls[0].object("d"), Ok("{}"));
            let (id, name) = (Some("c".to_owned()), Some("f".to_owned()));
            assert_eq!(read[1].role, Role::Tool { id, name });
            assert_eq!(read[1].text(), "1");
        }
    }
}
