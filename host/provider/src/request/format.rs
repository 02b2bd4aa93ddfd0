//! The shape that an answer has to have.

use serde_json::value::RawValue;

use crate::{
    CallError,
    error::expected,
    json::{Object, string},
};

/// The shape that an answer has to have.
#[derive(Debug)]
pub(crate) enum Format<'a> {
    /// Any text.
    Text,
    /// Any JSON.
    Json,
    /// JSON of a schema.
    Schema(&'a RawValue),
}

impl<'a> Format<'a> {
    /// Reads `request.response_format`. A schema that is missing or `{}` allows any JSON.
    pub(crate) fn read(value: &'a RawValue) -> Result<Self, CallError> {
        let position = "request.response_format";
        let object = Object::of(value).unwrap_or_default();
        let kind = object.get("type").and_then(string);
        match kind.as_deref() {
            Some("text") => Ok(Self::Text),
            Some("json_object") => Ok(Self::Json),
            Some("json_schema") => {
                let Some(schema) = object.object("json_schema").get("schema") else {
                    return Ok(Self::Json);
                };
                match Object::of(schema) {
                    Some(members) if members.is_empty() => Ok(Self::Json),
                    Some(_) => Ok(Self::Schema(schema)),
                    None => Err(expected(&format!("{position}.json_schema.schema"), "an object")),
                }
            }
            _ => Err(expected(&format!("{position}.type"), "text, json_object or json_schema")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn formats() {
        let read = |text| match Format::read(json::value(text).unwrap()) {
            Ok(Format::Text) => "text".to_owned(),
            Ok(Format::Json) => "json".to_owned(),
            Ok(Format::Schema(schema)) => schema.get().to_owned(),
            Err(error) => error.message,
        };
        assert_eq!(read(r#"{"type": "text"}"#), "text");
        assert_eq!(read(r#"{"type": "json_object"}"#), "json");
        assert_eq!(read(r#"{"type": "json_schema"}"#), "json");
        assert_eq!(read(r#"{"type": "json_schema", "json_schema": {"schema": null}}"#), "json");
        assert_eq!(read(r#"{"type": "json_schema", "json_schema": {"schema": {}}}"#), "json");
        let schema = r#"{"enum": [1.0, null], "enum": []}"#;
        let format = format!(r#"{{"type": "json_schema", "json_schema": {{"schema": {schema}}}}}"#);
        assert_eq!(read(&format), schema);
        let message = "request.response_format.type: expected text, json_object or json_schema";
        assert_eq!(read(r#"{"type": "xml"}"#), message);
        assert_eq!(read("1"), message);
        let message = "request.response_format.json_schema.schema: expected an object";
        assert_eq!(read(r#"{"type": "json_schema", "json_schema": {"schema": 1}}"#), message);
    }
}
