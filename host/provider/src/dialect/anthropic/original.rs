//! The body of a request that came in the words of this dialect: it goes on as it came, but for what
//! a policy has set and what the dialect would refuse of other models' turns.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{
    body::{say, tool_choice},
    messages::legal,
};
use crate::{
    CallError, UNSIGNED,
    json::{self, Object, Writer, quote},
    request::{Original, Request, parameters},
};

/// The least budget of thinking that the dialect takes, in tokens.
/// <https://platform.claude.com/docs/en/build-with-claude/extended-thinking>
const LEAST_BUDGET: u64 = 1024;

pub(super) fn body(
    request: &Request<'_>,
    original: &Original<'_>,
    stream: bool,
) -> Result<String, CallError> {
    let mut body = Writer::default();
    for (name, value) in &original.body.0 {
        match name.as_ref() {
            "stream" if stream || value.get() != "false" => body.reserve(name),
            "messages" => body.set_member(name, messages(value)),
            _ => body.set_member(name, value.get()),
        }
    }
    body.set_member("model", quote(&request.model));
    let set = request.parameters.iter().filter(|(name, _)| original.is_set(name));
    for (name, within) in [("metadata", "user"), ("output_config", "reasoning_effort")] {
        let also = if within == "user" { "safety_identifier" } else { "response_format" };
        if let Some(members) = original.body.get(name).and_then(Object::of)
            && (original.is_set(within) || original.is_set(also))
        {
            body.open(name, &members);
        }
    }
    let said = parameters::place_some(parameters::Api::Anthropic, set, &mut body)?;
    say(request, said, &mut body)?;
    if ["tools", "tool_choice", "parallel_tool_calls"].iter().any(|name| original.is_set(name)) {
        body.set_some("tool_choice", tool_choice(request)?);
    }
    if original.is_set("max_tokens") && !original.is_set("thinking") {
        let cap = request.parameter("max_tokens").and_then(json::count);
        budget(original, cap.unwrap_or(u64::MAX), &mut body);
    }
    if stream {
        body.set_member("stream", "true");
    }
    Ok(body.to_string())
}

/// The budget of thinking has to be less than the cap that a policy has lowered.
fn budget(original: &Original<'_>, cap: u64, body: &mut Writer) {
    let Some(thinking) = original.body.get("thinking").and_then(Object::of) else { return };
    if thinking.count("budget_tokens").is_none_or(|budget| budget < cap) {
        return;
    }
    match cap.saturating_sub(1) {
        less if less < LEAST_BUDGET => body.free("thinking"),
        less => {
            body.open("thinking", &thinking);
            body.set("thinking.budget_tokens", less.to_string());
        }
    }
}

/// The messages, without the thinking of models that do not sign theirs, and with ids of calls that
/// the dialect takes. What has neither is the client's text.
fn messages(value: &RawValue) -> Cow<'_, str> {
    let Some(list) = json::items(value) else { return Cow::Borrowed(value.get()) };
    let mut other = false;
    let mut kept = Vec::new();
    for text in list {
        match message(text) {
            Turn::Same => kept.push(Cow::Borrowed(text.get())),
            Turn::Other(message) => {
                other = true;
                kept.extend(message.map(Cow::Owned));
            }
        }
    }
    if other { Cow::Owned(json::array(kept)) } else { Cow::Borrowed(value.get()) }
}

/// What becomes of a message, or of a block.
enum Turn {
    Same,
    /// Nothing where it is left out.
    Other(Option<String>),
}

fn message(text: &RawValue) -> Turn {
    let Some(members) = Object::of(text) else { return Turn::Same };
    let Some(list) = members.get("content").and_then(json::items) else { return Turn::Same };
    let mut other = false;
    let mut kept = Vec::new();
    for text in list {
        match block(text) {
            Turn::Same => kept.push(Cow::Borrowed(text.get())),
            Turn::Other(block) => {
                other = true;
                kept.extend(block.map(Cow::Owned));
            }
        }
    }
    match (other, kept.is_empty()) {
        (false, _) => Turn::Same,
        (true, true) => Turn::Other(None),
        (true, false) => Turn::Other(Some(with(&members, "content", &json::array(kept)))),
    }
}

fn block(text: &RawValue) -> Turn {
    let Some(members) = Object::of(text) else { return Turn::Same };
    let key = match members.text("type").as_deref() {
        Some("thinking") if members.text("signature").as_deref() == Some(UNSIGNED) => {
            return Turn::Other(None);
        }
        Some("tool_use") => "id",
        Some("tool_result") => "tool_use_id",
        _ => return Turn::Same,
    };
    let Some(id) = members.text(key) else { return Turn::Same };
    let legal = legal(&id);
    if legal == id { Turn::Same } else { Turn::Other(Some(with(&members, key, &quote(&legal)))) }
}

/// The same object with another value of a member.
fn with(members: &Object<'_>, key: &str, value: &str) -> String {
    let mut object = Writer::default();
    for (name, text) in &members.0 {
        object.set_member(name, if name == key { value } else { text.get() });
    }
    object.to_string()
}
