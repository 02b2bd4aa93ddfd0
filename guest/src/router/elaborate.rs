//! Lowering: a declarative profile becomes a policy term.
//!
//! Nothing is checked here beyond what lowering needs; the term that comes out is admitted like any
//! other.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::json::{Value, lookup};
use crate::transform::FROM_CTX;

/// Selectors by name; a name that is none of these means `argmax`, as it does in the reference.
pub const SELECTORS: [&str; 4] = ["argmax", "chain", "softmax_sample", "top_k"];

/// The forms of a filter that are objects.
pub const FILTERS: [&str; 10] = [
    "all_of",
    "any_of",
    "family_in",
    "none_of",
    "price_max",
    "provider_in",
    "provider_not_in",
    "served_by_in",
    "served_by_not_in",
    "tier_in",
];

/// The forms of a mutation that are objects.
pub const MUTATIONS: [&str; 6] =
    ["clamp", "filter_image", "filter_text", "jitter", "pipe", "set_param"];

/// The policy term of a profile, with the retry table and the contract it runs under.
pub fn elaborate<'a>(
    profile: &Value<'a>,
    retry_table: Option<&Value<'a>>,
    contract: Option<&Value<'a>>,
) -> Result<Value<'a>, String> {
    let scorer = profile.get("scorer").cloned().unwrap_or_else(|| term("zero", []));
    let open = term("not", [term("is", [Value::text("breaker_open")])]);
    Ok(term(
        "policy",
        [
            match profile.get("filter") {
                Some(spec) => filter(spec)?,
                None => term("and", [term("meets_req", []), not_disabled()]),
            },
            term("gate", [open, scorer]),
            selector(profile, contract),
            match profile.get("mutate") {
                Some(spec) => mutate(spec)?,
                None => term("id", []),
            },
            fail_plan(retry_table),
        ],
    ))
}

fn term<'a>(op: &'static str, arguments: impl IntoIterator<Item = Value<'a>>) -> Value<'a> {
    Value::Array(core::iter::once(Value::text(op)).chain(arguments).collect())
}

fn not_disabled() -> Value<'static> {
    term("not", [term("is", [Value::text("disabled")])])
}

fn filter<'a>(spec: &Value<'a>) -> Result<Value<'a>, String> {
    let invalid = || "elaborate: invalid filter spec".to_string();
    let all = |specs: &Value<'a>| -> Result<Vec<Value<'a>>, String> {
        specs.as_array().ok_or_else(invalid)?.iter().map(filter).collect()
    };
    match spec {
        Value::String(atom) => match &**atom {
            "requirements" => Ok(term("meets_req", [])),
            "not_disabled" => Ok(not_disabled()),
            "breaker_closed" => Ok(term("not", [term("is", [Value::text("breaker_open")])])),
            "scope_matches" => Ok(term("scope_matches", [])),
            _ => Err(format!("elaborate: unknown filter atom '{atom}'")),
        },
        Value::Array(specs) if !specs.is_empty() => Ok(term("and", all(spec)?)),
        Value::Object(members) => {
            if let Some(specs) = lookup(members, "all_of") {
                return Ok(term("and", all(specs)?));
            }
            if let Some(specs) = lookup(members, "any_of") {
                return Ok(term("or", all(specs)?));
            }
            if let Some(specs) = lookup(members, "none_of") {
                return Ok(term("not", [term("or", all(specs)?)]));
            }
            for (key, op, negated) in [
                ("tier_in", "tier_eq", false),
                ("family_in", "family_eq", false),
                ("provider_in", "provider_eq", false),
                ("provider_not_in", "provider_eq", true),
                ("served_by_in", "served_by_eq", false),
                ("served_by_not_in", "served_by_eq", true),
            ] {
                if let Some(names) = lookup(members, key) {
                    let names = names.as_array().ok_or_else(invalid)?.iter();
                    let any = single("or", names.map(|name| term(op, [name.clone()])).collect());
                    return Ok(if negated { term("not", [any]) } else { any });
                }
            }
            let prices = lookup(members, "price_max").ok_or_else(invalid)?;
            let bound = |key, field| {
                let price = prices.get(key)?.clone();
                Some(term("cmp", [Value::text(field), Value::text("le"), price]))
            };
            let bounds = [bound("input", "price_in"), bound("output", "price_out")];
            let bounds: Vec<Value> = bounds.into_iter().flatten().collect();
            Ok(if bounds.is_empty() { term("top", []) } else { single("and", bounds) })
        }
        _ => Err(invalid()),
    }
}

