//! What a response repeats of its request.

use serde_json::{Map, Value, json};
use sigmapol_core::json::Members;

/// Members that are repeated, and what they are where the request does not say. Instructions and tools
/// are not: they are long, and whoever asks has them.
const MEMBERS: [(&str, &str); 12] = [
    ("max_output_tokens", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("prompt_cache_key", "null"),
    ("reasoning", "null"),
    ("safety_identifier", "null"),
    ("temperature", "null"),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("tool_choice", r#""auto""#),
    ("top_p", "null"),
    ("truncation", r#""disabled""#),
    ("user", "null"),
];

/// What a response repeats of its request.
#[derive(Clone, Debug)]
pub(super) struct Echo(Map<String, Value>);

impl Echo {
    pub(super) fn of(members: &Members<'_>) -> Self {
        let member = |(name, default): (&str, &str)| {
            let text = members.get(name).filter(|text| *text != "null").unwrap_or(default);
            // a number that no double holds is not repeated
            (name.to_owned(), serde_json::from_str(text).unwrap_or_default())
        };
        Self(MEMBERS.into_iter().map(member).collect())
    }

    /// Puts them into a response, with what is always so.
    pub(super) fn put(&self, response: &mut Map<String, Value>) {
        response.extend(self.0.clone());
        response.insert("background".to_owned(), json!(false));
        response.insert("previous_response_id".to_owned(), Value::Null);
        response.insert("store".to_owned(), json!(false));
    }
}
