//! Blocks of content, and the parts of an OpenAI message that say the same.

use sigmapol_core::json::{Members, Object, quote};

use super::{
    notes::Notes,
    text::{array, given, inner, object, string, word, wrong},
};
use crate::error::ApiError;

/// A block of content.
#[derive(Debug)]
pub(super) enum Block<'t> {
    /// A text, as it stands between its quotes.
    Text(&'t str),
    Other {
        position: String,
        kind: String,
        members: Members<'t>,
        text: &'t str,
    },
}

/// A part of an OpenAI message.
#[derive(Debug)]
pub(super) enum Part {
    /// As it stands between its quotes.
    Text(String),
    /// An image or a file, JSON.
    Other(String),
}

impl Part {
    pub(super) fn json(&self) -> String {
        match self {
            Self::Text(text) => format!(r#"{{"type":"text","text":"{text}"}}"#),
            Self::Other(part) => part.clone(),
        }
    }
}

/// The blocks of a content, which may be one string.
pub(super) fn blocks<'t>(position: &str, content: &'t str) -> Result<Vec<Block<'t>>, ApiError> {
    if let Some(text) = inner(content) {
        return Ok(vec![Block::Text(text)]);
    }
    let list = array(content).ok_or_else(|| wrong(position, "a string or an array"))?;
    let block = |(index, value): (usize, &'t serde_json::value::RawValue)| {
        let (text, position) = (value.get(), format!("{position}[{index}]"));
        let members = object(text).ok_or_else(|| wrong(&position, "an object"))?;
        let kind = word(&members, "type");
        let kind = kind.ok_or_else(|| wrong(&format!("{position}.type"), "a string"))?;
        match kind.as_str() {
            "text" => string(&members, &position, "text").map(Block::Text),
            _ => Ok(Block::Other { position, kind, members, text }),
        }
    };
    list.into_iter().enumerate().map(block).collect()
}

impl Block<'_> {
    /// What a user says with it. What only Anthropic's models can be told is noted.
    pub(super) fn part(&self, notes: &mut Notes) -> Result<Option<Part>, ApiError> {
        let (position, kind, members, text) = match self {
            Self::Text(text) => return Ok(Some(Part::Text((*text).to_owned()))),
            Self::Other { position, kind, members, text } => (position, kind, members, text),
        };
        let part = match kind.as_str() {
            "image" => image(position, members)?,
            "document" => document(position, members)?,
            // models read JSON
            "search_result" => Some(Part::Text(quoted(text))),
            _ => None,
        };
        if part.is_none() {
            notes.only(position, kind);
        }
        Ok(part)
    }

    /// What a tool gives back with it, which is data: a block that is not known is told as it stands.
    pub(super) fn part_of_result(&self, notes: &mut Notes) -> Result<Option<Part>, ApiError> {
        match self {
            Self::Other { kind, text, .. } if !["image", "document"].contains(&kind.as_str()) => {
                Ok(Some(Part::Text(quoted(text))))
            }
            _ => self.part(notes),
        }
    }
}

/// A text that is not JSON yet, as it stands between its quotes.
fn quoted(text: &str) -> String {
    inner(&quote(text)).unwrap_or_default().to_owned()
}

/// Where the bytes of an image or a document are, and their type. `None`: in a store of the provider.
enum Source<'t> {
    Data { mime: &'t str, data: &'t str },
    Url(&'t str),
    Stored,
}

fn source<'t>(
    position: &str,
    members: &Members<'t>,
) -> Result<(Source<'t>, Members<'t>), ApiError> {
    let position = format!("{position}.source");
    let source = given(members, "source").and_then(object);
    let source = source.ok_or_else(|| wrong(&position, "an object"))?;
    let found = match word(&source, "type").as_deref() {
        Some("base64") => Source::Data {
            mime: string(&source, &position, "media_type")?,
            data: string(&source, &position, "data")?,
        },
        Some("url") => Source::Url(string(&source, &position, "url")?),
        Some(_) => Source::Stored,
        None => return Err(wrong(&format!("{position}.type"), "a string")),
    };
    Ok((found, source))
}

fn image(position: &str, members: &Members<'_>) -> Result<Option<Part>, ApiError> {
    let url = match source(position, members)?.0 {
        Source::Data { mime, data } => format!("data:{mime};base64,{data}"),
        Source::Url(url) => url.to_owned(),
        Source::Stored => return Ok(None),
    };
    Ok(Some(Part::Other(format!(r#"{{"type":"image_url","image_url":{{"url":"{url}"}}}}"#))))
}

/// A text is one, and what is in base64 is a file, which some servers take.
fn document(position: &str, members: &Members<'_>) -> Result<Option<Part>, ApiError> {
    let (found, source) = source(position, members)?;
    let title = given(members, "title").filter(|title| inner(title).is_some());
    Ok(match found {
        Source::Data { mime, data } => {
            let file = Object::new()
                .with("filename", title.unwrap_or(r#""document.pdf""#))
                .with("file_data", &format!("\"data:{mime};base64,{data}\""));
            let part = Object::new().with("type", "\"file\"").with("file", &file.finish());
            Some(Part::Other(part.finish()))
        }
        Source::Stored if word(&source, "type").as_deref() == Some("text") => {
            let text = string(&source, &format!("{position}.source"), "data")?;
            Some(Part::Text(text.to_owned()))
        }
        Source::Stored | Source::Url(_) => None,
    })
}
