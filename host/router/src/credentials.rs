//! Providers whose key is not there: they are disabled before anybody is asked, and not found out by
//! failing.
//!
//! The engine is told in a section of the state, `{provider: variable}`, and ranks nobody of them.
//! That is so in this process: the next one may have the key, so nothing of it is written to a file.

use serde_json::{Map, Value, json};
use sigmapol_provider::MissingCredential;

use super::log::Log;

/// The section of the state.
const SECTION: &str = "without_credential";

/// Says once who has none.
pub(super) fn tell(missing: &[MissingCredential], log: &Log) {
    if !missing.is_empty() {
        let named = missing.iter().map(|of| (of.provider.as_str(), of.variable.as_str()));
        log.warn("no_credential", &named.collect::<Vec<_>>());
    }
}

/// A state that says which providers have no credential, and of no other what it said before.
pub(super) fn put(state: &str, missing: &[MissingCredential]) -> String {
    if missing.is_empty() {
        return strip(state);
    }
    let Ok(Value::Object(mut members)) = serde_json::from_str(state) else {
        return state.to_owned();
    };
    members.insert(SECTION.to_owned(), Value::Object(named(missing)));
    Value::Object(members).to_string()
}

/// A state as another process may have it.
pub(super) fn strip(state: &str) -> String {
    if state.contains(SECTION)
        && let Ok(Value::Object(mut members)) = serde_json::from_str(state)
        && members.remove(SECTION).is_some()
    {
        return Value::Object(members).to_string();
    }
    state.to_owned()
}

/// Adds to a status who has no credential: it is not available.
pub(super) fn show(status: &mut Value, state: &str) {
    if !state.contains(SECTION) {
        return;
    }
    let state: Value = serde_json::from_str(state).unwrap_or_default();
    let missing = state.get(SECTION).and_then(Value::as_object);
    for (provider, variable) in missing.into_iter().flatten() {
        let known = status.pointer_mut("/providers").and_then(|known| known.get_mut(provider));
        if let Some(known) = known.and_then(Value::as_object_mut) {
            known.insert("available".to_owned(), json!(false));
            known.insert(SECTION.to_owned(), variable.clone());
        }
    }
}

fn named(missing: &[MissingCredential]) -> Map<String, Value> {
    missing.iter().map(|of| (of.provider.clone(), Value::from(of.variable.as_str()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_says_it_for_itself() {
        let missing =
            [MissingCredential { provider: "a".to_owned(), variable: "KEY_A".to_owned() }];
        let state = put(r#"{"x":1}"#, &missing);
        assert_eq!(state, r#"{"without_credential":{"a":"KEY_A"},"x":1}"#);
        assert_eq!(put(&state, &[]), r#"{"x":1}"#);
        assert_eq!(strip(&state), r#"{"x":1}"#);
        assert_eq!(strip(r#"{ "x":"without_credential" }"#), r#"{ "x":"without_credential" }"#);
    }
}
