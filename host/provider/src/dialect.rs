//! What an adapter has to know of a provider's API, and what all of them share.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Answer, CallError, ErrorKind, Usage,
    anthropic::Anthropic,
    auth::Credential,
    google::Google,
    message::{self, Message, Part, Role},
    ollama::Ollama,
    openai::OpenAi,
    request::Request,
};

/// The API of a kind of provider. Nothing here sends anything.
pub(super) trait Dialect: Send + Sync {
    /// What follows the base URL.
    fn path(&self, model: &str, stream: bool) -> String;

    /// The headers that carry the credential, and those that the dialect needs besides.
    fn headers(&self, credential: Option<&Credential>) -> Vec<(&'static str, String)> {
        credential.map(bearer).into_iter().collect()
    }

    /// The body of the request.
    fn body(&self, request: &Request, stream: bool) -> Result<Value, CallError>;

    /// Reads an answer that came in one piece.
    fn answer(&self, body: &Value) -> Result<Answer, CallError>;

    /// How a streamed answer is cut into events.
    fn framing(&self) -> Framing {
        Framing::ServerSentEvents
    }

    /// Adds one event of a streamed answer.
    fn event(&self, event: &Value, partial: &mut Partial) -> Result<(), CallError>;
}

/// How events are told apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Framing {
    ServerSentEvents,
    /// One JSON value a line.
    Lines,
}

/// The adapter for an `api_kind`, if this host has one.
pub(super) fn dialect(api_kind: &str) -> Option<&'static dyn Dialect> {
    match api_kind {
        "anthropic" => Some(&Anthropic),
        "google" => Some(&Google),
        "ollama" => Some(&Ollama),
        "openai_compatible" => Some(&OpenAi),
        _ => None,
    }
}

/// `Authorization: Bearer …`
pub(super) fn bearer(credential: &Credential) -> (&'static str, String) {
    ("authorization", format!("Bearer {}", credential.secret().expose()))
}

/// The answer is not what the dialect says.
pub(super) fn malformed(message: impl Into<String>) -> CallError {
    CallError::new(ErrorKind::BadResponse, message)
}

/// The provider refused to answer.
pub(super) fn filtered(message: impl Into<String>) -> CallError {
    CallError::new(ErrorKind::ContentFilter, message)
}

/// Puts what is set into a body: `(name, value)`.
pub(super) fn set<const N: usize>(
    body: &mut Map<String, Value>,
    members: [(&str, Option<Value>); N],
) {
    for (name, value) in members {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    }
}

/// Puts the images of the request at the end of the last message of the user.
pub(super) fn attach_images(messages: &mut [Message], request: &Request) -> Result<(), CallError> {
    if request.images.is_empty() {
        return Ok(());
    }
    let last = messages.iter_mut().rfind(|message| message.role == Role::User);
    let last = last.ok_or_else(no_user_message)?;
    last.parts.extend(request.images.iter().cloned().map(Part::Image));
    Ok(())
}

/// Images have to go with a message.
pub(super) fn no_user_message() -> CallError {
    super::request::bad("request.images: expected a message of the user to put them in")
}

/// Puts neighbours of one role together: `[{role, KEY: […]}]`.
pub(super) fn push_turn(turns: &mut Vec<Value>, role: &str, key: &str, mut parts: Vec<Value>) {
    if let Some(last) = turns.last_mut()
        && last.get("role").and_then(Value::as_str) == Some(role)
        && let Some(Value::Array(list)) = last.get_mut(key)
    {
        list.append(&mut parts);
    } else if !parts.is_empty() {
        turns.push(json!({"role": role, key: parts}));
    }
}

/// A string member.
pub(super) fn string(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

/// Counts of tokens; the sum of what is there, or nothing without the first.
pub(super) fn usage(value: &Value, input: &str, output: &[&str]) -> Option<Usage> {
    let count = |name: &&str| value.get(*name).and_then(Value::as_u64);
    Some(Usage {
        input_tokens: count(&input)?,
        output_tokens: output.iter().filter_map(count).sum(),
    })
}

/// A streamed answer, as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Partial {
    pub(super) answer: Answer,
    /// What the model says in place of an answer, in dialects that tell it apart.
    pub(super) refusal: String,
    /// By the index that the provider gives them.
    calls: BTreeMap<u64, PartialCall>,
    /// The provider said that this is all.
    pub(super) finished: bool,
}

#[derive(Debug, Default)]
struct PartialCall {
    id: Option<String>,
    name: String,
    arguments: String,
}

impl Partial {
    /// Adds what came of a call of a tool.
    pub(super) fn call(&mut self, index: u64, id: Option<&str>, name: &str, arguments: &str) {
        let call = self.calls.entry(index).or_default();
        if let Some(id) = id {
            call.id = Some(id.to_owned());
        }
        call.name.push_str(name);
        call.arguments.push_str(arguments);
    }

    /// Whether anything of the answer has come.
    pub(super) fn has_begun(&self) -> bool {
        !self.answer.text.is_empty() || !self.calls.is_empty() || !self.answer.tool_calls.is_empty()
    }

    /// The whole answer.
    pub(super) fn finish(mut self) -> Result<Answer, CallError> {
        for call in self.calls.into_values() {
            self.answer.tool_calls.push(tool_call(call.id, call.name, &call.arguments)?);
        }
        Ok(self.answer)
    }
}

/// A call of a tool in an [`Answer`], from arguments that are JSON as text.
pub(super) fn tool_call(id: Option<String>, name: String, text: &str) -> Result<Value, CallError> {
    match message::arguments(text) {
        Some(arguments) => Ok(call_value(id, &name, arguments)),
        None => Err(malformed(format!("the arguments of a call of {name}: expected JSON"))),
    }
}

/// A call of a tool in an [`Answer`].
pub(super) fn call_value(id: Option<String>, name: &str, arguments: Value) -> Value {
    let mut call = json!({"name": name, "arguments": arguments});
    if let (Some(id), Some(members)) = (id, call.as_object_mut()) {
        members.insert("id".to_owned(), Value::String(id));
    }
    call
}
