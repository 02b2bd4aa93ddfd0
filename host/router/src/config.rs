//! The configuration of a router: one JSON text, whatever it was written in.

use std::path::Path;

use serde_json::Value;
use sigmapol_core::{Engine as _, Error, Native, digest, json::Object};

use super::{
    RouterError,
    document::{self, no_json, text, without_bom},
    of_gateway,
};

/// A configuration that can be read; whether it is in order, the engine says.
#[derive(Clone, Debug)]
pub struct Config {
    text: String,
    value: Value,
}

impl Config {
    /// Reads a file by its extension: `.json`, `.toml`, `.yaml` or `.yml`.
    ///
    /// # Errors
    ///
    /// [`RouterError::Config`] names the file, the position and what is wrong there.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, RouterError> {
        let path = path.as_ref();
        let extension = path.extension().and_then(|extension| extension.to_str());
        let parse = match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("json") => Self::from_json,
            Some("toml") => Self::from_toml,
            Some("yaml" | "yml") => Self::from_yaml,
            _ => {
                return Err(RouterError::Config(format!(
                    "{}: expected a name that ends in .json, .toml, .yaml or .yml",
                    path.display()
                )));
            }
        };
        let text = text(path)?;
        parse(without_bom(&text)).map_err(|error| match error {
            RouterError::Config(what) => RouterError::Config(format!("{}: {what}", path.display())),
            other => other,
        })
    }

    /// Reads a text that has no name: JSON where it begins with `{`, else YAML.
    ///
    /// # Errors
    ///
    /// As for [`from_json`](Self::from_json) and [`from_yaml`](Self::from_yaml).
    pub fn from_text(text: &str) -> Result<Self, RouterError> {
        let text = without_bom(text);
        match text.trim_start().starts_with('{') {
            true => Self::from_json(text),
            false => Self::from_yaml(text),
        }
    }

    /// Keeps the very text: exact numbers, and the lines that a refusal names.
    ///
    /// # Errors
    ///
    /// [`RouterError::Config`] for what is not JSON, and for what the engine refuses of any JSON: a
    /// key that is there twice, `null`, a number that overflows. It names the place in this text.
    pub fn from_json(text: &str) -> Result<Self, RouterError> {
        let value = serde_json::from_str(text)
            .map_err(|error| RouterError::Config(format!("expected JSON: {error}")))?;
        // what is wrong with any JSON is found before anything is wrong with it as a term
        if let Err(Error::Refused(refusal)) = Native.hash(text, "{}")
            && refusal.code.name().starts_with("json-")
        {
            let what = refusal.message.strip_prefix("term: ").unwrap_or(&refusal.message);
            return Err(RouterError::Config(what.to_owned()));
        }
        Self::checked(Self { text: of_gateway::blank(text), value })
    }

    /// Reads TOML; dates and numbers that are not finite have no JSON form and are refused.
    ///
    /// # Errors
    ///
    /// [`RouterError::Config`] for what is not TOML, or has no JSON form.
    pub fn from_toml(text: &str) -> Result<Self, RouterError> {
        document::toml(text).map(Self::of_value).and_then(Self::checked)
    }

    /// Reads one YAML 1.2 document: a key that is there twice, `null` and numbers that are not
    /// finite are refused, and so are words such as `no` that are booleans to some readers only.
    ///
    /// # Errors
    ///
    /// [`RouterError::Config`] for what is not YAML, or has no JSON form.
    pub fn from_yaml(text: &str) -> Result<Self, RouterError> {
        document::yaml(text).map(Self::of_value).and_then(Self::checked)
    }

    /// The JSON text, as the engine reads it: in place of `gateway` there is nothing.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the name of a model stands for that a client says: a route, which begins with one of
    /// [`ROUTES`](super::ROUTES).
    pub fn route_of(&self, name: &str) -> Option<&str> {
        of_gateway::route_of(&self.value, name)
    }

    /// The names of models that have a meaning, without those that end in `*`.
    pub fn model_names(&self) -> impl Iterator<Item = &str> {
        let names = of_gateway::model_names(&self.value).into_iter().flatten();
        names.map(|(name, _)| name.as_str()).filter(|name| !name.ends_with('*'))
    }

    /// The whole as a value, for the adapters of providers.
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// What policies may speak of, `{fields, tier_order?}`, as the engine reads it.
    pub fn vocabulary(&self) -> String {
        let fields = self.value.get("fields").and_then(Value::as_object);
        let fields =
            fields.into_iter().flatten().fold(Object::new(), |fields, (name, declared)| {
                // the notes that a configuration may carry for people are no part of a vocabulary
                let kept = ["default", "sort"].into_iter().fold(Object::new(), |kept, key| {
                    let value = declared.get(key).map(Value::to_string);
                    kept.with_some(key, value.as_deref())
                });
                fields.with(name, &kept.finish())
            });
        let tiers = self.value.get("tier_order").map(Value::to_string);
        Object::new()
            .with("fields", &fields.finish())
            .with_some("tier_order", tiers.as_deref())
            .finish()
    }

    /// The SHA-256 of the JSON text, in hexadecimal: which configuration it is.
    pub fn digest(&self) -> String {
        digest(self.text.as_bytes())
    }

    /// The engine lets the name of a model at a provider be anything; it can only be sent as text. In
    /// YAML `4.10` is a number, and the model that is asked for would be `4.1`. A price below zero is
    /// what price lists write for one that is not known; as a number it is the cheapest of all.
    fn checked(self) -> Result<Self, RouterError> {
        of_gateway::check(&self.value)?;
        for (model, entry) in
            self.value.get("models").and_then(Value::as_object).into_iter().flatten()
        {
            not_below_zero(&format!("models.{model}"), entry)?;
            let served_by = entry.get("served_by").and_then(Value::as_array);
            for (index, offer) in served_by.into_iter().flatten().enumerate() {
                not_below_zero(&format!("models.{model}.served_by.{index}"), offer)?;
                for key in ["provider_model_id", "provider"] {
                    if let Some(value) = offer.get(key).filter(|value| !value.is_string()) {
                        let path = format!("models.{model}.served_by.{index}.{key}");
                        let expected = format!("a string, got {value}: put it in quotes");
                        return Err(no_json(&path, &expected));
                    }
                }
            }
        }
        Ok(self)
    }

    fn of_value(value: Value) -> Self {
        Self { text: of_gateway::without(&value).to_string(), value }
    }
}

/// The prices that `fields` gives.
fn not_below_zero(about: &str, entry: &Value) -> Result<(), RouterError> {
    for price in ["price_in", "price_out"] {
        let given = entry.get("fields").and_then(|fields| fields.get(price));
        if let Some(given) = given.filter(|given| given.as_f64().is_some_and(|price| price < 0.0)) {
            let expected =
                format!("a price of at least 0, got {given}: leave out what is not known");
            return Err(no_json(&format!("{about}.fields.{price}"), &expected));
        }
    }
    Ok(())
}
