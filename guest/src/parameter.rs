//! The domains of parameters.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

use crate::json::{Members, Value, lookup};
use crate::number::{self, is_integral};
use crate::signature::{ACTIONS, Param, Rel};
use crate::vocabulary::{Field, Vocabulary};

/// Checks one parameter; the error says what was expected.
pub fn check(param: Param, value: &Value, vocabulary: &Vocabulary) -> Result<(), String> {
    match param {
        Param::Num => require(value.as_number().is_some(), "expected a finite number"),
        Param::Count => require(
            value.as_number().is_some_and(|count| count >= 1.0 && is_integral(count)),
            "expected a positive integer (Count >= 1)",
        ),
        Param::Rel => require(
            value.as_str().and_then(Rel::find).is_some(),
            "expected a relation (lt|le|eq|ne|ge|gt)",
        ),
        Param::NumField => field(value, vocabulary, "Num"),
        Param::BoolField => field(value, vocabulary, "Bool"),
        Param::Tier => match value.as_str() {
            Some(tier) if vocabulary.rank(tier) > 0 => Ok(()),
            _ => Err(format!("unknown tier '{}'", show(Some(value)))),
        },
        Param::Family
        | Param::Provider
        | Param::ServedBy
        | Param::Capability
        | Param::ParamName
        | Param::Sym
        | Param::FailReason => match value {
            Value::String(_) => Ok(()),
            _ => Err(format!("expected a string ({})", param.name())),
        },
        Param::Scalar => require(
            matches!(value, Value::String(_) | Value::Bool(_) | Value::Number(_)),
            "expected a scalar (number|string|boolean)",
        ),
        Param::Recipe => recipe(value),
        Param::Chain => chain(value),
        Param::Action => action(value),
    }
}

impl Param {
    /// The name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Num => "Num",
            Self::Count => "Count",
            Self::Rel => "Rel",
            Self::NumField => "NumField",
            Self::BoolField => "BoolField",
            Self::Tier => "Tier",
            Self::Family => "Family",
            Self::Provider => "Provider",
            Self::ServedBy => "ServedBy",
            Self::Capability => "Capability",
            Self::ParamName => "ParamName",
            Self::Scalar => "Scalar",
            Self::Recipe => "Recipe",
            Self::Sym => "Sym",
            Self::FailReason => "FailReason",
            Self::Action => "Action",
            Self::Chain => "Chain",
        }
    }
}

fn require(holds: bool, expected: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(expected.into()) }
}

fn field(value: &Value, vocabulary: &Vocabulary, expected: &str) -> Result<(), String> {
    let name = value.as_str().ok_or("expected a field name")?;
    let sort = match vocabulary.find(name) {
        Some(Field::Num(_)) => "Num",
        Some(Field::Bool(_)) => "Bool",
        None => return Err(format!("undeclared field '{name}'")),
    };
    if sort == expected {
        Ok(())
    } else {
        Err(format!("field '{name}' has sort {sort}, expected {expected}"))
    }
}

/// A list of steps: names, or flat records of numbers. Here and in a chain and a backoff, the
/// reference admits a record in place of the array without looking inside.
fn recipe(value: &Value) -> Result<(), String> {
    let Some(steps) = value.as_array() else {
        return require(is_table(value), "Recipe must be an array");
    };
    for (index, step) in (1..).zip(steps) {
        let flat = |step: &Members| step.iter().all(|(_, value)| value.as_number().is_some());
        match step {
            Value::String(_) => {}
            Value::Bool(_) | Value::Number(_) => {
                return Err(format!("Recipe[{index}] must be a string or flat record"));
            }
            _ if step.as_object().is_some_and(flat) => {}
            _ => return Err(format!("Recipe[{index}] must map string keys to numbers")),
        }
    }
    Ok(())
}

/// A list of `{provider, model}`; each key has a longer alias.
fn chain(value: &Value) -> Result<(), String> {
    let Some(links) = value.as_array() else {
        return require(is_table(value), "Chain must be an array");
    };
    for (index, link) in (1..).zip(links) {
        let record = link.as_object().unwrap_or(&[]);
        if link_of(record).is_none() {
            return Err(format!("Chain[{index}] must be {{ provider=, model= }}"));
        }
        let known = ["provider", "provider_id", "model", "model_family"];
        if let Some((key, _)) = record.iter().find(|(key, _)| !known.contains(&&**key)) {
            return Err(format!("Chain[{index}]: unknown key '{key}'"));
        }
    }
    Ok(())
}

/// The provider and the model that a link of a chain names.
pub fn link_of<'a>(record: &'a Members) -> Option<(&'a str, &'a str)> {
    let named = |key: &str, alias: &str| {
        let value = lookup(record, key).filter(|value| value.is_truthy());
        value.or_else(|| lookup(record, alias))?.as_str()
    };
    Some((named("provider", "provider_id")?, named("model", "model_family")?))
}

fn action(value: &Value) -> Result<(), String> {
    require(is_table(value), "Action must be a record")?;
    let record = value.as_object().unwrap_or(&[]);
    let named = |key: &str| {
        let value = lookup(record, key);
        match value.and_then(Value::as_str) {
            Some(name) if ACTIONS.contains(&name) => Ok(()),
            _ => Err(format!("Action.{key} invalid: {}", show(value))),
        }
    };
    named("action")?;
    if lookup(record, "then_action").is_some() {
        named("then_action")?;
    }
    for key in ["attempts", "open_breaker_ms"] {
        if lookup(record, key).is_some_and(|value| value.as_number().is_none()) {
            return Err(format!("Action.{key} must be a number"));
        }
    }
    if let Some(backoff) = lookup(record, "backoff_ms").filter(|value| value.as_number().is_none())
    {
        require(is_table(backoff), "Action.backoff_ms must be a number or array")?;
        let entries = backoff.as_array().unwrap_or(&[]);
        if entries.iter().any(|entry| entry.as_number().is_none()) {
            return Err("Action.backoff_ms entries must be numbers".into());
        }
    }
    let other = |key: &str| !matches!(key, "action" | "then_action" | "backoff_ms");
    match record.iter().find(|(key, value)| other(key) && value.as_number().is_none()) {
        Some((key, _)) => Err(format!("Action key '{key}' must map to a finite number")),
        None => Ok(()),
    }
}

const fn is_table(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Object(_))
}

/// A value as messages show it.
pub fn show<'a>(value: Option<&'a Value>) -> Cow<'a, str> {
    match value {
        None => "nil".into(),
        Some(Value::Bool(true)) => "true".into(),
        Some(Value::Bool(false)) => "false".into(),
        Some(Value::Number(number)) => number::general(*number, 14).into(),
        Some(Value::String(text)) => (&**text).into(),
        Some(Value::Array(_) | Value::Object(_)) => "table".into(),
    }
}
