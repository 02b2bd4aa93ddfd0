//! The body of a request: what the client sent, byte for byte, and what the adapter has to set.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::{
    CallError,
    error::{expected, unsupported},
    json::{self, Object, Writer, quote},
    request::{Image, Request, no_user_message, parameters},
};

/// OpenAI itself has given the limit of tokens another name, and refuses the old one for its
/// newer models; many other servers know the old one alone.
/// <https://platform.openai.com/docs/api-reference/chat/create#chat_create-max_completion_tokens>
const OPENAI: &str = "https://api.openai.com/";

pub(super) fn body(request: &Request<'_>, stream: bool) -> Result<String, CallError> {
    let mut body = Writer::default();
    let members = parameters::place(parameters::Api::OpenAi, request, &mut body)?;
    let renames = request.base_url.as_ref().is_some_and(|url| url.starts_with(OPENAI));
    // each member where the client had it
    if !request.names.iter().any(|name| name == "model") {
        body.reserve("model");
    }
    for name in &request.names {
        match name.as_ref() {
            "max_tokens" if renames => body.reserve("max_completion_tokens"),
            name => body.reserve(name),
        }
    }
    let has_limit = request.parameter("max_tokens").is_some();
    body.set("model", quote(&request.model));
    body.set("messages", messages(request.messages, &request.images)?);
    for (name, text) in members {
        match name {
            "max_tokens" if renames => body.set_member("max_completion_tokens", text),
            // the one that policies write goes before the one that the client sent
            "max_completion_tokens" if renames && has_limit => {}
            "n" if !matches!(text.as_ref(), "1" | "null") => {
                return Err(unsupported("request.n: an answer of this host has one choice"));
            }
            "modalities" if text != "null" && !is_text_alone(&text) => {
                return Err(unsupported("request.modalities: an answer of this host is a text"));
            }
            _ => body.set_member(name, text),
        }
    }
    if stream {
        body.set("stream", "true");
        body.set("stream_options", r#"{"include_usage":true}"#);
    }
    Ok(body.to_string())
}

fn is_text_alone(modalities: &str) -> bool {
    let list = json::value(modalities).ok().and_then(json::items).unwrap_or_default();
    list.iter().all(|item| item.get() == r#""text""#)
}

/// The messages as they came, with the images at the end of the last one of the user.
fn messages<'a>(list: &'a RawValue, images: &[Image]) -> Result<Cow<'a, str>, CallError> {
    if images.is_empty() {
        return Ok(Cow::Borrowed(list.get()));
    }
    let parts = images.iter().map(|image| {
        format!(r#"{{"type":"image_url","image_url":{{"url":{}}}}}"#, quote(&image.url()))
    });
    let parts = parts.collect::<Vec<_>>().join(",");
    let messages = json::items(list).unwrap_or_default();
    let is_user = |message: &&RawValue| {
        Object::of(message).is_some_and(|members| members.text("role").as_deref() == Some("user"))
    };
    let message = messages.into_iter().rfind(is_user).ok_or_else(no_user_message)?;
    let members = Object::of(message).unwrap_or_default();
    let content = members.0.iter().rfind(|(key, _)| key == "content").map(|(_, value)| value.get());
    let (old, new) = match content {
        None => {
            let rest = message.get().strip_prefix('{').unwrap_or_default();
            (message.get(), format!(r#"{{"content":[{parts}],{rest}"#))
        }
        Some(text @ "null") => (text, format!("[{parts}]")),
        Some(text) if text.starts_with('"') => {
            (text, format!(r#"[{{"type":"text","text":{text}}},{parts}]"#))
        }
        Some(text) if text.starts_with('[') => {
            let inner = text.strip_suffix(']').unwrap_or_default().trim_end();
            let comma = if inner == "[" { "" } else { "," };
            (text, format!("{inner}{comma}{parts}]"))
        }
        Some(_) => {
            return Err(expected("request.messages: content", "a string or an array of parts"));
        }
    };
    let place = json::place(list.get(), old).ok_or_else(no_user_message)?;
    let mut text = list.get().to_owned();
    text.replace_range(place, &new);
    Ok(Cow::Owned(text))
}
