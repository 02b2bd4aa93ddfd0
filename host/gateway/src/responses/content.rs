//! The content of a message of a response as that of a chat.

use sigmapol_core::json::{Object, quote};

use super::part::{Part, expected, unsupported};
use crate::error::ApiError;

/// Types of parts of content that are read.
const PARTS: &str = "input_text, output_text, refusal, input_image, input_file or input_audio";

/// The content of a message: a text, or the parts of one. One part that is a text is a text: not
/// every server of the chat API reads parts.
pub(super) fn content(place: &str, content: &str) -> Result<String, ApiError> {
    if content.starts_with('"') {
        return Ok(content.to_owned());
    }
    if !content.starts_with('[') {
        return Err(expected(place, "a string or an array of parts"));
    }
    let parts = Part::all(place, content)?;
    if let [part] = parts.as_slice()
        && is_text(part)
    {
        return Ok(part.string("text")?.to_owned());
    }
    let parts = parts.iter().map(one_part).collect::<Result<Vec<_>, _>>()?;
    Ok(if parts.is_empty() { quote("") } else { format!("[{}]", parts.join(",")) })
}

fn is_text(part: &Part<'_>) -> bool {
    matches!(part.word("type").as_deref(), Some("input_text" | "output_text" | "text"))
}

fn one_part(part: &Part<'_>) -> Result<String, ApiError> {
    let of_type = |kind: &str| Object::new().with("type", &quote(kind));
    let text = match part.word("type").as_deref() {
        _ if is_text(part) => of_type("text").with("text", part.string("text")?),
        Some("refusal") => of_type("refusal").with("refusal", part.string("refusal")?),
        Some("input_image") => {
            if part.get("image_url").is_none() && part.get("file_id").is_some() {
                let message = "nothing is stored here: expected image_url";
                return Err(unsupported(&part.at("file_id"), message));
            }
            let image = Object::new().with("url", part.string("image_url")?);
            // a chat has no word for the size that an image came in
            let detail = match part.get("detail") {
                Some(r#""original""#) => Some(r#""high""#),
                detail => detail,
            };
            of_type("image_url").with("image_url", &image.with_some("detail", detail).finish())
        }
        Some("input_file") => {
            if part.get("file_url").is_some() {
                let message = "a chat has no files by address: expected file_data";
                return Err(unsupported(&part.at("file_url"), message));
            }
            let members = ["file_id", "filename", "file_data"].into_iter();
            let file =
                members.fold(Object::new(), |file, name| file.with_some(name, part.get(name)));
            of_type("file").with("file", &file.finish())
        }
        Some("input_audio") => {
            let audio = part.get("input_audio").unwrap_or_default();
            if !audio.starts_with('{') {
                return Err(expected(&part.at("input_audio"), "an object"));
            }
            of_type("input_audio").with("input_audio", audio)
        }
        _ => return Err(part.of_another_type(PARTS)),
    };
    Ok(text.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let user = |parts: &str| content("c", &format!("[{parts}]")).unwrap();
        let expected = |parts: &str| format!("[{parts}]");
        assert_eq!(
            user(
                r#"{"type":"input_text","text":"a"},
                {"type":"input_image","image_url":"data:x","detail":"original"},
                {"type":"input_image","image_url":"data:y","detail":"low"}"#
            ),
            expected(
                r#"{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:x","detail":"high"}},{"type":"image_url","image_url":{"url":"data:y","detail":"low"}}"#
            )
        );
        assert_eq!(
            user(
                r#"{"type":"input_file","filename":"f","file_data":"data:z"},
                {"type":"input_audio","input_audio":{"data":"","format":"wav"}}"#
            ),
            expected(
                r#"{"type":"file","file":{"filename":"f","file_data":"data:z"}},{"type":"input_audio","input_audio":{"data":"","format":"wav"}}"#
            )
        );
    }
}
