//! Where two JSON values differ, each place by its path.

use std::ops::ControlFlow;

use serde_json::{Map, Value};
use sigmapol_core::difference::{self, Comparison, walk};

use super::{Difference, equal};

/// What the reference does not say and the engine does; compared where a vector has it.
const OURS: &str = "policy_identity";

/// Values are the same as [`equal::json`] has it, and a `score` may be a number or its text.
struct Expectation;

impl Comparison for Expectation {
    /// What is expected first.
    fn keys<'v>(
        &self,
        expected: &'v Map<String, Value>,
        got: &'v Map<String, Value>,
    ) -> Vec<&'v str> {
        let more = got.keys().filter(|key| !expected.contains_key(*key) && *key != OURS);
        expected.keys().chain(more).map(String::as_str).collect()
    }

    fn same(&self, key: Option<&str>, expected: &Value, got: &Value) -> bool {
        let score = |value| equal::score(value).filter(|_| key == Some("score"));
        match (score(expected), score(got)) {
            (Some(left), Some(right)) if equal::numbers(left, right) => true,
            _ => equal::json(expected, got),
        }
    }
}

/// The places where `got` is not as expected; `path` leads to both.
pub(super) fn differences(path: &str, expected: &Value, got: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut add = |what: String, expected: Option<&Value>, got: Option<&Value>| {
        found.push(Difference { what, expected: show(expected), got: show(got) });
    };
    let _: ControlFlow<()> = walk(&Expectation, path, expected, got, &mut |path, difference| {
        match difference {
            difference::Difference::Value(expected, got) => add(path.to_owned(), expected, got),
            difference::Difference::Length(expected, got) => {
                let (shorter, longer) =
                    (expected.len().min(got.len()), expected.len().max(got.len()));
                for index in shorter..longer {
                    add(format!("{path}[{index}]"), expected.get(index), got.get(index));
                }
            }
        }
        ControlFlow::Continue(())
    });
    found
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
