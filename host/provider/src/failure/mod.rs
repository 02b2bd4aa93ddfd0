//! Which kind of failure a response is, and what it says.

pub(crate) mod retry_after;
mod scrub;
pub(crate) mod words;

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::{
    CallError, ErrorKind,
    error::malformed,
    json::{self, Object},
    limits::{EXCERPT_CHARS, MESSAGE_CHARS},
    request::parameters::Api,
};

pub(crate) use scrub::Scrub;

/// How what a provider says of its failures is read.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) api: Api,
    /// The operator's own words, which go first.
    pub(crate) error_map: &'a BTreeMap<String, ErrorKind>,
    pub(crate) scrub: Scrub,
}

impl Reader<'_> {
    /// The failure of a response with a status other than 2xx.
    pub(crate) fn of_status(&self, status: u16, body: &str) -> CallError {
        let whole = json::value(body).ok();
        let list = whole.and_then(json::items).unwrap_or_default();
        let whole = list.first().copied().or(whole).and_then(Object::of).unwrap_or_default();
        let error = Error::of(&whole);
        let message = error.message().map(|message| self.message(&message));
        let message = message.filter(|message| !message.is_empty());
        let message = message.unwrap_or_else(|| match body.trim() {
            "" if status / 100 == 3 => format!("status {status}: redirects are not followed"),
            "" => format!("status {status}"),
            text => self.excerpt(text),
        });
        let kind = self.mapped(body);
        let kind = kind.unwrap_or_else(|| words::kind(self.api, status, &error.evidence(body)));
        let retry_after_ms = retry_after::of_error(&error.object);
        CallError { kind, http_status: Some(status), message, retry_after_ms }
    }

    /// The failure that a 2xx has in its body, or in an event of a stream, if there is one.
    pub(crate) fn in_body(&self, body: &Object<'_>, text: &str) -> Option<CallError> {
        let choice = body.objects("choices").into_iter().next().unwrap_or_default();
        let present = |error: Option<&RawValue>| error.is_some_and(|error| !is_blank(error));
        let error = match (present(body.get("error")), present(choice.get("error"))) {
            (true, _) => Error::of(body),
            // https://openrouter.ai/docs/api/reference/errors-and-debugging
            (false, true) => Error::of(&choice),
            // vLLM: https://github.com/vllm-project/vllm/issues/20409
            (false, false) if body.text("object").as_deref() == Some("error") => Error::of(body),
            (false, false) => return None,
        };
        Some(self.of_error(&error, text))
    }

    /// The failure that an event is whose name says so.
    pub(crate) fn of_event(&self, body: &Object<'_>, text: &str) -> CallError {
        self.of_error(&Error::of(body), text)
    }

    fn of_error(&self, error: &Error<'_>, text: &str) -> CallError {
        let message = error.message().map(|message| self.message(&message));
        let message = message.filter(|message| !message.is_empty());
        let kind = self.mapped(text);
        let kind =
            kind.unwrap_or_else(|| words::kind(self.api, error.status(), &error.evidence("")));
        let message = message.unwrap_or_else(|| self.excerpt(error.text.unwrap_or(text)));
        CallError {
            retry_after_ms: retry_after::of_error(&error.object),
            ..CallError::new(kind, message)
        }
    }

    /// Something that should have been JSON.
    pub(crate) fn no_json(&self, text: &str) -> CallError {
        if text.trim().is_empty() {
            return malformed("expected JSON, got nothing");
        }
        malformed(format!("expected JSON, got: {}", self.excerpt(text)))
    }

    /// The start of a text that is not known to have a message.
    pub(crate) fn excerpt(&self, text: &str) -> String {
        excerpt(&self.clean(text), EXCERPT_CHARS)
    }

    /// The start of a message.
    pub(crate) fn message(&self, text: &str) -> String {
        excerpt(&self.clean(text), MESSAGE_CHARS)
    }

    /// As much of a text as can be shown, without the credential. At the end of a text that was
    /// cut may be a part of one, which nothing tells: so much is left out.
    fn clean(&self, text: &str) -> String {
        let most = (MESSAGE_CHARS + self.scrub.longest()) * 8;
        let text = text.trim();
        if text.len() <= most {
            return self.scrub.text(text);
        }
        let start = text.get(..text.floor_char_boundary(most)).unwrap_or_default();
        let mut clean = self.scrub.text(start);
        let end = clean.floor_char_boundary(clean.len().saturating_sub(self.scrub.longest()));
        clean.truncate(end);
        clean
    }

    fn mapped(&self, body: &str) -> Option<ErrorKind> {
        if self.error_map.is_empty() {
            return None;
        }
        let body = body.to_lowercase();
        self.error_map.iter().find(|(word, _)| body.contains(*word)).map(|(_, kind)| *kind)
    }
}

