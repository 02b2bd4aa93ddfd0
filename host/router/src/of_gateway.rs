//! `gateway` of a configuration: what a server in front of the router reads, and the engine does not.

use serde_json::{Map, Value};
use sigmapol_core::json::Members;

use super::{RouterError, document::no_json};

/// The member.
const MEMBER: &str = "gateway";

/// Its members.
const KEYS: [&str; 1] = [MODEL_NAMES];

/// `{name: route}`: what the name of a model means that a client says.
const MODEL_NAMES: &str = "model_names";

/// How a route begins: a profile, a family, one model of one provider.
pub const ROUTES: [&str; 3] = ["profile:", "family:", "pin:"];

/// How no name begins, for it would be a route already.
const NO_NAMES: [&str; 4] = ["profile:", "family:", "pin:", "policy:"];

/// The names of models that a configuration gives a meaning, and the route that each stands for. A name
/// that ends in `*` stands for all that begin so.
pub(super) fn model_names(config: &Value) -> Option<&Map<String, Value>> {
    config.get(MEMBER)?.get(MODEL_NAMES)?.as_object()
}

/// What the name of a model stands for: by itself, or by the longest beginning that has a meaning.
pub(super) fn route_of<'c>(config: &'c Value, name: &str) -> Option<&'c str> {
    let names = model_names(config)?;
    let found = names.get(name).filter(|_| !name.ends_with('*')).or_else(|| {
        let begins = |pattern: &&String| {
            pattern.strip_suffix('*').is_some_and(|start| name.starts_with(start))
        };
        names.get(names.keys().filter(begins).max_by_key(|pattern| pattern.len())?)
    });
    found?.as_str()
}

/// Whether everything in it means something.
pub(super) fn check(config: &Value) -> Result<(), RouterError> {
    let Some(own) = config.get(MEMBER) else { return Ok(()) };
    let own = own.as_object().ok_or_else(|| no_json(MEMBER, "an object"))?;
    if let Some(key) = own.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(no_json(&format!("{MEMBER}.{key}"), &format!("one of {}", KEYS.join(", "))));
    }
    let Some(names) = own.get(MODEL_NAMES) else { return Ok(()) };
    let at = format!("{MEMBER}.{MODEL_NAMES}");
    let names = names.as_object().ok_or_else(|| no_json(&at, "an object"))?;
    for (name, route) in names {
        let at = format!("{at}['{name}']");
        if name.is_empty() || NO_NAMES.iter().any(|prefix| name.starts_with(prefix)) {
            let expected = format!("a name that is no {}… and not empty", NO_NAMES.join("…, "));
            return Err(no_json(&at, &expected));
        }
        let expected = |what: &str| no_json(&at, &format!("{what}, got {route}"));
        let text = route.as_str().unwrap_or_default();
        let known = |section: &str, key: &str| {
            config.get(section).and_then(Value::as_object).is_some_and(|all| all.contains_key(key))
        };
        let [profile, family, pin] = ROUTES.map(|prefix| text.strip_prefix(prefix));
        match (profile, family, pin.map(|pin| pin.split_once('/'))) {
            (Some(profile), ..) if known("profiles", profile) => {}
            (Some(_), ..) => return Err(expected("a profile of the configuration")),
            (_, Some(family), _) if !family.is_empty() => {}
            (.., Some(Some((provider, model)))) if !model.is_empty() => {
                if !known("providers", provider) {
                    return Err(expected("a provider of the configuration"));
                }
            }
            _ => return Err(expected("profile:NAME, family:NAME or pin:PROVIDER/FAMILY")),
        }
    }
    Ok(())
}

/// A configuration without it, as the engine reads it.
pub(super) fn without(config: &Value) -> Value {
    let mut config = config.clone();
    config.as_object_mut().and_then(|members| members.remove(MEMBER));
    config
}

