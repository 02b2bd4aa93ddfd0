//! A request as its client said it, in the words of Anthropic's API.

use serde_json::value::RawValue;

use crate::{
    CallError,
    error::expected,
    json::{Object, string},
};

/// What a client of Anthropic's API said. A provider of that dialect gets it as it came, and the
/// others get what it was translated to.
#[derive(Debug)]
pub(crate) struct Original<'a> {
    /// The client's own body.
    pub(crate) body: Object<'a>,
    /// `anthropic-version`
    pub(crate) version: Option<String>,
    /// `anthropic-beta`
    pub(crate) beta: Option<String>,
    /// Members of the translation that a policy has set since.
    set: Vec<String>,
    /// What of it no other dialect can say.
    pub(super) only: Option<String>,
}

impl<'a> Original<'a> {
    /// Reads `request._anthropic`; nothing where a policy has put other messages in place of the
    /// client's, which are what it said.
    pub(super) fn read(position: &str, value: &'a RawValue) -> Result<Option<Self>, CallError> {
        let members = Object::of(value).ok_or_else(|| expected(position, "an object"))?;
        let set = members.items("set").into_iter().filter_map(string).map(Into::into);
        let set: Vec<String> = set.collect();
        if set.iter().any(|name| name == "messages" || name == "images") {
            return Ok(None);
        }
        let body = members.get("body").and_then(Object::of);
        let body = body.ok_or_else(|| expected(&format!("{position}.body"), "an object"))?;
        let header = |key: &str| match members.word(key) {
            Some(text) if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) => {
                Err(expected(&format!("{position}.{key}"), "printable ASCII"))
            }
            word => Ok(word),
        };
        let (version, beta) = (header("version")?, header("beta")?);
        Ok(Some(Self { body, version, beta, set, only: members.word("only") }))
    }

    /// Whether a policy has set a member.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.set.iter().any(|own| own == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn read(text: &str) -> Result<Option<Original<'_>>, String> {
        Original::read("r", json::value(text).unwrap()).map_err(|error| error.message)
    }

    #[test]
    fn what_is_wrong_with_it() {
        for (text, message) in [
            ("[]", "r: expected an object"),
            ("{}", "r.body: expected an object"),
            (r#"{"body": [], "version": "v"}"#, "r.body: expected an object"),
            (r#"{"body": {}, "version": "é"}"#, "r.version: expected printable ASCII"),
            (r#"{"body": {}, "beta": "a\nb"}"#, "r.beta: expected printable ASCII"),
        ] {
            assert_eq!(read(text).unwrap_err(), message, "{text}");
        }
    }

    #[test]
    fn other_messages_are_what_is_said() {
        let text = r#"{"body": {"a": 1}, "version": "v", "set": ["temperature"]}"#;
        let original = read(text).unwrap().unwrap();
        assert!(original.is_set("temperature") && !original.is_set("top_p"));
        assert_eq!((original.version.as_deref(), original.beta), (Some("v"), None));
        for name in ["messages", "images"] {
            assert!(read(&format!(r#"{{"body": {{}}, "set": ["{name}"]}}"#)).unwrap().is_none());
        }
    }
}
