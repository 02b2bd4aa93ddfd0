//! The conversation, as messages of an OpenAI chat request.

use sigmapol_core::json::{Object, quote};

use super::{
    blocks::{Block, Part, blocks},
    notes::Notes,
    text::{array, given, inner, joined, list, object, word, wrong},
};
use crate::error::ApiError;

/// Between the texts of one message.
pub(super) const BETWEEN: &str = "\n\n";

/// How a line begins that an agent says to its provider's accounts, and not to the model. It differs
/// with each version and session, and no cache of prompts would find what follows it.
const BILLING: &str = "x-anthropic-billing-header:";

/// The array of messages: the system first, then each turn. What only Anthropic's models can be told is
/// noted.
pub(super) fn messages(
    system: Option<&str>,
    turns: &str,
    notes: &mut Notes,
) -> Result<String, ApiError> {
    let mut out = Vec::new();
    out.extend(system.map(|content| of_system("system", content)).transpose()?.flatten());
    let turns = array(turns).ok_or_else(|| wrong("messages", "an array"))?;
    for (index, turn) in turns.into_iter().enumerate() {
        let position = format!("messages[{index}]");
        let turn = object(turn.get()).ok_or_else(|| wrong(&position, "an object"))?;
        let content = given(&turn, "content");
        let position_of_content = format!("{position}.content");
        let content = content.ok_or_else(|| wrong(&position_of_content, "a string or an array"))?;
        match word(&turn, "role").as_deref() {
            Some("user") => of_user(&position_of_content, content, notes, &mut out)?,
            Some("assistant") => out.extend(of_assistant(&position_of_content, content, notes)?),
            // agents put later instructions where they came
            Some("system") => out.extend(of_system(&position_of_content, content)?),
            _ => {
                let roles = "user, assistant or system";
                return Err(wrong(&format!("{position}.role"), roles));
            }
        }
    }
    Ok(list(&out))
}

/// Nothing where there is nothing to say.
fn of_system(position: &str, content: &str) -> Result<Option<String>, ApiError> {
    let blocks = blocks(position, content)?;
    let mut texts = Vec::new();
    for block in &blocks {
        match block {
            Block::Text(text) if text.starts_with(BILLING) => {}
            Block::Text(text) => texts.push(*text),
            Block::Other { position, .. } => {
                return Err(wrong(&format!("{position}.type"), "text"));
            }
        }
    }
    Ok((!texts.is_empty()).then(|| message("system", &joined(texts, BETWEEN))))
}

fn message(role: &str, content: &str) -> String {
    Object::new().with("role", &quote(role)).with("content", content).finish()
}

/// Results of tools are messages of their own, before what else the user says: they follow the calls.
/// Images of results, for which tools have no place, are among the user's.
fn of_user(
    position: &str,
    content: &str,
    notes: &mut Notes,
    out: &mut Vec<String>,
) -> Result<(), ApiError> {
    let mut shown = Vec::new();
    let mut said = Vec::new();
    for block in blocks(position, content)? {
        match &block {
            Block::Other { position, kind, members, .. } if kind == "tool_result" => {
                let id = given(members, "tool_use_id").filter(|id| inner(id).is_some());
                let id = id.ok_or_else(|| wrong(&format!("{position}.tool_use_id"), "a string"))?;
                let within = format!("{position}.content");
                let content = given(members, "content").unwrap_or("[]");
                let (mut texts, mut images) = (Vec::new(), Vec::new());
                for block in blocks(&within, content)? {
                    match block.part_of_result(notes)? {
                        Some(Part::Text(text)) => texts.push(text),
                        Some(image) => images.push(image),
                        None => {}
                    }
                }
                out.push(result(id, given(members, "is_error") == Some("true"), &texts));
                if !images.is_empty() {
                    let of = inner(id).unwrap_or_default();
                    shown.push(Part::Text(format!("Given back by the call {of}:")));
                    shown.append(&mut images);
                }
            }
            _ => said.extend(block.part(notes)?),
        }
    }
    shown.append(&mut said);
    match shown.as_slice() {
        [] => {}
        [Part::Text(text)] => out.push(message("user", &format!("\"{text}\""))),
        parts => {
            let parts: Vec<_> = parts.iter().map(Part::json).collect();
            out.push(message("user", &list(&parts)));
        }
    }
    Ok(())
}

/// A result that is an error says so in its text: other APIs have no member for that.
fn result(id: &str, is_error: bool, texts: &[String]) -> String {
    let mark = if is_error { "Error: " } else { "" };
    let texts = joined(texts.iter().map(String::as_str), BETWEEN);
    let content = format!("\"{mark}{}", texts.get(1..).unwrap_or_default());
    Object::new()
        .with("role", "\"tool\"")
        .with("tool_call_id", id)
        .with("content", &content)
        .finish()
}

/// Thinking stays with the models that signed it. Nothing where nothing is left.
fn of_assistant(
    position: &str,
    content: &str,
    notes: &mut Notes,
) -> Result<Option<String>, ApiError> {
    let mut texts = Vec::new();
    let mut calls = Vec::new();
    for block in blocks(position, content)? {
        match block {
            Block::Text(text) => texts.push(text),
            Block::Other { position, kind, members, .. } => match kind.as_str() {
                "thinking" | "redacted_thinking" => {}
                "tool_use" => {
                    let text = |name: &str| {
                        let text = given(&members, name).filter(|text| inner(text).is_some());
                        text.ok_or_else(|| wrong(&format!("{position}.{name}"), "a string"))
                    };
                    let input = given(&members, "input").unwrap_or("{}");
                    if !input.starts_with('{') {
                        return Err(wrong(&format!("{position}.input"), "an object"));
                    }
                    let function = Object::new().with("name", text("name")?);
                    let function = function.with("arguments", &quote(input)).finish();
                    let call = Object::new().with("id", text("id")?).with("type", "\"function\"");
                    calls.push(call.with("function", &function).finish());
                }
                // what Anthropic's own tools did; what came of it is in the text
                kind => notes.ignore(&format!("content.{kind}")),
            },
        }
    }
    if texts.is_empty() && calls.is_empty() {
        return Ok(None);
    }
    let content = (!texts.is_empty()).then(|| joined(texts, ""));
    let message = Object::new().with("role", "\"assistant\"");
    let message = message.with("content", content.as_deref().unwrap_or("null"));
    let calls = (!calls.is_empty()).then(|| list(&calls));
    Ok(Some(message.with_some("tool_calls", calls.as_deref()).finish()))
}
