//! The input of a response as the messages of a chat.

use sigmapol_core::json::{Object, quote};

use super::{
    content::content,
    part::{Part, expected, unsupported},
    tools::flat_name,
};
use crate::error::ApiError;

/// Types of items that are read.
const ITEMS: &str = "message, function_call, function_call_output or reasoning";

/// The messages of a chat, an array: the instructions, and what `input` has, a text or items.
pub(super) fn messages(instructions: Option<&str>, input: &str) -> Result<String, ApiError> {
    let mut turns = Turns::default();
    turns.messages.extend(instructions.map(|text| message("system", text)));
    match input.as_bytes().first() {
        Some(b'"') => turns.messages.push(message("user", input)),
        Some(b'[') => {
            for item in Part::all("input", input)? {
                turns.add(&item)?;
            }
        }
        _ => return Err(expected("input", "a string or an array of items")),
    }
    turns.flush();
    Ok(format!("[{}]", turns.messages.join(",")))
}

/// Messages, and what the model said last: its text and its calls of tools are one message in a chat,
/// and items of their own in a response.
#[derive(Default)]
struct Turns {
    messages: Vec<String>,
    open: Option<Said>,
}

#[derive(Default)]
struct Said {
    content: Option<String>,
    calls: Vec<String>,
}

impl Turns {
    fn add(&mut self, item: &Part<'_>) -> Result<(), ApiError> {
        match item.word("type").as_deref() {
            Some("message") => self.message(item)?,
            None if item.get("role").is_some() => self.message(item)?,
            Some("function_call") => {
                let call = call(item)?;
                self.open.get_or_insert_default().calls.push(call);
            }
            Some("function_call_output") => {
                self.flush();
                let output = item.get("output").unwrap_or_default();
                let content = content(&item.at("output"), output)?;
                let result = Object::new()
                    .with("role", &quote("tool"))
                    .with("tool_call_id", item.string("call_id")?)
                    .with("content", &content);
                self.messages.push(result.finish());
            }
            // what the model thought is in a form that only its provider could read
            Some("reasoning") => {}
            Some("item_reference") => {
                let message = "nothing is stored here: expected the item itself";
                return Err(unsupported(&item.place, message));
            }
            _ => return Err(item.of_another_type(ITEMS)),
        }
        Ok(())
    }

    fn message(&mut self, item: &Part<'_>) -> Result<(), ApiError> {
        let content = content(&item.at("content"), item.get("content").unwrap_or_default())?;
        self.flush();
        match item.word("role").as_deref() {
            Some("assistant") => {
                self.open = Some(Said { content: Some(content), calls: Vec::new() });
            }
            Some("user") => self.messages.push(message("user", &content)),
            Some("system" | "developer") => self.messages.push(message("system", &content)),
            _ => return Err(expected(&item.at("role"), "user, assistant, system or developer")),
        }
        Ok(())
    }

    /// What the model said is over.
    fn flush(&mut self) {
        let Some(said) = self.open.take() else { return };
        let calls = (!said.calls.is_empty()).then(|| format!("[{}]", said.calls.join(",")));
        let message = Object::new()
            .with("role", &quote("assistant"))
            .with("content", said.content.as_deref().unwrap_or("null"))
            .with_some("tool_calls", calls.as_deref());
        self.messages.push(message.finish());
    }
}

fn message(role: &str, content: &str) -> String {
    Object::new().with("role", &quote(role)).with("content", content).finish()
}

