//! A piece of a request, and where it is.

use serde_json::value::RawValue;
use sigmapol_core::json::Members;

use crate::error::ApiError;

/// Characters that an error shows of a word of the client.
const SHOWN_CHARS: usize = 64;

/// An object of the body, its values being their own texts.
pub(super) struct Part<'t> {
    /// Such as `input[3].content[0]`.
    pub(super) place: String,
    members: Members<'t>,
}

impl<'t> Part<'t> {
    pub(super) fn read(place: String, text: &'t str) -> Result<Self, ApiError> {
        match serde_json::from_str(text) {
            Ok(members) => Ok(Self { place, members }),
            Err(_) => Err(expected(&place, "an object")),
        }
    }

    /// The elements of an array, each of which has to be an object.
    pub(super) fn all(place: &str, text: &'t str) -> Result<Vec<Self>, ApiError> {
        let items = items(place, text)?.into_iter().enumerate();
        items.map(|(index, item)| Self::read(format!("{place}[{index}]"), item.get())).collect()
    }

    /// A member that is not `null`.
    pub(super) fn get(&self, name: &str) -> Option<&'t str> {
        self.members.get(name).filter(|text| *text != "null")
    }

    /// A member that is a string, decoded.
    pub(super) fn word(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?).ok()
    }

    /// The text of a member that has to be a string.
    pub(super) fn string(&self, name: &str) -> Result<&'t str, ApiError> {
        let text = self.get(name).filter(|text| text.starts_with('"'));
        text.ok_or_else(|| expected(&self.at(name), "a string"))
    }

    /// A member that has to be a string, decoded.
    pub(super) fn needed(&self, name: &str) -> Result<String, ApiError> {
        self.word(name).ok_or_else(|| expected(&self.at(name), "a string"))
    }

    /// Where a member is.
    pub(super) fn at(&self, name: &str) -> String {
        format!("{}.{name}", self.place)
    }

    /// A type that is not one of these.
    pub(super) fn of_another_type(&self, expected: &str) -> ApiError {
        match self.word("type") {
            Some(kind) => {
                let kind: String = kind.chars().take(SHOWN_CHARS).collect();
                unsupported(&self.at("type"), &format!("expected {expected}, got {kind}"))
            }
            None => self::expected(&self.at("type"), "a string"),
        }
    }
}

/// The elements of an array.
pub(super) fn items<'t>(place: &str, text: &'t str) -> Result<Vec<&'t RawValue>, ApiError> {
    serde_json::from_str(text).map_err(|_| expected(place, "an array"))
}

/// What is of another sort than it has to be.
pub(super) fn expected(place: &str, what: &str) -> ApiError {
    ApiError::of_param("invalid_type", place, &format!("expected {what}"))
}

/// What this gateway cannot do, and must not leave out.
pub(super) fn unsupported(place: &str, message: &str) -> ApiError {
    ApiError::of_param("unsupported_parameter", place, message)
}
