//! Times of a stored state that lie ahead.

use serde_json::Value;

use super::{held, models};

/// Sections of the state, and where an entry has its time, in milliseconds.
const TIMES: [(&str, &str); 2] =
    [("circuit_breakers", "opened_at_ms"), ("disabled_providers", "at_ms")];

/// Where a time is in the entries of models.
const OF_MODEL: &str = "at_ms";

/// A state in which nothing was opened or disabled later than now: the clock was set back, or
/// somebody wrote the file. What is open or disabled lasts at most its own length from now, but for
/// what an operator holds.
pub(super) fn not_ahead(state: &str, now_ms: f64) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(state) else { return state.to_owned() };
    let mut ahead = false;
    let mut put_back = |entry: &mut Value, time: &str| {
        if held::is(entry) {
            return;
        }
        let Some(at) = entry.get_mut(time) else { return };
        if at.as_f64().is_some_and(|at| at > now_ms) {
            *at = now_ms.into();
            ahead = true;
        }
    };
    for (section, time) in TIMES {
        let entries = value.get_mut(section).and_then(Value::as_object_mut);
        entries.into_iter().flatten().for_each(|(_, entry)| put_back(entry, time));
    }
    let providers = value.get_mut(models::SECTION).and_then(Value::as_object_mut);
    for (_, models) in providers.into_iter().flatten() {
        let models = models.as_object_mut();
        models.into_iter().flatten().for_each(|(_, entry)| put_back(entry, OF_MODEL));
    }
    if ahead { value.to_string() } else { state.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_ahead() {
        for (state, expected) in [
            (
                r#"{"circuit_breakers":{"a":{"open":true,"opened_at_ms":1e15},"b":{"opened_at_ms":4}}}"#,
                r#"{"circuit_breakers":{"a":{"open":true,"opened_at_ms":5.0},"b":{"opened_at_ms":4}}}"#,
            ),
            (
                r#"{"disabled_providers":{"a":{"at_ms":6,"kind":"auth_error"},"b":"auth_error"}}"#,
                r#"{"disabled_providers":{"a":{"at_ms":5.0,"kind":"auth_error"},"b":"auth_error"}}"#,
            ),
            (
                r#"{"model_breakers":{"a":{"m":{"at_ms":6,"failures":3},"n":{"at_ms":4}}}}"#,
                r#"{"model_breakers":{"a":{"m":{"at_ms":5.0,"failures":3},"n":{"at_ms":4}}}}"#,
            ),
            (
                r#"{"disabled_providers":{"a":{"at_ms":8640000000000000,"kind":"operator"}}}"#,
                r#"{"disabled_providers":{"a":{"at_ms":8640000000000000,"kind":"operator"}}}"#,
            ),
            (r#"{ "circuit_breakers" : {} }"#, r#"{ "circuit_breakers" : {} }"#),
            ("no state", "no state"),
        ] {
            assert_eq!(not_ahead(state, 5.0), expected);
        }
    }
}
