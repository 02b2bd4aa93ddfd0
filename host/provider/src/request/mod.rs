//! The request of a call: members that a policy wrote, and those that a client sent.

mod call;
mod format;
mod image;
mod inputs;
mod message;
mod original;
pub(crate) mod parameters;
mod tool;

use std::{borrow::Cow, collections::HashSet};

use serde_json::value::RawValue;

use crate::{
    CallError,
    collect::Wanted,
    error::{bad, expected, unsupported},
    json::{self, Object},
};

pub(crate) use call::ToolCall;
pub(crate) use format::Format;
pub(crate) use image::Image;
pub(crate) use inputs::Inputs;
pub(crate) use message::{Content, Message, Part, Role, no_user_message};
pub(crate) use original::Original;
pub(crate) use tool::{Choice, Schema, Tool, choice, tools};

/// A request, its values being their own text.
///
/// What it says of credentials and of the dialect is left out: those are looked up by
/// `provider_id`, since a caller's policy may have written them here.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) provider_id: String,
    /// Checked against the configuration before it is used.
    pub(crate) base_url: Option<String>,
    pub(crate) model: String,
    pub(crate) protocol: Protocol,
    /// An array, in OpenAI's shape.
    pub(crate) messages: &'a RawValue,
    /// To go with the last message of the user.
    pub(crate) images: Vec<Image>,
    /// The names of all members, in the order of the request.
    pub(crate) names: Vec<Cow<'a, str>>,
    /// Everything that is for the provider, by name, in the order of the request.
    pub(crate) parameters: Vec<(Cow<'a, str>, &'a RawValue)>,
    pub(crate) times: Times,
    /// What the client said, if those were the words of Anthropic's API.
    pub(crate) original: Option<Original<'a>>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Protocol {
    #[default]
    Chat,
    Embeddings,
}

impl Protocol {
    pub(crate) const ALL: [Self; 2] = [Self::Chat, Self::Embeddings];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Embeddings => "embeddings",
        }
    }
}

/// How long the call may take, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    pub(crate) whole_ms: Option<u64>,
    pub(crate) first_token_ms: Option<u64>,
    pub(crate) idle_ms: Option<u64>,
}

impl<'a> Request<'a> {
    /// Reads the JSON of a request.
    pub(crate) fn parse(text: &'a str) -> Result<Self, CallError> {
        let members: Object<'a> = serde_json::from_str(text)
            .map_err(|error| bad(format!("request: expected an object: {error}")))?;
        let nothing = json::value("[]").map_err(|error| bad(error.to_string()))?;
        let mut request = Self {
            provider_id: String::new(),
            base_url: None,
            model: String::new(),
            protocol: Protocol::Chat,
            messages: nothing,
            images: Vec::new(),
            names: members.0.iter().map(|(key, _)| key.clone()).collect(),
            parameters: Vec::new(),
            times: Times::default(),
            original: None,
        };
        let mut keys = HashSet::new();
        for (key, value) in &members.0 {
            if !keys.insert(key) {
                return Err(bad(format!("request.{key}: expected once, got twice")));
            }
            request.set(key.clone(), value)?;
        }
        for (key, value) in
            [("provider_id", &request.provider_id), ("served_model_id", &request.model)]
        {
            if value.is_empty() {
                return Err(expected(&format!("request.{key}"), "a name"));
            }
        }
        Ok(request)
    }

