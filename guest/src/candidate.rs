//! What a candidate may say of itself: its keys and the types of their values.

use alloc::format;
use alloc::string::String;

use crate::json::{Members, Value, lookup};
use crate::vocabulary::{BoolField, Field, NumField, Vocabulary};

/// Core fields that a candidate has under their own name.
pub const OBSERVED: [(&str, Field); 7] = [
    ("has_tee", Field::Bool(BoolField::HAS_TEE)),
    ("latency_ms", Field::Num(NumField::LATENCY_MS)),
    ("no_log", Field::Bool(BoolField::NO_LOG)),
    ("price_in", Field::Num(NumField::PRICE_IN)),
    ("price_out", Field::Num(NumField::PRICE_OUT)),
    ("success_rate", Field::Num(NumField::SUCCESS_RATE)),
    ("tok_s", Field::Num(NumField::TOK_S)),
];

/// A value of a field.
#[derive(Clone, Copy, Debug)]
pub enum FieldValue {
    Num(f64),
    Bool(bool),
}

/// The field that a candidate has under a key, and the value for it. An error is the rest of a
/// position and what was expected.
pub fn field(
    key: &str,
    value: &Value,
    vocabulary: &Vocabulary,
) -> Result<(Field, FieldValue), String> {
    let field = field_of(key, vocabulary);
    let field =
        field.ok_or_else(|| format!(".{key}: expected a field that a candidate has itself"))?;
    Ok((field, typed(key, value, field)?))
}

/// The field that a candidate has under a key, if it is one.
pub fn field_of(key: &str, vocabulary: &Vocabulary) -> Option<Field> {
    let own = OBSERVED.iter().find(|(name, _)| *name == key).map(|(_, field)| *field);
    own.or_else(|| vocabulary.extension(key))
}

/// The value for a field that a candidate has under a key.
pub fn typed(key: &str, value: &Value, field: Field) -> Result<FieldValue, String> {
    Ok(match field {
        Field::Num(_) => FieldValue::Num(number(key, value)?),
        Field::Bool(_) => FieldValue::Bool(boolean(key, value)?),
    })
}

/// The key of a provider and a family in observed prices and in chains.
pub fn pair(provider: &str, family: &str) -> String {
    let mut key = String::with_capacity(provider.len() + 1 + family.len());
    key.push_str(provider);
    key.push('|');
    key.push_str(family);
    key
}

/// Candidate keys that no predicate or scorer looks at: they travel to the outgoing request and
/// the trace.
pub const CARRIED: [&str; 13] = [
    "api_kind",
    "auth",
    "auth_env",
    "aws_region",
    "base_url",
    "discovery",
    "price_multiplier",
    "protocol",
    "raw_price_in",
    "raw_price_out",
    "served_by",
    "served_model_id",
    "source",
];

pub fn required<'a>(record: &'a Members, key: &str) -> Result<&'a str, String> {
    let value = lookup(record, key).and_then(Value::as_str);
    value.ok_or_else(|| format!(".{key}: expected a string"))
}

pub fn text<'a>(key: &str, value: &'a Value) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| format!(".{key}: expected a string"))
}

pub fn number(key: &str, value: &Value) -> Result<f64, String> {
    value.as_number().ok_or_else(|| format!(".{key}: expected a finite number"))
}

fn boolean(key: &str, value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| format!(".{key}: expected a boolean"))
}
