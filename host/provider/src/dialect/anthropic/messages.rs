//! Messages: the system apart, results of tools in turns of the user.

use super::NAME;
use crate::{
    CallError,
    dialect::Turns,
    error::expected,
    json::{self, Writer, quote},
    request::{Content, Image, Message, Part, Role},
};

/// The system's text, or its blocks where one has a hint for the cache; and the turns.
pub(super) fn turns(messages: &[Message<'_>]) -> Result<(Option<String>, String), CallError> {
    let mut system: Vec<&Message<'_>> = Vec::new();
    let mut turns = Turns::default();
    for message in messages {
        match &message.role {
            Role::System => {
                message.without_images(NAME)?;
                system.push(message);
            }
            Role::User => turns.push("user", blocks(message)),
            Role::Assistant => {
                let thinking = message.thinking_blocks.iter().map(|block| block.get().to_owned());
                let mut parts: Vec<_> = thinking.chain(blocks(message)).collect();
                for call in &message.calls {
                    let id = call.id.as_deref();
                    let place = || format!("{}.tool_calls: id", message.position);
                    let id = id.ok_or_else(|| expected(&place(), "a string"))?;
                    let block = Writer::default().with("type", quote("tool_use"));
                    let block = block.with("id", quote(&legal(id))).with("name", quote(&call.name));
                    parts.push(block.with("input", call.object(NAME)?).to_string());
                }
                turns.push("assistant", parts);
            }
            Role::Tool { id, .. } => {
                let place = || format!("{}.tool_call_id", message.position);
                let id = id.as_deref().ok_or_else(|| expected(&place(), "a string"))?;
                let block = Writer::default().with("type", quote("tool_result"));
                let block = block.with("tool_use_id", quote(&legal(id)));
                let block = block.with("content", json::array(blocks(message)));
                turns.push("user", vec![block.to_string()]);
            }
        }
    }
    Ok((system_text(&system), turns.text("content")))
}

fn system_text(system: &[&Message<'_>]) -> Option<String> {
    let hinted = system.iter().flat_map(|message| &message.parts);
    if hinted.clone().any(|part| part.cache_control.is_some()) {
        let blocks = system.iter().flat_map(|message| blocks(message));
        return Some(json::array(blocks));
    }
    let texts: Vec<_> = system.iter().map(|message| message.text()).collect();
    (!texts.is_empty()).then(|| quote(&texts.join("\n\n")))
}

/// The dialect refuses text of nothing but white space.
fn blocks(message: &Message<'_>) -> Vec<String> {
    let block = |part: &Part<'_>| {
        let block = match &part.content {
            Content::Text(text) if text.trim().is_empty() => return None,
            Content::Text(text) => {
                Writer::default().with("type", quote("text")).with("text", quote(text))
            }
            Content::Image(image) => {
                let block = Writer::default().with("type", quote("image"));
                match image {
                    Image::Url(url) => {
                        block.with("source.type", quote("url")).with("source.url", quote(url))
                    }
                    Image::Data { mime, base64 } => block
                        .with("source.type", quote("base64"))
                        .with("source.media_type", quote(mime))
                        .with("source.data", quote(base64)),
                }
            }
        };
        let mut block = block;
        block.set_some("cache_control", part.cache_control.map(serde_json::value::RawValue::get));
        Some(block.to_string())
    };
    message.parts.iter().filter_map(block).collect()
}

/// Ids of other providers' calls have characters that the dialect refuses in its own. Each becomes
/// its number, so that ids that differ still do: a result names the call that it is of.
pub(super) fn legal(id: &str) -> String {
    let mut legal = String::with_capacity(id.len());
    for character in id.chars() {
        if character.is_ascii_alphanumeric() || "_-".contains(character) {
            legal.push(character);
        } else {
            legal.push_str(&format!("_x{:x}", u32::from(character)));
        }
    }
    legal
}

#[cfg(test)]
mod tests {
    use super::legal;

    #[test]
    fn ids_that_differ_still_do() {
        for (id, expected) in [
            ("call_1-A", "call_1-A"),
            ("a:b", "a_x3ab"),
            ("a/b", "a_x2fb"),
            ("é", "_xe9"),
            ("", ""),
        ] {
            assert_eq!(legal(id), expected);
        }
    }
}
