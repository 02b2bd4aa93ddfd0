//! Where two JSON values differ, each place by its path.

use serde_json::{Map, Value};

use super::{Difference, equal};

/// What the reference does not say and the engine does; compared where a vector has it.
const OURS: &str = "policy_identity";

/// The places where `got` is not as expected; `path` leads to both.
///
/// Values are the same as [`equal::json`] has it, and a `score` may be a number or its text.
pub(super) fn differences(path: &str, expected: &Value, got: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(path, Some(expected), Some(got), &mut found);
    found
}

fn compare(path: &str, expected: Option<&Value>, got: Option<&Value>, found: &mut Vec<Difference>) {
    match (expected, got) {
        (Some(Value::Object(expected)), Some(Value::Object(got))) => {
            members(path, expected, got, found);
        }
        (Some(Value::Array(expected)), Some(Value::Array(got))) => {
            for index in 0..expected.len().max(got.len()) {
                let path = format!("{path}[{index}]");
                compare(&path, expected.get(index), got.get(index), found);
            }
        }
        (Some(expected), Some(got)) if equal::json(expected, got) => {}
        _ => found.push(Difference {
            what: path.to_owned(),
            expected: show(expected),
            got: show(got),
        }),
    }
}

fn members(
    path: &str,
    expected: &Map<String, Value>,
    got: &Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    let place = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    for (key, value) in expected {
        let other = got.get(key);
        let score = |value| equal::score(value).filter(|_| key == "score");
        match (score(value), other.and_then(score)) {
            (Some(left), Some(right)) if equal::numbers(left, right) => {}
            _ => compare(&place(key), Some(value), other, found),
        }
    }
    for (key, value) in got {
        if !expected.contains_key(key) && key != OURS {
            compare(&place(key), None, Some(value), found);
        }
    }
}

fn show(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), Value::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(expected: &str, got: &str) -> Vec<String> {
        let [expected, got] = [expected, got].map(|text| serde_json::from_str(text).unwrap());
        let found = differences("", &expected, &got).into_iter();
        found.map(|at| format!("{}: {}, {}", at.what, at.expected, at.got)).collect()
    }

    #[test]
    fn paths() {
        assert_eq!(
            places(
                r#"{"steps":[{"result":{"path":[{"reason":"scope"},{"n":1}]}}],"a":1}"#,
                r#"{"steps":[{"result":{"path":[{"reason":"tier"}],"more":[]}}],"b":true}"#,
            ),
            [
                "a: 1, nothing",
                r#"steps[0].result.path[0].reason: "scope", "tier""#,
                r#"steps[0].result.path[1]: {"n":1}, nothing"#,
                "steps[0].result.more: nothing, []",
                "b: nothing, true",
            ]
        );
        assert_eq!(places("1", "2"), [": 1, 2"]);
    }

    #[test]
    fn what_is_the_same() {
        assert!(places(r#"{"a":[],"b":5.0}"#, r#"{"a":{},"b":5}"#).is_empty());
        assert!(places(r#"[{"score":"0.5"}]"#, r#"[{"score":0.5}]"#).is_empty());
        assert!(places(r#"{"score":"-inf"}"#, r#"{"score":"-inf"}"#).is_empty());
        assert!(places("{}", r#"{"policy_identity":"ab"}"#).is_empty());
    }

    #[test]
    fn what_is_not() {
        assert_eq!(places(r#"{"score":"1"}"#, r#"{"score":2}"#), [r#"score: "1", 2"#.to_owned()]);
        assert_eq!(
            places(r#"{"score":"inf"}"#, r#"{"score":"-inf"}"#),
            [r#"score: "inf", "-inf""#.to_owned()]
        );
        assert_eq!(
            places(r#"{"policy_identity":"a"}"#, "{}"),
            [r#"policy_identity: "a", nothing"#.to_owned()]
        );
        assert_eq!(places(r#"{"other":"1"}"#, r#"{"other":1}"#), [r#"other: "1", 1"#.to_owned()]);
        assert_eq!(places("[]", "[{}]"), ["[0]: nothing, {}".to_owned()]);
    }
}