/// An error, wherever the provider has put it.
struct Error<'a> {
    /// The object that has the message and the code.
    object: Object<'a>,
    /// The error in its own text.
    text: Option<&'a str>,
    own_message: Option<String>,
    /// The object around it, where some servers put the code.
    around: Object<'a>,
}

impl<'a> Error<'a> {
    fn of(body: &Object<'a>) -> Self {
        let error = body.get("error");
        let object = error.and_then(Object::of);
        let own_message = error.and_then(json::string).map(std::borrow::Cow::into_owned);
        Self {
            object: object.unwrap_or_else(|| body.clone()),
            text: error.map(RawValue::get),
            own_message,
            around: body.clone(),
        }
    }

    /// What the provider says, where it says it.
    fn message(&self) -> Option<String> {
        let keys = ["message", "detail", "error_description", "msg"];
        let own = || keys.iter().find_map(|key| self.object.word(key));
        self.own_message.clone().or_else(own).or_else(|| {
            // FastAPI: https://fastapi.tiangolo.com/tutorial/handling-errors
            let details = self.object.objects("detail");
            details.first().and_then(|detail| detail.word("msg"))
        })
    }

    /// The status that it names, or that its type stands for.
    fn status(&self) -> u16 {
        let number = |object: &Object<'_>, key: &str| {
            let value = object.get(key)?;
            let text = json::string(value).unwrap_or(std::borrow::Cow::Borrowed(value.get()));
            text.parse().ok().filter(|status| (400..600).contains(status))
        };
        let keys = ["code", "status", "status_code", "http_status"];
        let named = keys.iter().find_map(|key| number(&self.object, key));
        let types = ["type", "code", "status", "error_type"];
        let objects = [&self.object, &self.around];
        named.unwrap_or_else(|| {
            let words = objects.iter().flat_map(|object| types.map(|key| object.text(key)));
            let meant = words.flatten().find_map(|word| {
                words::TYPES.iter().find(|(name, ..)| *name == word).map(|(_, status, _)| *status)
            });
            meant.unwrap_or(500)
        })
    }

    /// All words that tell kinds apart, in lower case: the message and the codes of the error, the
    /// reasons in its details, and what a router quotes of the provider behind it.
    fn evidence(&self, body: &str) -> String {
        let mut words: Vec<String> = self.message().into_iter().collect();
        let keys = ["code", "status", "type", "error_type", "reason", "param"];
        for object in [&self.object, &self.around] {
            words.extend(keys.iter().filter_map(|key| object.word(key)));
        }
        let inner = self.object.object("innererror");
        words.extend(inner.word("code"));
        let details = self.object.objects("details");
        words.extend(details.iter().filter_map(|detail| detail.word("reason")));
        words.extend(details.iter().filter_map(|detail| detail.word("detail")));
        let metadata = self.object.object("metadata");
        words.extend(metadata.word("raw"));
        words.extend(metadata.get("reasons").map(|reasons| reasons.get().to_owned()));
        if words.is_empty() {
            words.push(body.chars().take(MESSAGE_CHARS).collect());
        }
        words.join("\n").to_lowercase()
    }
}

/// Some servers have the member in every answer.
fn is_blank(error: &RawValue) -> bool {
    matches!(error.get(), "false" | "0" | "\"\"" | "{}" | "[]")
}

/// The start of a text. No control character reaches a terminal.
fn excerpt(text: &str, chars: usize) -> String {
    let mut excerpt = String::new();
    for character in text.trim().chars().take(chars) {
        if character.is_control() {
            excerpt.extend(character.escape_default());
        } else {
            excerpt.push(character);
        }
    }
    excerpt
}

#[cfg(test)]
mod tests;