/// The text of a configuration in which blanks stand for it: the lines and columns of all else stay.
pub(super) fn blank(text: &str) -> String {
    let Ok(members) = serde_json::from_str::<Members<'_>>(text) else { return text.to_owned() };
    let ends = |value: &str| {
        let start = (value.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        start.saturating_add(value.len())
    };
    let Some(at) = members.0.iter().position(|(name, _)| name == MEMBER) else {
        return text.to_owned();
    };
    let end_of = |at: usize| members.0.get(at).map(|(_, value)| ends(value.get()));
    // the comma before it goes with it; the first one takes the comma after it
    let before = at.checked_sub(1).and_then(end_of);
    let start = before.unwrap_or_else(|| text.find('{').map_or(0, |brace| brace + 1));
    let mut end = end_of(at).unwrap_or(start);
    if before.is_none() && end_of(at + 1).is_some() {
        end += text.get(end..).and_then(|rest| rest.find(',')).map_or(0, |comma| comma + 1);
    }
    let (Some(head), Some(own), Some(tail)) =
        (text.get(..start), text.get(start..end), text.get(end..))
    else {
        return text.to_owned();
    };
    let blanks = own.chars().map(|character| if character == '\n' { '\n' } else { ' ' });
    format!("{head}{}{tail}", blanks.collect::<String>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blanks_keep_lines_and_columns() {
        for (text, expected) in [
            (r#"{"a":1}"#, r#"{"a":1}"#),
            ("{\n \"gateway\": {\"é\":\n1},\n \"a\": 1}", "{\n                 \n   \n \"a\": 1}"),
            (r#"{"a":[1],"gateway" : {} ,"b":2}"#, r#"{"a":[1]                ,"b":2}"#),
            (r#"{"a":1,"gatew\u0061y":{"a":","}}"#, r#"{"a":1                         }"#),
            (r#"{"gateway":{}}"#, r#"{            }"#),
            (r#" {"gateway":{} , "a":"gateway"}"#, r#" {               "a":"gateway"}"#),
        ] {
            let blanked = blank(text);
            assert_eq!(blanked, expected);
            assert_eq!(blanked.chars().count(), text.chars().count());
            let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(value(&blanked), without(&value(text)));
        }
    }

    #[test]
    fn what_is_wrong_with_it() {
        for (own, message) in [
            (json!([]), "gateway: expected an object"),
            (json!({"models": {}}), "gateway.models: expected one of model_names"),
            (json!({"model_names": []}), "gateway.model_names: expected an object"),
            (
                json!({"model_names": {"c": "smart"}}),
                "gateway.model_names['c']: expected profile:NAME, family:NAME or pin:PROVIDER/FAMILY, got \"smart\"",
            ),
            (
                json!({"model_names": {"c": 1}}),
                "gateway.model_names['c']: expected profile:NAME, family:NAME or pin:PROVIDER/FAMILY, got 1",
            ),
            (
                json!({"model_names": {"c": "pin:a"}}),
                "gateway.model_names['c']: expected profile:NAME, family:NAME or pin:PROVIDER/FAMILY, got \"pin:a\"",
            ),
            (
                json!({"model_names": {"c": "profile:none"}}),
                "gateway.model_names['c']: expected a profile of the configuration, got \"profile:none\"",
            ),
            (
                json!({"model_names": {"c": "pin:none/m"}}),
                "gateway.model_names['c']: expected a provider of the configuration, got \"pin:none/m\"",
            ),
            (
                json!({"model_names": {"family:x": "profile:p"}}),
                "gateway.model_names['family:x']: expected a name that is no profile:…, family:…, pin:…, policy:… and not empty",
            ),
        ] {
            let config = json!({"profiles": {"p": {}}, "providers": {"a": {}}, "gateway": own});
            let error = check(&config).unwrap_err().to_string();
            assert_eq!(error.strip_prefix("config: ").unwrap_or(&error), message);
        }
        let names = json!({"a": "profile:p", "b*": "family:any/thing", "c": "pin:a/m"});
        let config = json!({"profiles": {"p": {}}, "providers": {"a": {}},
            "gateway": {"model_names": names}});
        assert!(check(&config).is_ok());
    }

    #[test]
    fn the_longest_beginning_counts() {
        let names = json!({"claude-*": "profile:a", "claude-haiku-*": "family:b", "*": "profile:d",
            "claude-haiku-4": "profile:c"});
        let config = json!({"gateway": {"model_names": names}});
        for (name, route) in [
            ("claude-haiku-4", "profile:c"),
            ("claude-haiku-4-5", "family:b"),
            ("claude-haiku-", "family:b"),
            ("claude-x", "profile:a"),
            ("gpt-5", "profile:d"),
            ("claude-*", "profile:a"),
        ] {
            assert_eq!(route_of(&config, name), Some(route), "{name}");
        }
        assert_eq!(route_of(&json!({}), "claude-x"), None);
    }
}
