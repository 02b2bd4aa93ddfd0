//! Whether a stored state has the shape that the engine and the router write.
//!
//! The engine takes a section that is no object for an empty one: of a file that somebody wrote, what
//! it says would be lost without a word.

use serde_json::Value;

use super::models;

/// Of each section, the members of its entries that are numbers.
const SECTIONS: [(&str, &[&str]); 5] = [
    ("circuit_breakers", &["consecutive_failures", "opened_at_ms", "window_ms"]),
    ("disabled_providers", &["at_ms"]),
    ("discovery_cache", &["fetched_at_ms"]),
    ("ema_metrics", &["price_in", "price_out", "free_credits_remaining_usd"]),
    (models::SECTION, &[]),
];

/// The first place that is not as it should be.
pub(super) fn check(state: &str) -> Result<(), String> {
    let state: Value = serde_json::from_str(state).map_err(|error| format!("state: {error}"))?;
    for (section, numbers) in SECTIONS {
        let Some(entries) = state.get(section) else { continue };
        let object = |value: &Value, at: &str| match value.as_object() {
            Some(members) => Ok(members.clone()),
            None => Err(format!("state.{at}: expected an object")),
        };
        for (key, entry) in object(entries, section)? {
            // the old form of a disabled provider
            if section == "disabled_providers" && entry.is_string() {
                continue;
            }
            let at = format!("{section}['{key}']");
            let members = object(&entry, &at)?;
            for name in numbers {
                if members.get(*name).is_some_and(|value| !value.is_number()) {
                    return Err(format!("state.{at}.{name}: expected a number"));
                }
            }
            if section == models::SECTION {
                for (model, entry) in &members {
                    let at = format!("{at}['{model}']");
                    let entry = object(entry, &at)?;
                    for name in ["failures", "at_ms"] {
                        if !entry.get(name).is_some_and(Value::is_number) {
                            return Err(format!("state.{at}.{name}: expected a number"));
                        }
                    }
                }
            }
            if section == "circuit_breakers"
                && members.get("open").is_some_and(|open| !open.is_boolean())
            {
                return Err(format!("state.{at}.open: expected a boolean"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_as_it_should_be() {
        for (state, expected) in [
            (r#"{"circuit_breakers":[]}"#, "state.circuit_breakers: expected an object"),
            (
                r#"{"model_breakers":{"a":{"m":5}}}"#,
                "state.model_breakers['a']['m']: expected an object",
            ),
            (
                r#"{"model_breakers":{"a":{"m":{"failures":3,"at_ms":"x"}}}}"#,
                "state.model_breakers['a']['m'].at_ms: expected a number",
            ),
            (r#"{"circuit_breakers":{"a":1}}"#, "state.circuit_breakers['a']: expected an object"),
            (
                r#"{"circuit_breakers":{"a":{"open":1}}}"#,
                "state.circuit_breakers['a'].open: expected a boolean",
            ),
            (
                r#"{"disabled_providers":{"a":{"at_ms":"1"}}}"#,
                "state.disabled_providers['a'].at_ms: expected a number",
            ),
            (r#"{"model_breakers":{"a":[]}}"#, "state.model_breakers['a']: expected an object"),
        ] {
            assert_eq!(check(state).unwrap_err(), expected);
        }
        let good = r#"{"circuit_breakers":{"a":{"open":true,"opened_at_ms":1}},"x":[],
            "disabled_providers":{"a":"auth_error","b":{"at_ms":1}},"ema_metrics":{}}"#;
        assert_eq!(check(good), Ok(()));
    }
}
