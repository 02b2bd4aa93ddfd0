//! Images of a request.

use serde_json::value::RawValue;

use crate::{CallError, error::expected, json};

/// An image, by address or by value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Image {
    Url(String),
    Data { mime: String, base64: String },
}

impl Image {
    /// An `https:` address or a `data:` address in base64.
    pub(super) fn parse(position: &str, url: &str) -> Result<Self, CallError> {
        if let Some(data) = url.strip_prefix("data:") {
            return match data.split_once(";base64,") {
                Some((mime, base64)) if !mime.is_empty() => {
                    Ok(Self::Data { mime: mime.to_owned(), base64: base64.to_owned() })
                }
                _ => Err(expected(position, "data:MIME;base64,…")),
            };
        }
        if url.starts_with("https://") {
            return Ok(Self::Url(url.to_owned()));
        }
        Err(expected(position, "an https: or data: URL"))
    }

    /// The address, as it was given.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Url(url) => url.clone(),
            Self::Data { mime, base64 } => format!("data:{mime};base64,{base64}"),
        }
    }
}

/// Reads `request.images`.
pub(super) fn images(value: &RawValue) -> Result<Vec<Image>, CallError> {
    let list = json::items(value).ok_or_else(|| expected("request.images", "an array"))?;
    let image = |(index, value): (usize, &&RawValue)| {
        let position = format!("request.images[{index}]");
        let url = json::string(value).ok_or_else(|| expected(&position, "a string"))?;
        Image::parse(&position, &url)
    };
    list.iter().enumerate().map(image).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_images() {
        let error = |text| images(json::value(text).unwrap()).unwrap_err().message;
        assert_eq!(error("{}"), "request.images: expected an array");
        assert_eq!(error("[1]"), "request.images[0]: expected a string");
        let message = "request.images[0]: expected data:MIME;base64,…";
        assert_eq!(error(r#"["data:image/png,abc"]"#), message);
        let message = "request.images[0]: expected an https: or data: URL";
        assert_eq!(error(r#"["http://a/b.png"]"#), message);
    }
}
