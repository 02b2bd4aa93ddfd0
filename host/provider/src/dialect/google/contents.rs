//! Messages: the system apart, results of tools in turns of the user.

use super::NAME;
use crate::{
    CallError,
    dialect::Turns,
    error::{expected, unsupported},
    json::{self, Object, Writer, quote},
    request::{Content, Image, Message, Part, Role, ToolCall},
};

/// What stands for the signature of a call that another model made: Gemini 3 refuses a call
/// without one. <https://ai.google.dev/gemini-api/docs/thought-signatures#faqs>
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// The number of a Gemini model's generation, if its name says it.
pub(super) fn generation(model: &str) -> Option<u32> {
    let (_, rest) = model.split_once("gemini-")?;
    let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..digits)?.parse().ok()
}

/// The parts of the system, and the turns of user and model.
pub(super) fn contents(
    messages: &[Message<'_>],
    model: &str,
) -> Result<(Option<String>, String), CallError> {
    let signs = generation(model).is_some_and(|generation| generation >= 3);
    let mut system = Vec::new();
    let mut turns = Turns::default();
    for message in messages {
        let parts = message.parts.iter().filter_map(part);
        match &message.role {
            Role::System => {
                message.without_images(NAME)?;
                system.extend(parts);
            }
            Role::User => turns.push("user", parts.collect()),
            Role::Assistant => {
                let mut parts: Vec<_> = parts.collect();
                let signed = message.calls.iter().any(|call| call.thought_signature.is_some());
                for (index, call) in message.calls.iter().enumerate() {
                    // of calls at one time the first has the signature
                    let missing = signs && !signed && index == 0;
                    parts.push(function_call(call, missing.then_some(NO_SIGNATURE))?);
                }
                turns.push("model", parts);
            }
            Role::Tool { id, name } => {
                let id = id.as_deref();
                turns.push("user", vec![function_response(message, id, name.as_deref())?]);
            }
        }
    }
    Ok(((!system.is_empty()).then(|| json::array(system)), turns.text("parts")))
}

fn part(part: &Part<'_>) -> Option<String> {
    match &part.content {
        Content::Text(text) if text.is_empty() => None,
        Content::Text(text) => Some(Writer::default().with("text", quote(text)).to_string()),
        Content::Image(Image::Url(url)) => {
            Some(Writer::default().with("fileData.fileUri", quote(url)).to_string())
        }
        Content::Image(Image::Data { mime, base64 }) => Some(inline(mime, base64)),
    }
}

fn inline(mime: &str, base64: &str) -> String {
    let data = Writer::default().with("inlineData.mimeType", quote(mime));
    data.with("inlineData.data", quote(base64)).to_string()
}

fn function_call(call: &ToolCall, missing: Option<&str>) -> Result<String, CallError> {
    let mut text = Writer::default();
    text.set_some("functionCall.id", call.id.as_deref().map(quote));
    text.set("functionCall.name", quote(&call.name));
    text.set("functionCall.args", call.object(NAME)?);
    let signature = call.thought_signature.as_deref().or(missing);
    text.set_some("thoughtSignature", signature.map(quote));
    Ok(text.to_string())
}

/// The dialect wants an object for the result. Images go beside it, by value:
/// <https://ai.google.dev/gemini-api/docs/function-calling#multimodal>.
fn function_response(
    message: &Message<'_>,
    id: Option<&str>,
    name: Option<&str>,
) -> Result<String, CallError> {
    let position = &message.position;
    let name = name.ok_or_else(|| {
        expected(&format!("{position}.tool_call_id"), "the id of an earlier call")
    })?;
    let mut images = Vec::new();
    for image in message.images() {
        match image {
            Image::Data { mime, base64 } => images.push(inline(mime, base64)),
            Image::Url(_) => {
                let message = format!(
                    "{position}.content: {NAME} has no images by address in results of tools"
                );
                return Err(unsupported(message));
            }
        }
    }
    let text = message.text();
    let is_object = json::value(&text).is_ok_and(|value| Object::of(value).is_some());
    let response =
        if is_object { text } else { Writer::default().with("result", quote(&text)).to_string() };
    let mut part = Writer::default();
    part.set_some("functionResponse.id", id.map(quote));
    part.set("functionResponse.name", quote(name));
    part.set("functionResponse.response", response);
    if !images.is_empty() {
        part.set("functionResponse.parts", json::array(images));
    }
    Ok(part.to_string())
}
