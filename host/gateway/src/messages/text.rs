//! JSON that is looked into as text: what a client wrote goes on as it was written.

use serde::Deserialize;
use serde_json::value::RawValue;
use sigmapol_core::json::Members;

use crate::error::ApiError;

/// The members of a value, if it is an object.
pub(super) fn object(text: &str) -> Option<Members<'_>> {
    text.starts_with('{').then(|| serde_json::from_str(text).ok())?
}

/// The elements of a value, if it is an array.
pub(super) fn array(text: &str) -> Option<Vec<&RawValue>> {
    text.starts_with('[').then(|| serde_json::from_str(text).ok())?
}

/// What is between the quotes of a value, if it is a string. It has its escapes still, so that a text
/// that no string of this program could hold goes on, too.
pub(super) fn inner(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

/// A string of such texts, with `between` among them, which has no character to escape but for line
/// ends.
pub(super) fn joined<'t>(texts: impl IntoIterator<Item = &'t str>, between: &str) -> String {
    let texts: Vec<_> = texts.into_iter().collect();
    format!("\"{}\"", texts.join(&between.replace('\n', "\\n")))
}

/// The text of an array.
pub(super) fn list(elements: &[String]) -> String {
    format!("[{}]", elements.join(","))
}

/// A member that is not `null`.
pub(super) fn given<'t>(members: &Members<'t>, name: &str) -> Option<&'t str> {
    members.get(name).filter(|text| *text != "null")
}

/// A member that is a short word, such as a type.
pub(super) fn word(members: &Members<'_>, name: &str) -> Option<String> {
    String::deserialize(&mut serde_json::Deserializer::from_str(given(members, name)?)).ok()
}

/// A member that has to be a string, as its text between quotes.
pub(super) fn string<'t>(
    members: &Members<'t>,
    position: &str,
    name: &str,
) -> Result<&'t str, ApiError> {
    let text = given(members, name).and_then(inner);
    text.ok_or_else(|| wrong(&format!("{position}.{name}"), "a string"))
}

/// What was expected at a position of the body.
pub(super) fn wrong(position: &str, what: &str) -> ApiError {
    ApiError::of_param("invalid_type", position, &format!("expected {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_joined_as_they_are_written() {
        let half = r#""\ud800\n""#;
        assert_eq!(joined([inner(half).unwrap(), "é"], "\n\n"), r#""\ud800\n\n\né""#);
        assert_eq!((inner("1"), inner("\"\"")), (None, Some("")));
    }
}
