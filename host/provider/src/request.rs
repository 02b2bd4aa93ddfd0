//! The request of a call, as the engine's `call` effect has it.

use serde_json::{Map, Number, Value};

use super::{
    CallError, ErrorKind,
    message::{self, Image, Message, Tool},
};

/// A request that this host understands to the last key.
///
/// What it says of credentials and of the dialect is left out: those are looked up by
/// `provider_id`, since a caller's policy may have written them here.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) provider_id: String,
    /// Checked against the configuration before it is used.
    pub(super) base_url: Option<String>,
    pub(super) model: String,
    /// In the OpenAI shape, as are tools and the format; see [`Self::messages`].
    pub(super) messages: Vec<Value>,
    pub(super) tools: Vec<Value>,
    pub(super) response_format: Option<Value>,
    pub(super) images: Vec<Image>,
    pub(super) temperature: Option<Number>,
    pub(super) top_p: Option<Number>,
    pub(super) top_k: Option<Number>,
    pub(super) seed: Option<Number>,
    pub(super) max_tokens: Option<Number>,
    pub(super) frequency_penalty: Option<Number>,
    pub(super) presence_penalty: Option<Number>,
    pub(super) reasoning_effort: Option<String>,
    pub(super) timeout_ms: Option<u64>,
    pub(super) first_token_timeout_ms: Option<u64>,
}

/// The shape that an answer has to have.
#[derive(Debug, PartialEq)]
pub(super) enum Format {
    /// Any JSON.
    Json,
    /// JSON of a schema.
    Schema(Value),
}

/// The request is not one that can be sent.
pub(super) fn bad(message: impl Into<String>) -> CallError {
    CallError::new(ErrorKind::BadRequest, message)
}

/// What was expected at a position of the request.
pub(super) fn expected(position: &str, what: &str) -> CallError {
    bad(format!("{position}: expected {what}"))
}

impl Request {
    /// Reads the JSON of a request. `null` is the same as an absent key.
    pub(super) fn parse(text: &str) -> Result<Self, CallError> {
        let members: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| bad(format!("request: expected an object: {error}")))?;
        let mut request = Self::default();
        for (key, value) in members {
            if !value.is_null() {
                request.set(&key, value)?;
            }
        }
        for (key, value) in
            [("provider_id", &request.provider_id), ("served_model_id", &request.model)]
        {
            if value.is_empty() {
                return Err(expected(&format!("request.{key}"), "a name"));
            }
        }
        Ok(request)
    }

    /// The messages, for a dialect that has another shape for them.
    pub(super) fn messages(&self) -> Result<Vec<Message>, CallError> {
        message::messages(&self.messages)
    }

    /// The tools, for a dialect that has another shape for them.
    pub(super) fn tools(&self) -> Result<Vec<Tool>, CallError> {
        message::tools(&self.tools)
    }

    /// The shape of the answer; `text` is what every answer is.
    pub(super) fn format(&self) -> Result<Option<Format>, CallError> {
        self.response_format.as_ref().map_or(Ok(None), format)
    }

    fn set(&mut self, key: &str, value: Value) -> Result<(), CallError> {
        let position = format!("request.{key}");
        match key {
            "provider_id" => self.provider_id = string(&position, value)?,
            "base_url" => self.base_url = Some(string(&position, value)?),
            "served_model_id" => self.model = string(&position, value)?,
            "messages" => self.messages = list(&position, value)?,
            "tools" => self.tools = list(&position, value)?,
            "response_format" => self.response_format = Some(value),
            "images" => self.images = message::images(&list(&position, value)?)?,
            "temperature" => self.temperature = Some(number(&position, value)?),
            "top_p" => self.top_p = Some(number(&position, value)?),
            "top_k" => self.top_k = Some(integer(&position, value)?),
            "seed" => self.seed = Some(integer(&position, value)?),
            "max_tokens" => self.max_tokens = Some(integer(&position, value)?),
            "frequency_penalty" => self.frequency_penalty = Some(number(&position, value)?),
            "presence_penalty" => self.presence_penalty = Some(number(&position, value)?),
            "reasoning_effort" => self.reasoning_effort = Some(string(&position, value)?),
            "timeout_ms" => self.timeout_ms = Some(milliseconds(&position, &value)?),
            "first_token_timeout_ms" => {
                self.first_token_timeout_ms = Some(milliseconds(&position, &value)?);
            }
            // the configuration of this host says these
            "api_kind" | "auth" | "auth_env" | "aws_region" => {}
            // for logs: the request names the model and the address of the offer itself
            "model_family" | "offer" => {}
            "_filters" => return Err(bad(format!("{position}: this host has no filters"))),
            _ => return Err(bad(format!("{position}: unknown key"))),
        }
        Ok(())
    }

    /// Refuses parameters that a dialect has no word for: dropping one would change the answer
    /// without a sign of it.
    pub(super) fn refuse(&self, dialect: &str, unknown: &[&str]) -> Result<(), CallError> {
        let is_set = |name: &str| match name {
            "frequency_penalty" => self.frequency_penalty.is_some(),
            "presence_penalty" => self.presence_penalty.is_some(),
            "reasoning_effort" => self.reasoning_effort.is_some(),
            "seed" => self.seed.is_some(),
            _ => false,
        };
        match unknown.iter().find(|name| is_set(name)) {
            Some(name) => Err(bad(format!("request.{name}: {dialect} has no {name}"))),
            None => Ok(()),
        }
    }
}

