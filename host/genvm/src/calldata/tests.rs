use proptest::prelude::*;

use super::*;

fn int(number: i128) -> Value {
    Value::Int(number.into())
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.map(|(key, value)| (key.to_owned(), value)).into())
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// The published vectors, and one of each kind that they leave out.
#[test]
fn vectors() {
    for (value, hex) in [
        (int(0), "01"),
        (int(-1), "02"),
        (int(1 << 64), "81808080808080808010"),
        (int(-(1 << 64)), "faffffffffffffffff0f"),
        (Value::Text(String::new()), "04"),
        (Value::Text("hello".to_owned()), "2c68656c6c6f"),
        (Value::Bytes(vec![1, 2, 3]), "1b010203"),
        (map([("z", int(1)), ("aa", int(2))]), "1602616111017a09"),
        (
            map([
                ("", Value::Null),
                ("a", Value::Array(vec![int(1), int(2), map([("b", Value::Bool(false))])])),
            ]),
            "16000001611d09110e016208",
        ),
        (Value::Null, "00"),
        (Value::Bool(true), "10"),
        (Value::Address([7; 20]), "180707070707070707070707070707070707070707"),
        (Value::Array(Vec::new()), "05"),
        (map([]), "06"),
    ] {
        assert_eq!(encode(&value).unwrap(), bytes(hex), "{value:?}");
        assert_eq!(decode(&bytes(hex)), Ok(value));
    }
}

#[test]
fn other_forms_are_refused() {
    for (hex, at, expected) in [
        ("", 0, "another byte"),
        ("81", 1, "another byte"),
        ("8100", 0, "an integer without leading zeros"),
        ("0100", 1, "the end"),
        ("07", 0, "a tag from 0 to 6"),
        ("20", 0, "null, false, true or an address"),
        ("808001", 0, "null, false, true or an address"),
        ("1807", 2, "20 bytes of an address"),
        ("0c", 0, "a length that 0 bytes have room for"),
        ("2c68656c6c", 0, "a length that 4 bytes have room for"),
        ("fbffffffffffffffffff01", 0, "a length that 0 bytes have room for"),
        ("1c6180ff", 2, "UTF-8"),
        ("0d", 0, "a length that 0 bytes have room for"),
        ("0e00", 0, "a length that 1 bytes have room for"),
        ("16016101016102", 4, "a key after the one before"),
        ("1601620101611a", 4, "a key after the one before"),
        ("0e01ff01", 2, "UTF-8"),
        ("0e800001", 1, "an integer without leading zeros"),
    ] {
        let refused = decode(&bytes(hex)).unwrap_err();
        assert_eq!((refused.at, refused.expected.as_str()), (at, expected), "{hex}");
    }
    let refused = decode(&[0x81, 0]).unwrap_err();
    assert_eq!(refused.to_string(), "calldata: byte 0: expected an integer without leading zeros");
}

#[test]
fn at_most_128_levels() {
    let nested = |levels| (1..levels).fold(Value::Array(Vec::new()), |v, _| Value::Array(vec![v]));
    let deepest = encode(&nested(128)).unwrap();
    assert_eq!(decode(&deepest), Ok(nested(128)));
    let expected = "at most 128 arrays and maps in one another";
    let refused = encode(&nested(129)).unwrap_err();
    assert_eq!((refused.at, refused.expected.as_str()), (128, expected));
    let mut deeper = vec![0x0d; 128];
    deeper.push(0x05);
    let refused = decode(&deeper).unwrap_err();
    assert_eq!((refused.at, refused.expected.as_str()), (128, expected));
    // a value that holds nothing is no level
    deeper.pop();
    deeper.push(0);
    assert!(decode(&deeper).is_ok());
}

/// A number of a megabyte: no time that grows with the square.
#[test]
fn a_large_integer() {
    let value = Value::Int(BigInt::from(1) << 8_000_000_u32);
    assert_eq!(decode(&encode(&value).unwrap()), Ok(value));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<[u8; 20]>().prop_map(Value::Address),
        any::<i64>().prop_map(|number| Value::Int(number.into())),
        (any::<bool>(), prop::collection::vec(any::<u32>(), 0..9)).prop_map(|(minus, digits)| {
            let sign = if minus { Sign::Minus } else { Sign::Plus };
            Value::Int(BigInt::from_biguint(sign, BigUint::new(digits)))
        }),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
        ".{0,20}".prop_map(Value::Text),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::btree_map(".{0,4}", inner, 0..5).prop_map(Value::Map),
        ]
    })
}

proptest! {
    #[test]
    fn round_trip(value in value()) {
        prop_assert_eq!(decode(&encode(&value).unwrap()), Ok(value));
    }

    /// What is read is written as the same bytes: no value has two forms.
    #[test]
    fn one_form(bytes in prop::collection::vec(any::<u8>(), 0..24)) {
        if let Ok(value) = decode(&bytes) {
            prop_assert_eq!(encode(&value).unwrap(), bytes);
        }
    }

    /// The same, near to what is a form.
    #[test]
    fn one_form_after_a_change(value in value(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = encode(&value).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(value) = decode(&bytes) {
            prop_assert_eq!(encode(&value).unwrap(), bytes);
        }
    }
}
