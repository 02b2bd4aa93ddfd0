//! The vocabularies that records name.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use sigmapol_core::json::Object;

use super::{Malformed, Record};

/// `schemas.json`: vocabularies by name, `{extensions?, tier_order?}`.
///
/// Vectors are replayed under the `reference` profile, which admits what the reference admits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schemas(BTreeMap<String, String>);

impl Schemas {
    /// Reads the text of the file.
    ///
    /// # Errors
    ///
    /// When it is not an object of such vocabularies.
    pub fn read(text: &str) -> Result<Self, Malformed> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Schema<'a> {
            #[serde(borrow)]
            extensions: Option<&'a RawValue>,
            #[serde(borrow)]
            tier_order: Option<&'a RawValue>,
        }

        let schemas: BTreeMap<String, Schema<'_>> = serde_json::from_str(text)
            .map_err(|error| Malformed::new("schemas.json", error.to_string()))?;
        let vocabulary = |schema: Schema<'_>| {
            Object::new()
                .with("profile", r#""reference""#)
                .with_some("fields", schema.extensions.map(RawValue::get))
                .with_some("tier_order", schema.tier_order.map(RawValue::get))
                .finish()
        };
        Ok(Self(schemas.into_iter().map(|(name, schema)| (name, vocabulary(schema))).collect()))
    }

    /// The vocabulary of a record; the core vocabulary if it names no schema.
    pub(super) fn vocabulary(&self, record: &Record<'_>) -> Result<String, Malformed> {
        let Some(name) = record.read_optional::<String>("schema")? else {
            return Ok(r#"{"profile":"reference"}"#.to_owned());
        };
        self.0.get(&name).cloned().ok_or_else(|| {
            record.expected(&format!("schema `{name}`, expected in schemas.json beside the file"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vocabularies_keep_their_text() {
        let schemas = Schemas::read(
            r#"{"a":{}, "b":{"tier_order":["x"],"extensions":{"f":{"sort":"Num","default":1.50}}}}"#,
        )
        .unwrap();
        assert_eq!(schemas.0["a"], r#"{"profile":"reference"}"#);
        assert_eq!(
            schemas.0["b"],
            r#"{"profile":"reference","fields":{"f":{"sort":"Num","default":1.50}},"tier_order":["x"]}"#
        );
        assert!(Schemas::read(r#"{"a":{"tiers":[]}}"#).is_err());
    }
}
