//! When two values are the same.

use serde_json::Value;

/// The same double: bit for bit, and zeros of either sign.
#[expect(clippy::float_cmp, reason = "bits are what is compared")]
pub(super) fn numbers(left: f64, right: f64) -> bool {
    left == right || left.to_bits() == right.to_bits()
}

/// The same JSON: numbers as doubles, and an empty object for an empty array.
pub(super) fn json(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => match (left.as_f64(), right.as_f64()) {
            (Some(left), Some(right)) => numbers(left, right),
            _ => false,
        },
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| json(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, left)| right.get(key).is_some_and(|right| json(left, right)))
        }
        (Value::Array(array), Value::Object(object))
        | (Value::Object(object), Value::Array(array)) => array.is_empty() && object.is_empty(),
        _ => left == right,
    }
}

/// A score: a number, or its text (`%.17g`, `inf`, `-inf`).
pub(super) fn score(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(left: &str, right: &str) -> bool {
        json(&serde_json::from_str(left).unwrap(), &serde_json::from_str(right).unwrap())
    }

    #[test]
    fn json_values() {
        assert!(same("5", "5.0"));
        assert!(same("-0", "0"));
        assert!(same("9007199254740993", "9007199254740992.0"));
        assert!(same(r#"{"a":{},"b":[1]}"#, r#"{"b":[1e0],"a":[]}"#));
        assert!(!same("0.1", "0.10000000000000002"));
        assert!(!same(r#"{"a":1}"#, r#"{"a":1,"b":1}"#));
        assert!(!same("[1]", "{}"));
        assert!(!same("1", "\"1\""));
    }

    #[test]
    fn scores() {
        assert_eq!(score(&Value::from("-inf")), Some(f64::NEG_INFINITY));
        assert_eq!(score(&Value::from("0.10000000000000001")), Some(0.1));
        assert_eq!(score(&Value::from(2)), Some(2.0));
        assert_eq!(score(&Value::Null), None);
    }
}
