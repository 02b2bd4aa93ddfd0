//! A piece of an answer that outlives its call.

use serde_json::Value;
use sigmapol_provider::Delta;

/// A [`Delta`] that outlives its call.
#[derive(Debug)]
pub(super) enum Piece {
    Text(String),
    Reasoning(String),
    Signature(String),
    Redacted(String),
    Call { index: usize, id: String, name: String },
    Extra { index: usize, content: Value },
    Arguments { index: usize, text: String },
}

impl Piece {
    /// `None` for one that says nothing, or what this gateway has no word for.
    pub(super) fn of(delta: Delta<'_>) -> Option<Self> {
        Some(match delta {
            _ if delta.is_empty() => return None,
            Delta::Text(text) => Self::Text(text.to_owned()),
            Delta::Reasoning(text) => Self::Reasoning(text.to_owned()),
            Delta::Signature(text) => Self::Signature(text.to_owned()),
            Delta::Redacted(text) => Self::Redacted(text.to_owned()),
            Delta::Call { index, id, name } => {
                Self::Call { index, id: id.to_owned(), name: name.to_owned() }
            }
            Delta::Extra { index, content } => Self::Extra { index, content: content.clone() },
            Delta::Arguments { index, text } => Self::Arguments { index, text: text.to_owned() },
            _ => return None,
        })
    }

    pub(super) fn delta(&self) -> Delta<'_> {
        match self {
            Self::Text(text) => Delta::Text(text),
            Self::Reasoning(text) => Delta::Reasoning(text),
            Self::Signature(text) => Delta::Signature(text),
            Self::Redacted(text) => Delta::Redacted(text),
            Self::Call { index, id, name } => Delta::Call { index: *index, id, name },
            Self::Extra { index, content } => Delta::Extra { index: *index, content },
            Self::Arguments { index, text } => Delta::Arguments { index: *index, text },
        }
    }

    /// Goes on with what comes next, where two are as good as one.
    pub(super) fn join(&mut self, next: Self) -> Result<(), Self> {
        match (self, next) {
            (Self::Text(own), Self::Text(next)) | (Self::Reasoning(own), Self::Reasoning(next)) => {
                own.push_str(&next);
            }
            (
                Self::Arguments { index: own_index, text: own },
                Self::Arguments { index, text: next },
            ) if *own_index == index => own.push_str(&next),
            (_, next) => return Err(next),
        }
        Ok(())
    }

    /// Bytes of what it says.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Text(text)
            | Self::Reasoning(text)
            | Self::Signature(text)
            | Self::Redacted(text)
            | Self::Arguments { text, .. } => text.len(),
            Self::Call { id, name, .. } => id.len() + name.len(),
            Self::Extra { content, .. } => content.to_string().len(),
        }
    }
}
