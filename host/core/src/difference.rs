//! Where two JSON values differ, each place by its path: `steps[0].result.reason`.

use std::ops::ControlFlow;

use serde_json::{Map, Value};

/// What is the same, and which members are looked at.
pub trait Comparison {
    /// The keys of two objects that are compared, in the order in which they are.
    fn keys<'v>(&self, left: &'v Map<String, Value>, right: &'v Map<String, Value>)
    -> Vec<&'v str>;

    /// Whether two values are the same that are not two objects or two arrays. `key` is that of the
    /// member; an entry of an array has none.
    fn same(&self, key: Option<&str>, left: &Value, right: &Value) -> bool;
}

/// A place where two values differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Difference<'v> {
    /// Two values that are not the same, or one that the other side has not.
    Value(Option<&'v Value>, Option<&'v Value>),
    /// Two arrays of which one is longer. What differs in the entries that both have came before.
    Length(&'v [Value], &'v [Value]),
}

/// Passes on each place where two values differ, until it is told to stop. `path` leads to both.
///
/// Values are walked as deep as they are: their depth has a bound where they are read.
pub fn walk<'v, B>(
    comparison: &impl Comparison,
    path: &str,
    left: &'v Value,
    right: &'v Value,
    found: &mut impl FnMut(&str, Difference<'v>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let mut walk = Walk { comparison, path: path.to_owned(), found };
    walk.at(None, Some(left), Some(right))
}

struct Walk<'w, 'v, C, B> {
    comparison: &'w C,
    /// To the values that are compared.
    path: String,
    found: &'w mut dyn FnMut(&str, Difference<'v>) -> ControlFlow<B>,
}

impl<'v, C: Comparison, B> Walk<'_, 'v, C, B> {
    fn at(
        &mut self,
        key: Option<&str>,
        left: Option<&'v Value>,
        right: Option<&'v Value>,
    ) -> ControlFlow<B> {
        match (left, right) {
            (Some(Value::Object(left)), Some(Value::Object(right))) => {
                for key in self.comparison.keys(left, right) {
                    let dot = if self.path.is_empty() { "" } else { "." };
                    self.below(&format!("{dot}{key}"), Some(key), left.get(key), right.get(key))?;
                }
                ControlFlow::Continue(())
            }
            (Some(Value::Array(left)), Some(Value::Array(right))) => {
                for (index, (left, right)) in left.iter().zip(right).enumerate() {
                    self.below(&format!("[{index}]"), None, Some(left), Some(right))?;
                }
                match left.len() == right.len() {
                    true => ControlFlow::Continue(()),
                    false => (self.found)(&self.path, Difference::Length(left, right)),
                }
            }
            (Some(one), Some(other)) if self.comparison.same(key, one, other) => {
                ControlFlow::Continue(())
            }
            (left, right) => (self.found)(&self.path, Difference::Value(left, right)),
        }
    }

    fn below(
        &mut self,
        step: &str,
        key: Option<&str>,
        left: Option<&'v Value>,
        right: Option<&'v Value>,
    ) -> ControlFlow<B> {
        let length = self.path.len();
        self.path.push_str(step);
        let flow = self.at(key, left, right);
        self.path.truncate(length);
        flow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `left` has, then what `right` has beside it; members called `any` are the same.
    struct Plain;

    impl Comparison for Plain {
        fn keys<'v>(
            &self,
            left: &'v Map<String, Value>,
            right: &'v Map<String, Value>,
        ) -> Vec<&'v str> {
            let extra = right.keys().filter(|key| !left.contains_key(*key));
            left.keys().chain(extra).map(String::as_str).collect()
        }

        fn same(&self, key: Option<&str>, left: &Value, right: &Value) -> bool {
            key == Some("any") || left == right
        }
    }

    fn places(left: &str, right: &str, most: usize) -> Vec<String> {
        let [left, right] = [left, right].map(|text| serde_json::from_str(text).unwrap());
        let mut places = Vec::new();
        let _ = walk(&Plain, "", &left, &right, &mut |path, difference| {
            places.push(match difference {
                Difference::Value(left, right) => {
                    let [left, right] = [left, right].map(|value| value.map(Value::to_string));
                    format!("{path}: {left:?} {right:?}")
                }
                Difference::Length(left, right) => {
                    format!("{path}: {} {}", left.len(), right.len())
                }
            });
            if places.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        places
    }

    #[test]
    fn paths() {
        let left = r#"{"a":[{"b":1,"c":[1,2]},5],"any":1,"d":{}}"#;
        let right = r#"{"a":[{"b":2,"c":[1]},5],"any":"x","d":[],"e":null}"#;
        let all = [
            r#"a[0].b: Some("1") Some("2")"#,
            "a[0].c: 2 1",
            r#"d: Some("{}") Some("[]")"#,
            r#"e: None Some("null")"#,
        ];
        assert_eq!(places(left, right, usize::MAX), all);
        assert_eq!(places(left, right, 2), all[..2]);
        assert_eq!(places("1", "2", 1), [r#": Some("1") Some("2")"#]);
        assert_eq!(places(left, left, 1), [""; 0]);
    }
}