fn string(position: &str, value: Value) -> Result<String, CallError> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(expected(position, "a string")),
    }
}

fn list(position: &str, value: Value) -> Result<Vec<Value>, CallError> {
    match value {
        Value::Array(list) => Ok(list),
        _ => Err(expected(position, "an array")),
    }
}

fn number(position: &str, value: Value) -> Result<Number, CallError> {
    match value {
        Value::Number(number) => Ok(number),
        _ => Err(expected(position, "a number")),
    }
}

fn integer(position: &str, value: Value) -> Result<Number, CallError> {
    match value {
        Value::Number(number) if number.is_i64() || number.is_u64() => Ok(number),
        _ => Err(expected(position, "an integer")),
    }
}

fn milliseconds(position: &str, value: &Value) -> Result<u64, CallError> {
    value.as_u64().ok_or_else(|| expected(position, "a number of milliseconds"))
}

fn format(value: &Value) -> Result<Option<Format>, CallError> {
    let position = "request.response_format";
    match value.get("type").and_then(Value::as_str) {
        Some("text") => Ok(None),
        Some("json_object") => Ok(Some(Format::Json)),
        Some("json_schema") => match value.pointer("/json_schema/schema") {
            Some(schema @ Value::Object(_)) => Ok(Some(Format::Schema(schema.clone()))),
            _ => Err(expected(&format!("{position}.json_schema.schema"), "an object")),
        },
        _ => Err(expected(&format!("{position}.type"), "text, json_object or json_schema")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(key: &str, value: Value) -> String {
        let mut request = json!({"provider_id": "p", "served_model_id": "m", "messages": []});
        request[key] = value;
        Request::parse(&request.to_string()).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn every_key_is_understood_or_refused() {
        for (key, value, message) in [
            ("colour", json!(1), "bad_request: request.colour: unknown key"),
            ("_filters", json!({}), "bad_request: request._filters: this host has no filters"),
            ("served_model_id", json!(""), "bad_request: request.served_model_id: expected a name"),
            ("messages", json!({}), "bad_request: request.messages: expected an array"),
            ("temperature", json!("hot"), "bad_request: request.temperature: expected a number"),
            ("seed", json!(0.5), "bad_request: request.seed: expected an integer"),
            (
                "timeout_ms",
                json!(-1),
                "bad_request: request.timeout_ms: expected a number of milliseconds",
            ),
        ] {
            assert_eq!(refusal(key, value), message);
        }
        assert_eq!(
            Request::parse("[]").unwrap_err().message,
            "request: expected an object: invalid type: sequence, expected a map at line 1 column 0"
        );
    }

    #[test]
    fn formats() {
        let read = |value| format(&value).map_err(|error| error.message);
        assert_eq!(read(json!({"type": "text"})), Ok(None));
        assert_eq!(read(json!({"type": "json_object"})), Ok(Some(Format::Json)));
        let schema = json!({"type": "json_schema", "json_schema": {"schema": {"type": "array"}}});
        assert_eq!(read(schema), Ok(Some(Format::Schema(json!({"type": "array"})))));
        let message = "request.response_format.type: expected text, json_object or json_schema";
        assert_eq!(read(json!({"type": "xml"})), Err(message.to_owned()));
        let message = "request.response_format.json_schema.schema: expected an object";
        assert_eq!(read(json!({"type": "json_schema"})), Err(message.to_owned()));
    }

    #[test]
    fn null_is_absent() {
        let text = r#"{"provider_id": "p", "served_model_id": "m", "messages": [], "tools": null,
            "model_family": "f", "api_kind": "google", "auth_env": "HOME", "offer": {"peer_id": 1}}"#;
        let request = Request::parse(text).unwrap();
        assert_eq!(request.model, "m");
        assert!(request.tools.is_empty());
    }
}
