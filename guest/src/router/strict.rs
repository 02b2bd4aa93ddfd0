//! What the `strict` profile asks of a configuration: every key means something, and every term in
//! it is admitted before the first call needs it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::config::Config;
use super::defaults::DEFAULTS;
use super::elaborate::{FILTERS, MUTATIONS, SELECTORS, elaborate};
use super::keys::{one_of, only, refusal};
use super::terms::admit_sort;
use crate::json::{Members, Value, lookup};
use crate::parameter;
use crate::policy::admit_policy;
use crate::signature::{Param, Sort};
use crate::vocabulary::Field;

const CONFIG: [&str; 9] = [
    "customs",
    "defaults",
    "fields",
    "models",
    "policy_envelope",
    "profiles",
    "providers",
    "retry_policies",
    "tier_order",
];

/// `notes`, `cloud_url`, and `vendor` and `group` below, are for people: nothing here reads them.
const PROVIDER: [&str; 16] = [
    "api_kind",
    "auth",
    "auth_env",
    "aws_region",
    "base_url",
    "cloud_url",
    "discovery",
    "discovery_id",
    "error_map",
    "has_tee",
    "market_price_cap",
    "no_log",
    "notes",
    "service_aliases",
    "source",
    "tier",
];
/// Defaults that the host acts on.
const HOSTS_DEFAULTS: [&str; 1] = ["fallback_wait_ms"];
const AUTH: [&str; 5] = ["auth_env", "command", "file", "kind", "provider"];
const AUTH_KINDS: [&str; 3] = ["bearer", "none", "oauth"];
const MODEL: [&str; 6] =
    ["capabilities", "fields", "protocol", "served_by", "static_quality_hint", "vendor"];
const SERVED_BY: [&str; 3] = ["fields", "provider", "provider_model_id"];
const PROFILE: [&str; 9] = [
    "chain",
    "extends",
    "filter",
    "mutate",
    "policy_ir",
    "retry_policy",
    "scorer",
    "selector",
    "selector_opts",
];
/// Fields that `fields` of a model may set besides those that the configuration declares.
const OBSERVED: [&str; 5] = ["latency_ms", "price_in", "price_out", "success_rate", "tok_s"];

/// Keys that mean nothing are refused, with the nearest that does.
pub fn shape(config: &Value) -> Result<(), String> {
    only("config", config, &CONFIG)?;
    let entries = |key: &str| config.get(key).and_then(Value::as_object).unwrap_or(&[]);
    let defaults = Value::Object(entries("defaults").to_vec());
    let known: Vec<&str> = DEFAULTS.iter().map(|(name, _)| *name).chain(HOSTS_DEFAULTS).collect();
    only("defaults", &defaults, &known)?;
    for (name, value) in entries("defaults") {
        if value.as_number().is_none_or(|value| value < 0.0) {
            return Err(format!("defaults.{name}: expected a number of at least 0"));
        }
    }
    for (name, field) in entries("fields") {
        only(&format!("fields.{name}"), field, &["default", "group", "sort"])?;
    }
    for (id, provider) in entries("providers") {
        let about = format!("providers.{id}");
        only(&about, provider, &PROVIDER)?;
        for flag in ["has_tee", "no_log"] {
            if provider.get(flag).is_some_and(|flag| flag.as_bool().is_none()) {
                return Err(format!("{about}.{flag}: expected a boolean"));
            }
        }
        if let Some(auth) = provider.get("auth") {
            let about = format!("{about}.auth");
            only(&about, auth, &AUTH)?;
            let kind = auth.get("kind").and_then(Value::as_str).unwrap_or_default();
            if !AUTH_KINDS.contains(&kind) {
                // without the value: it may be a key that was put in the wrong place
                return Err(format!("{about}.kind: expected one of {}", AUTH_KINDS.join(", ")));
            }
        }
        if let Some(cap) = provider.get("market_price_cap") {
            only(&format!("{about}.market_price_cap"), cap, &["input", "output"])?;
        }
    }
    for (family, model) in entries("models") {
        let about = format!("models.{family}");
        only(&about, model, &MODEL)?;
        if model.get("protocol").is_some_and(|protocol| protocol.as_str().is_none()) {
            return Err(format!("{about}.protocol: expected a string"));
        }
        let served_by = model.get("served_by").and_then(Value::as_array).unwrap_or(&[]);
        for (index, entry) in (1..).zip(served_by) {
            only(&format!("{about}.served_by[{index}]"), entry, &SERVED_BY)?;
        }
    }
    for (name, profile) in entries("profiles") {
        // this one has a message of its own
        if profile.get("weights").is_none() {
            only(&format!("profiles.{name}"), profile, &PROFILE)?;
        }
        parts(&format!("profiles.{name}"), profile)?;
    }
    Ok(())
}

