//! A request for a response as a chat request.

use sigmapol_core::json::{Members, Object, quote};

use super::{
    echo::Echo,
    input::messages,
    part::{Part, expected, items, unsupported},
    tools::{Names, Tools},
};
use crate::{error::ApiError, ingress::Sort};

/// Members that are read here, and their sorts; those that go on have them in a chat, too.
pub(super) const SORTS: [(&str, Sort); 12] = [
    ("background", Sort::Boolean),
    ("include", Sort::Array),
    ("instructions", Sort::String),
    ("max_output_tokens", Sort::Number),
    ("metadata", Sort::Object),
    ("previous_response_id", Sort::String),
    ("reasoning", Sort::Object),
    ("store", Sort::Boolean),
    ("text", Sort::Object),
    ("tools", Sort::Array),
    ("top_logprobs", Sort::Number),
    ("truncation", Sort::String),
];

/// Members of a chat request that mean something else here, or that the translation makes.
const OF_CHATS: [&str; 17] = [
    "functions",
    "function_call",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "n",
    "prediction",
    "reasoning_effort",
    "response_format",
    "store",
    "stream_options",
    "thinking",
    "verbosity",
    "web_search_options",
];

/// Members that ask for what is the case anyhow.
const SO_ANYHOW: [(&str, &str); 5] = [
    ("background", "false"),
    ("include", "[]"),
    ("metadata", "{}"),
    ("store", "false"),
    ("truncation", r#""disabled""#),
];

/// What a response would be looked up by.
const STORED: [&str; 2] = ["conversation", "prompt"];

const LOGPROBS: &str = "message.output_text.logprobs";

/// A request in the shape of a chat's.
#[derive(Debug)]
pub(super) struct Translated {
    /// The body of a chat request.
    pub(super) chat: String,
    /// What is left out: members, and tools by their places.
    pub(super) ignored: Vec<String>,
    /// How calls of functions are named.
    pub(super) names: Names,
    /// What an answer repeats of the request.
    pub(super) echo: Echo,
}

/// Makes a chat request of the members of a body, each where it was.
pub(super) fn translate(members: &Members<'_>) -> Result<Translated, ApiError> {
    let given = |name: &str| members.get(name).filter(|text| *text != "null");
    refuse(members)?;
    if given("input").is_none() {
        return Err(nothing_said());
    }
    let tools = Tools::read(given("tools"))?;
    let mut chat = Object::new();
    let mut ignored = tools.ignored.clone();
    for (name, value) in &members.0 {
        let (name, text) = (name.as_str(), value.get());
        match name {
            _ if text == "null" || SO_ANYHOW.contains(&(name, text)) => {}
            "instructions" | "metadata" => {}
            "input" => {
                let messages = messages(given("instructions"), text)?;
                if messages == "[]" {
                    return Err(nothing_said());
                }
                chat = chat.with("messages", &messages);
            }
            "include" => {
                let (logprobs, others) = include(text)?;
                chat = chat.with_some("logprobs", logprobs.then_some("true"));
                ignored.extend(others);
            }
            "max_output_tokens" => chat = chat.with("max_tokens", text),
            "parallel_tool_calls" => {
                chat = chat.with_some(name, tools.text().map(|_| text));
            }
            "reasoning" => {
                let reasoning = Part::read(name.to_owned(), text)?;
                chat = chat.with_some("reasoning_effort", reasoning.get("effort"));
            }
            "text" => {
                let text = Part::read(name.to_owned(), text)?;
                let format = text.get("format").map(|format| response_format(&text, format));
                chat = chat.with_some("response_format", format.transpose()?.flatten().as_deref());
                chat = chat.with_some("verbosity", text.get("verbosity"));
            }
            "tools" => chat = chat.with_some(name, tools.text().as_deref()),
            "tool_choice" => chat = chat.with_some(name, tools.choice(text)?.as_deref()),
            _ if OF_CHATS.contains(&name) => ignored.push(name.to_owned()),
            _ => chat = chat.with(name, text),
        }
    }
    let echo = Echo::of(members);
    Ok(Translated { chat: chat.finish(), ignored, names: tools.into_names(), echo })
}

fn nothing_said() -> ApiError {
    let what = "expected a string, or an array of at least one item";
    ApiError::of_param("missing_parameter", "input", what)
}

/// Refuses what would be another question without: what refers to a response of before, and what is
/// answered later.
fn refuse(members: &Members<'_>) -> Result<(), ApiError> {
    let given = |name: &str| members.get(name).filter(|text| *text != "null");
    if given("previous_response_id").is_some() {
        let message = "nothing is stored here: expected the whole conversation in input";
        let (code, param) = ("previous_response_not_found", "previous_response_id");
        return Err(ApiError::of_param(code, param, message));
    }
    if let Some(name) = STORED.into_iter().find(|name| given(name).is_some()) {
        let message = "nothing is stored here: expected all that is said in input";
        return Err(unsupported(name, message));
    }
    if given("background") == Some("true") {
        let message = "nothing is stored here: expected false, and the response as the answer";
        return Err(unsupported("background", message));
    }
    Ok(())
}

/// Whether probabilities of tokens are asked for, and where other things are, which are not there.
fn include(list: &str) -> Result<(bool, Vec<String>), ApiError> {
    let mut logprobs = false;
    let mut ignored = Vec::new();
    for (index, item) in items("include", list)?.into_iter().enumerate() {
        match serde_json::from_str::<String>(item.get()) {
            Ok(word) if word == LOGPROBS => logprobs = true,
            Ok(word) => ignored.push(format!("include[{index}]:{word}")),
            Err(_) => return Err(expected(&format!("include[{index}]"), "a string")),
        }
    }
    Ok((logprobs, ignored))
}

/// `response_format` of a chat; none is a text.
fn response_format(text: &Part<'_>, format: &str) -> Result<Option<String>, ApiError> {
    let format = Part::read(text.at("format"), format)?;
    let of_type = |kind: &str| Object::new().with("type", &quote(kind));
    match format.word("type").as_deref() {
        Some("text") => Ok(None),
        Some("json_object") => Ok(Some(of_type("json_object").finish())),
        Some("json_schema") => {
            let keys = ["name", "description", "schema", "strict"].into_iter();
            let schema = keys.fold(Object::new(), |own, key| own.with_some(key, format.get(key)));
            Ok(Some(of_type("json_schema").with("json_schema", &schema.finish()).finish()))
        }
        _ => Err(format.of_another_type("text, json_object or json_schema")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Translated, ApiError> {
        translate(&serde_json::from_str(body).unwrap())
    }

    #[test]
    fn members() {
        let translated = read(
            r#"{"model":"m","stream":true,"input":"hi","instructions":"i","temperature":1.10,
            "tools":[{"type":"function","name":"f"},{"type":"web_search"}],"tool_choice":"auto",
            "parallel_tool_calls":true,"reasoning":{"effort":"low","summary":"auto"},"store":false,
            "include":["reasoning.encrypted_content","message.output_text.logprobs"],
            "text":{"format":{"type":"json_schema","strict":true,"schema":{"b":1,"a":2},"name":"n"},"verbosity":"low"},
            "max_output_tokens":7,"metadata":{"k":"v"},"truncation":"auto","user":null,
            "client_metadata":{"x":"y"},"policy_ir":[],"messages":[]}"#,
        )
        .unwrap();
        assert_eq!(
            translated.chat,
            concat!(
                r#"{"model":"m","stream":true,"messages":[{"role":"system","content":"i"},"#,
                r#"{"role":"user","content":"hi"}],"temperature":1.10,"#,
                r#""tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"auto","#,
                r#""parallel_tool_calls":true,"reasoning_effort":"low","logprobs":true,"#,
                r#""response_format":{"type":"json_schema","json_schema":{"name":"n","#,
                r#""schema":{"b":1,"a":2},"strict":true}},"verbosity":"low","max_tokens":7,"#,
                r#""truncation":"auto","client_metadata":{"x":"y"},"policy_ir":[]}"#
            )
        );
        // what no chat request knows, the reader of chat requests leaves out
        let ignored = ["tools[1]:web_search", "include[0]:reasoning.encrypted_content", "messages"];
        assert_eq!(translated.ignored, ignored);
    }

    /// A chat without tools has nothing to choose from.
    #[test]
    fn members_that_say_nothing() {
        let body = r#"{"input":"","tools":[],"tool_choice":"auto","parallel_tool_calls":false,
            "include":[],"metadata":{},"background":false,"truncation":"disabled","reasoning":{},
            "text":{"format":{"type":"text"}}}"#;
        let translated = read(body).unwrap();
        assert_eq!(translated.chat, r#"{"messages":[{"role":"user","content":""}]}"#);
        assert!(translated.ignored.is_empty());
        let json = read(r#"{"input":"","text":{"format":{"type":"json_object"}}}"#).unwrap();
        assert!(json.chat.ends_with(r#","response_format":{"type":"json_object"}}"#));
    }

    #[test]
    fn what_is_refused() {
        for (member, code, message) in [
            (
                r#""previous_response_id":"resp_1""#,
                "previous_response_not_found",
                "previous_response_id: nothing is stored here: expected the whole conversation in \
                 input",
            ),
            (
                r#""conversation":"conv_1""#,
                "unsupported_parameter",
                "conversation: nothing is stored here: expected all that is said in input",
            ),
            (
                r#""background":true"#,
                "unsupported_parameter",
                "background: nothing is stored here: expected false, and the response as the \
                 answer",
            ),
            (r#""include":[1]"#, "invalid_type", "include[0]: expected a string"),
            (
                r#""text":{"format":{"type":"grammar"}}"#,
                "unsupported_parameter",
                "text.format.type: expected text, json_object or json_schema, got grammar",
            ),
            (r#""text":{"format":1}"#, "invalid_type", "text.format: expected an object"),
        ] {
            let error = read(&format!(r#"{{"input":"hi",{member}}}"#)).unwrap_err();
            assert_eq!((error.code.as_str(), error.message.as_str()), (code, message));
        }
        for body in ["{}", r#"{"input":[]}"#, r#"{"input":[{"type":"reasoning","summary":[]}]}"#] {
            let error = read(body).unwrap_err();
            let message = "input: expected a string, or an array of at least one item";
            let expected = ("missing_parameter", message);
            assert_eq!((error.code.as_str(), error.message.as_str()), expected);
        }
    }
}