/// One argument stands for itself.
fn single<'a>(op: &'static str, arguments: Vec<Value<'a>>) -> Value<'a> {
    match <[Value; 1]>::try_from(arguments) {
        Ok([argument]) => argument,
        Err(arguments) => term(op, arguments),
    }
}

fn selector<'a>(profile: &Value<'a>, contract: Option<&Value<'a>>) -> Value<'a> {
    let option = |key| profile.get("selector_opts").and_then(|options| options.get(key)).cloned();
    match profile.get("selector").and_then(Value::as_str) {
        Some("softmax_sample") => term("sample", [option("temp").unwrap_or(Value::Number(1.0))]),
        Some("chain") => {
            let chain = contract.and_then(|contract| contract.get("chain"));
            let chain = chain.or_else(|| profile.get("chain")).cloned();
            term("chain", [chain.unwrap_or(Value::Array(Vec::new()))])
        }
        Some("top_k") => {
            let inner = match option("temp") {
                Some(temperature) => term("sample", [temperature]),
                None => term("argmax", []),
            };
            term("top_k", [option("k").unwrap_or(Value::Number(3.0)), inner])
        }
        _ => term("argmax", []),
    }
}

fn mutate<'a>(spec: &Value<'a>) -> Result<Value<'a>, String> {
    let invalid = || "elaborate: invalid mutate spec".to_string();
    let pipe = |specs: &Value<'a>| -> Result<Value<'a>, String> {
        let specs = specs.as_array().ok_or_else(invalid)?;
        Ok(term("seq", specs.iter().map(mutate).collect::<Result<Vec<_>, _>>()?))
    };
    match spec {
        Value::String(name) if name == "identity" => Ok(term("id", [])),
        Value::Array(specs) if !specs.is_empty() => pipe(spec),
        Value::Object(members) => {
            if let Some(specs) = lookup(members, "pipe") {
                return pipe(specs);
            }
            for op in ["filter_text", "filter_image"] {
                if let Some(recipe) = lookup(members, op) {
                    return Ok(term(op, [recipe.clone()]));
                }
            }
            for (key, op) in
                [("jitter", "jitter"), ("set_param", "set_param"), ("clamp", "clamp_param")]
            {
                if let Some(map) = lookup(members, key) {
                    let entries = map.as_object().ok_or_else(invalid)?.iter();
                    let terms = entries.map(|(name, value)| parameter(op, name, value));
                    return Ok(single("seq", terms.collect()));
                }
            }
            Err(invalid())
        }
        _ => Err(invalid()),
    }
}

fn parameter<'a>(op: &'static str, name: &Cow<'a, str>, value: &Value<'a>) -> Value<'a> {
    match op {
        "set_param" if value.as_str() == Some(FROM_CTX) => {
            term("inject_seed", [Value::String(name.clone())])
        }
        "clamp_param" => term(op, [Value::String(name.clone()), Value::Number(0.0), value.clone()]),
        _ => term(op, [Value::String(name.clone()), value.clone()]),
    }
}

fn fail_plan<'a>(table: Option<&Value<'a>>) -> Value<'a> {
    let table = table.and_then(Value::as_object).unwrap_or(&[]);
    let next = || Value::Object(Vec::from([("action".into(), Value::text("next_candidate"))]));
    let base = lookup(table, "unknown").cloned().unwrap_or_else(next);
    let others = table.iter().filter(|(reason, _)| reason != "unknown");
    others.fold(term("always", [base]), |plan, (reason, action)| {
        term("override", [plan, Value::String(reason.clone()), action.clone()])
    })
}