/// A call of a tool, by the name that the tool has in a chat.
fn call(item: &Part<'_>) -> Result<String, ApiError> {
    let name = match item.word("namespace") {
        Some(namespace) => quote(&flat_name(&namespace, &item.needed("name")?)),
        None => item.string("name")?.to_owned(),
    };
    let function =
        Object::new().with("name", &name).with("arguments", item.string("arguments")?).finish();
    let call = Object::new()
        .with("id", item.string("call_id")?)
        .with("type", &quote("function"))
        .with("function", &function)
        .with_some("extra_content", item.get("extra_content"));
    Ok(call.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(item: &str) -> Result<String, (String, String)> {
        let text = messages(None, &format!("[{item}]"));
        text.map_err(|error| (error.code.clone(), error.message))
    }

    /// What the model said is one message of a chat, with its calls.
    #[test]
    fn items() {
        let call = |id: &str| {
            format!(
                r#"{{"type":"function_call","id":"fc","call_id":"{id}","name":"f","arguments":"{{\"x\": 1.10}}"}}"#
            )
        };
        let output = |id: &str, output: &str| {
            format!(r#"{{"type":"function_call_output","call_id":"{id}","output":{output}}}"#)
        };
        let input = [
            r#"{"role":"developer","content":[{"type":"input_text","text":"d\ud800"}]}"#,
            r#"{"type":"message","role":"user","content":"u","id":"m"}"#,
            r#"{"type":"reasoning","id":"rs","summary":[],"encrypted_content":null}"#,
            r#"{"role":"assistant","content":[{"type":"output_text","text":"a","annotations":[]}]}"#,
            &call("1"),
            r#"{"type":"reasoning","summary":[]}"#,
            &call("2"),
            &output("2", r#""two""#),
            &output("1", r#"[{"type":"input_text","text":"one"}]"#),
            &call("3"),
            r#"{"role":"assistant","content":"b"}"#,
            r#"{"role":"system","content":[]}"#,
        ];
        let called = |id: &str| {
            format!(
                r#"{{"id":"{id}","type":"function","function":{{"name":"f","arguments":"{{\"x\": 1.10}}"}}}}"#
            )
        };
        let expected = [
            r#"{"role":"system","content":"i"}"#.to_owned(),
            r#"{"role":"system","content":"d\ud800"}"#.to_owned(),
            r#"{"role":"user","content":"u"}"#.to_owned(),
            format!(
                r#"{{"role":"assistant","content":"a","tool_calls":[{},{}]}}"#,
                called("1"),
                called("2")
            ),
            r#"{"role":"tool","tool_call_id":"2","content":"two"}"#.to_owned(),
            r#"{"role":"tool","tool_call_id":"1","content":"one"}"#.to_owned(),
            format!(r#"{{"role":"assistant","content":null,"tool_calls":[{}]}}"#, called("3")),
            r#"{"role":"assistant","content":"b"}"#.to_owned(),
            r#"{"role":"system","content":""}"#.to_owned(),
        ];
        let text = messages(Some(r#""i""#), &format!("[{}]", input.join(",")));
        assert_eq!(text.unwrap(), format!("[{}]", expected.join(",")));
        assert_eq!(messages(None, r#""hi""#).unwrap(), r#"[{"role":"user","content":"hi"}]"#);
    }

    #[test]
    fn calls_of_tools_in_a_namespace() {
        let item = r#"{"type":"function_call","call_id":"1","namespace":"a","name":"f","arguments":"{}","extra_content":{"google":{}}}"#;
        let call = r#"{"id":"1","type":"function","function":{"name":"a__f","arguments":"{}"},"extra_content":{"google":{}}}"#;
        let expected = format!(r#"[{{"role":"assistant","content":null,"tool_calls":[{call}]}}]"#);
        assert_eq!(one(item).unwrap(), expected);
    }

    #[test]
    fn what_is_wrong_with_an_item() {
        for (item, code, message) in [
            ("1", "invalid_type", "input[0]: expected an object"),
            ("{}", "invalid_type", "input[0].type: expected a string"),
            (
                r#"{"type":"web_search_call"}"#,
                "unsupported_parameter",
                "input[0].type: expected message, function_call, function_call_output or \
                 reasoning, got web_search_call",
            ),
            (
                r#"{"type":"item_reference","id":"msg_1"}"#,
                "unsupported_parameter",
                "input[0]: nothing is stored here: expected the item itself",
            ),
            (
                r#"{"role":"judge","content":""}"#,
                "invalid_type",
                "input[0].role: expected user, assistant, system or developer",
            ),
            (
                r#"{"role":"user"}"#,
                "invalid_type",
                "input[0].content: expected a string or an array of parts",
            ),
            (
                r#"{"role":"user","content":[{"type":"input_video"},{}]}"#,
                "unsupported_parameter",
                "input[0].content[0].type: expected input_text, output_text, refusal, \
                 input_image, input_file or input_audio, got input_video",
            ),
            (
                r#"{"role":"user","content":[{"type":"input_image","file_id":"f"}]}"#,
                "unsupported_parameter",
                "input[0].content[0].file_id: nothing is stored here: expected image_url",
            ),
            (
                r#"{"role":"user","content":[{"type":"input_file","file_url":"f"}]}"#,
                "unsupported_parameter",
                "input[0].content[0].file_url: a chat has no files by address: expected file_data",
            ),
            (
                r#"{"type":"function_call","call_id":"1","name":"f","arguments":{}}"#,
                "invalid_type",
                "input[0].arguments: expected a string",
            ),
            (
                r#"{"type":"function_call_output","output":"x"}"#,
                "invalid_type",
                "input[0].call_id: expected a string",
            ),
            (
                r#"{"type":"function_call_output","call_id":"1","output":{}}"#,
                "invalid_type",
                "input[0].output: expected a string or an array of parts",
            ),
        ] {
            assert_eq!(one(item), Err((code.to_owned(), message.to_owned())), "{item}");
        }
        let error = messages(None, "{}").unwrap_err();
        assert_eq!(error.message, "input: expected a string or an array of items");
    }
}