    /// A parameter that is not `null`.
    pub(crate) fn parameter(&self, name: &str) -> Option<&'a RawValue> {
        let (_, value) = self.parameters.iter().find(|(key, _)| key == name)?;
        (value.get() != "null").then_some(*value)
    }

    /// Refuses what the client said in the words of Anthropic's API and no other dialect can say.
    pub(crate) fn check_translation(&self, dialect: &str) -> Result<(), CallError> {
        match self.original.as_ref().and_then(|original| original.only.as_deref()) {
            None => Ok(()),
            Some(what) => Err(unsupported(format!("{what}: {dialect} has no word for it"))),
        }
    }

    /// The messages, for a dialect that has another shape for them.
    pub(crate) fn messages(&self) -> Result<Vec<Message<'a>>, CallError> {
        message::messages(self.messages, &self.images)
    }

    /// What an answer has to have.
    pub(crate) fn wanted(&self) -> Result<Wanted, CallError> {
        let embeddings = match self.protocol {
            Protocol::Chat => None,
            Protocol::Embeddings => Some(Inputs::read(self)?.len()),
        };
        let logprobs = self.parameter("logprobs").is_some_and(|asked| asked.get() == "true");
        Ok(Wanted { logprobs, embeddings })
    }

    fn set(&mut self, key: Cow<'a, str>, value: &'a RawValue) -> Result<(), CallError> {
        let position = format!("request.{key}");
        let present = value.get() != "null";
        match key.as_ref() {
            // for logs, or said by the configuration of this host, or by the adapter itself
            "api_kind" | "auth" | "auth_env" | "aws_region" | "model" | "model_family"
            | "offer" | "stream" | "stream_options" => {}
            "provider_id"
            | "base_url"
            | "served_model_id"
            | "messages"
            | "images"
            | "_anthropic"
            | "_filters"
            | "timeout_ms"
            | "first_token_timeout_ms"
            | "idle_timeout_ms"
                if !present => {}
            "provider_id" => self.provider_id = string(&position, value)?,
            "base_url" => self.base_url = Some(string(&position, value)?),
            "served_model_id" => self.model = string(&position, value)?,
            "messages" if value.get().starts_with('[') => self.messages = value,
            "messages" => return Err(expected(&position, "an array")),
            "images" => self.images = image::images(value)?,
            "timeout_ms" => self.times.whole_ms = Some(milliseconds(&position, value)?),
            "first_token_timeout_ms" => {
                self.times.first_token_ms = Some(milliseconds(&position, value)?);
            }
            "idle_timeout_ms" => self.times.idle_ms = Some(milliseconds(&position, value)?),
            "protocol" => {
                let word = string(&position, value)?;
                let known = Protocol::ALL.into_iter().find(|known| known.name() == word);
                self.protocol = known.ok_or_else(|| {
                    unsupported(format!("{position}: this host speaks chat and embeddings"))
                })?;
            }
            "_anthropic" => self.original = Original::read(&position, value)?,
            "_filters" => return Err(bad(format!("{position}: this host has no filters"))),
            _ => self.parameters.push((key, value)),
        }
        Ok(())
    }
}

fn string(position: &str, value: &RawValue) -> Result<String, CallError> {
    let text = json::string(value).ok_or_else(|| expected(position, "a string"))?;
    Ok(text.into_owned())
}

/// A policy can make a number of milliseconds that is not whole.
fn milliseconds(position: &str, value: &RawValue) -> Result<u64, CallError> {
    json::count(value).ok_or_else(|| expected(position, "a number of milliseconds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(member: &str) -> String {
        let text = format!(r#"{{"provider_id": "p", "served_model_id": "m", {member}}}"#);
        Request::parse(&text).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_with_a_request() {
        for (member, message) in [
            (r#""_filters": {}"#, "request._filters: this host has no filters"),
            (r#""served_model_id": "n""#, "request.served_model_id: expected once, got twice"),
            (r#""seed": 1, "seed": 2"#, "request.seed: expected once, got twice"),
            (r#""messages": {}"#, "request.messages: expected an array"),
            (r#""timeout_ms": -1"#, "request.timeout_ms: expected a number of milliseconds"),
            (
                r#""idle_timeout_ms": "1""#,
                "request.idle_timeout_ms: expected a number of milliseconds",
            ),
            (r#""base_url": 1"#, "request.base_url: expected a string"),
        ] {
            assert_eq!(refusal(member), format!("bad_request: {message}"));
        }
        assert_eq!(
            refusal(r#""protocol": "decisions""#),
            "unsupported: request.protocol: this host speaks chat and embeddings"
        );
        let chat = r#"{"provider_id": "p", "served_model_id": "m", "protocol": "chat"}"#;
        assert!(Request::parse(chat).unwrap().parameters.is_empty());
        let error = |text| Request::parse(text).map(|_| ()).unwrap_err().message;
        assert_eq!(
            error("[]"),
            "request: expected an object: invalid type: sequence, expected an object at line 1 column 0"
        );
        assert_eq!(error(r#"{"provider_id": "p"}"#), "request.served_model_id: expected a name");
    }

    #[test]
    fn what_is_for_the_provider_keeps_its_text() {
        let text = r#"{"provider_id": "p", "served_model_id": "m", "messages": null, "timeout_ms": 5.0,
            "model": "x", "stream": true, "top_p": 1.10, "tools": null, "x": {"b": 1, "a": 2, "b": 3}}"#;
        let request = Request::parse(text).unwrap();
        let parameters: Vec<_> =
            request.parameters.iter().map(|(key, value)| (key.as_ref(), value.get())).collect();
        let object = r#"{"b": 1, "a": 2, "b": 3}"#;
        assert_eq!(parameters, [("top_p", "1.10"), ("tools", "null"), ("x", object)]);
        assert_eq!(request.messages.get(), "[]");
        assert_eq!(request.times.whole_ms, Some(5));
        assert!(request.parameter("tools").is_none());
    }
}
