//! What a client said in the words of another API than OpenAI's: it travels beside its translation.

use sigmapol_core::json::{Members, Object};

use super::candidate;

/// What a client said in the words of Anthropic's API, where the members beside it are translated from
/// that: `{body, version?, beta?, effort?, only?}`.
///
/// An adapter of that dialect sends `body` as it came, with `version` and `beta` in headers, but for the
/// members that a policy has set since. `effort` is the `reasoning_effort` for models that take one;
/// `only` names what no other dialect can say, and keeps the call from them. A client of a chat API
/// cannot say it.
pub const ORIGINAL: &str = "_anthropic";

/// How much a model is to think, in the words of OpenAI's API.
pub(super) const EFFORT: &str = "reasoning_effort";

/// Many clients say an effort always, and many models refuse to hear of one: it is for those that are
/// known to take it.
pub(super) fn effort(original: &str) -> Option<String> {
    let members: Members<'_> = serde_json::from_str(original).ok()?;
    members.get("effort").map(str::to_owned)
}

/// What a client said, with the names of the members that a policy has set since.
pub(super) fn with_set(original: &str, set: &[&str]) -> String {
    let Ok(members) = serde_json::from_str::<Members<'_>>(original) else {
        return original.to_owned();
    };
    let set: Vec<_> = set.iter().copied().filter(|name| !is_of_a_call(name)).collect();
    let own = members.0.iter().filter(|(name, _)| name != "set");
    let own = own.fold(Object::new(), |object, (name, text)| object.with(name, text.get()));
    own.with("set", &serde_json::Value::from(set).to_string()).finish()
}

/// What the engine says of every call.
fn is_of_a_call(name: &str) -> bool {
    candidate::OWN.contains(&name) || name == "timeout_ms"
}