/// The parts of a profile that is no term have known forms.
pub fn parts(about: &str, profile: &Value) -> Result<(), String> {
    if let Some(options) = profile.get("selector_opts") {
        only(&format!("{about}.selector_opts"), options, &["k", "temp"])?;
    }
    for (key, known) in [("filter", FILTERS.as_slice()), ("mutate", MUTATIONS.as_slice())] {
        if let Some(spec) = profile.get(key) {
            one_form(&format!("{about}.{key}"), spec, known)?;
        }
    }
    Ok(())
}

/// Of several forms in one object only the first would count.
fn one_form(about: &str, spec: &Value, known: &[&str]) -> Result<(), String> {
    match spec {
        Value::Array(specs) => {
            for (index, spec) in (1..).zip(specs) {
                one_form(&format!("{about}[{index}]"), spec, known)?;
            }
            Ok(())
        }
        Value::Object(members) => {
            only(about, spec, known)?;
            let [(form, value)] = members.as_slice() else {
                return Err(format!("{about}: expected one key, got {}", members.len()));
            };
            let about = format!("{about}.{form}");
            match &**form {
                "all_of" | "any_of" | "none_of" | "pipe" => one_form(&about, value, known),
                "price_max" => only(&about, value, &["input", "output"]),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Retry tables, profiles, customs and the fields of models are in order.
pub fn terms(config: &Config) -> Result<(), String> {
    for (name, table) in &config.retry_policies {
        let about = format!("retry_policies.{name}");
        let table = table.as_object().ok_or_else(|| format!("{about}: expected an object"))?;
        for (reason, action) in table {
            parameter::check(Param::Action, action, &config.vocabulary)
                .and_then(|()| crate::strict::check(Param::Action, action))
                .map_err(|expected| format!("{about}.{reason}: {expected}"))?;
        }
    }
    for (symbol, definition) in &config.customs {
        admit_sort(&format!("customs.{symbol}"), definition, Sort::Xform, &config.vocabulary)?;
    }
    for (family, model) in &config.models {
        let about = format!("models.{family}");
        fields(&about, model, config)?;
        let served_by = model.get("served_by").and_then(Value::as_array).unwrap_or(&[]);
        for (index, entry) in (1..).zip(served_by) {
            fields(&format!("{about}.served_by[{index}]"), entry, config)?;
        }
    }
    for (name, profile) in &config.profiles {
        let about = format!("profiles.{name}");
        let table = retry_table(&about, profile, &config.retry_policies)?;
        let term = match profile.get("policy_ir") {
            Some(term) => term.clone(),
            None => elaborate(profile, table, None).map_err(|error| format!("{about}: {error}"))?,
        };
        admit_policy(&term, &config.vocabulary)
            .map_err(|refusal| format!("{about}: {}", refusal.message))?;
    }
    Ok(())
}

/// The selector of a profile is one, and so is its retry policy: the table of that.
pub fn retry_table<'v, 'a>(
    about: &str,
    profile: &Value,
    tables: &'v Members<'a>,
) -> Result<Option<&'v Value<'a>>, String> {
    let selector = profile.get("selector").map(|name| name.as_str().unwrap_or_default());
    if let Some(selector) = selector.filter(|name| !SELECTORS.contains(name)) {
        return Err(refusal(&format!("{about}.selector: unknown name"), selector, &SELECTORS));
    }
    let Some(name) = profile.get("retry_policy") else { return Ok(None) };
    let name = name.as_str().unwrap_or_default();
    one_of(&format!("{about}.retry_policy"), name, tables)?;
    Ok(lookup(tables, name))
}

/// What a configuration says is observed of a model: declared fields, and those of every candidate.
fn fields(about: &str, entry: &Value, config: &Config) -> Result<(), String> {
    for (name, value) in entry.get("fields").and_then(Value::as_object).unwrap_or(&[]) {
        let about = format!("{about}.fields");
        let declared = config.vocabulary.extensions();
        let declared = declared.map(|(name, field)| (name, matches!(field, Field::Num(_))));
        let known = declared.chain(OBSERVED.map(|name| (name, true)));
        let known: Vec<(&str, bool)> = known.collect();
        let Some((_, numeric)) = known.iter().find(|(known, _)| known == name) else {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            return Err(refusal(&format!("{about}: unknown field"), name, &names));
        };
        let fits = if *numeric { value.as_number().is_some() } else { value.as_bool().is_some() };
        if !fits {
            let expected = if *numeric { "a finite number" } else { "a boolean" };
            return Err(format!("{about}.{name}: expected {expected}"));
        }
    }
    Ok(())
}
