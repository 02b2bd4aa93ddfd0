//! What sorts the members of a body have to be of.

use sigmapol_core::json::Members;

use crate::error::ApiError;

/// What a member has to be, if it is there and not `null`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sort {
    Array,
    Boolean,
    Number,
    Object,
    String,
}

impl Sort {
    const fn name(self) -> &'static str {
        match self {
            Self::Array => "an array",
            Self::Boolean => "true or false",
            Self::Number => "a number",
            Self::Object => "an object",
            Self::String => "a string",
        }
    }

    /// By the first byte of the text, which is JSON.
    fn is_of(self, text: &str) -> bool {
        match text.as_bytes().first() {
            Some(b'[') => matches!(self, Self::Array),
            Some(b't' | b'f') => matches!(self, Self::Boolean),
            Some(b'{') => matches!(self, Self::Object),
            Some(b'"') => matches!(self, Self::String),
            Some(b'-' | b'0'..=b'9') => matches!(self, Self::Number),
            _ => false,
        }
    }

    /// Refuses a member of another sort than the list says.
    pub(crate) fn check(list: &[(&str, Self)], members: &Members<'_>) -> Result<(), ApiError> {
        for (name, sort) in list {
            let given = members.get(name).filter(|text| *text != "null");
            if given.is_some_and(|text| !sort.is_of(text)) {
                let expected = format!("expected {}", sort.name());
                return Err(ApiError::of_param("invalid_type", name, &expected));
            }
        }
        Ok(())
    }
}
