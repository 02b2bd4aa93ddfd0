//! What is written is canonical, and nothing else is.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{scan::is_object, write};

#[test]
fn what_is_written() {
    let value = json!({"b": [1.0, -0.0, 1e21, 1e-7, 0.1], "a": "\u{1f}\u{7f}/é\"\\\n",
        "safe": 9_007_199_254_740_992_u64, "above": 9_007_199_254_740_993_u64,
        "below": -9_007_199_254_740_993_i64, "\u{e000}": 1, "\u{1f600}": 2});
    let text = write(&value).unwrap();
    assert_eq!(
        text,
        "{\"a\":\"\\u001f\u{7f}/é\\\"\\\\\\n\",\"above\":\"9007199254740993\",\
         \"b\":[1,0,1e+21,1e-7,0.1],\"below\":\"-9007199254740993\",\
         \"safe\":9007199254740992,\"\u{1f600}\":2,\"\u{e000}\":1}"
    );
    assert!(is_object(&text));
}

#[test]
fn what_cannot_be_written() {
    for value in [json!([]), json!(1), Value::Null, json!("x")] {
        assert_eq!(write(&value), Err("expected an object as the body".to_owned()));
    }
    let nested = |levels| (1..levels).fold(json!({}), |value, _| json!({"a": value}));
    assert!(is_object(&write(&nested(100)).unwrap()));
    assert_eq!(write(&nested(101)), Err("expected at most 100 levels".to_owned()));
    assert!(!is_object(&nested(101).to_string()));
}

#[test]
fn what_is_not_canonical() {
    for text in [
        "",
        " {}",
        "{} ",
        "{}{}",
        "[]",
        "1",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\": 1}",
        "{\"b\":1,\"a\":1}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1.0}",
        "{\"a\":-0}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":1e3}",
        "{\"a\":1E21}",
        "{\"a\":1e21}",
        "{\"a\":-}",
        "{\"a\":9007199254740993}",
        "{\"a\":.5}",
        "{\"a\":0.50}",
        "{\"a\":inf}",
        "{\"a\":nan}",
        "{\"a\":tru}",
        "{\"a\":nul",
        "{\"a\":\"\\/\"}",
        "{\"a\":\"\\u0041\"}",
        "{\"a\":\"\\u000a\"}",
        "{\"a\":\"\\u001F\"}",
        "{\"a\":\"\\u+01f\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":[1 ]}",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\":[1}",
        "{\"\u{e000}\":1,\"\u{1f600}\":2}",
        "{\"a\":1e400}",
    ] {
        assert!(!is_object(text), "{text}");
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-1000..1000_i32).prop_map(|number| Value::from(f64::from(number) / 8.0)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    /// What the library writes is canonical here too, and nothing else with the same value is.
    #[test]
    fn agrees_with_the_library(value in value(), at in any::<prop::sample::Index>(), byte in 0_u8..128) {
        let text = write(&json!({ "v": value })).unwrap();
        prop_assert!(is_object(&text), "{}", text);
        let mut bytes = text.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(other) = String::from_utf8(bytes) {
            let same = serde_json::from_str::<Value>(&other)
                .is_ok_and(|value| value.is_object()
                    && serde_json_canonicalizer::to_string(&value).is_ok_and(|text| text == other));
            prop_assert_eq!(is_object(&other), same, "{}", other);
        }
    }
}
