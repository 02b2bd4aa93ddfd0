//! Images of a request.

use serde_json::value::RawValue;

use crate::{
    CallError,
    error::{expected, unsupported},
    json,
};

/// An image, by address or by value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Image {
    Url(String),
    Data { mime: String, base64: String },
}

impl Image {
    /// An `https:` address or a `data:` address in base64. Another provider may take others.
    pub(super) fn parse(position: &str, url: &str) -> Result<Self, CallError> {
        let other = |what: &str| Err(unsupported(format!("{position}: expected {what}")));
        if let Some(data) = after_scheme(url, "data:") {
            let is_base64 = |word: &str| word.trim().eq_ignore_ascii_case("base64");
            let parts = data.split_once(',').and_then(|(head, base64)| {
                let (head, word) = head.rsplit_once(';')?;
                // parameters of the type, such as a charset, mean nothing of an image
                let mime = head.split(';').next().unwrap_or_default().trim();
                (is_base64(word) && !mime.is_empty()).then_some((mime, base64))
            });
            let Some((mime, base64)) = parts else { return other("data:MIME;base64,…") };
            return Ok(Self::Data { mime: mime.to_owned(), base64: base64.to_owned() });
        }
        match after_scheme(url, "https://") {
            Some(_) => Ok(Self::Url(url.to_owned())),
            None => other("an https: or data: URL"),
        }
    }

    /// The address, as it was given.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Url(url) => url.clone(),
            Self::Data { mime, base64 } => format!("data:{mime};base64,{base64}"),
        }
    }
}

/// What is after the scheme of an address, whose case means nothing.
fn after_scheme<'u>(url: &'u str, scheme: &str) -> Option<&'u str> {
    let (start, rest) = url.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
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
        let error = |text: &str| images(json::value(text).unwrap()).unwrap_err().to_string();
        assert_eq!(error("{}"), "bad_request: request.images: expected an array");
        assert_eq!(error("[1]"), "bad_request: request.images[0]: expected a string");
        let message = "unsupported: request.images[0]: expected data:MIME;base64,…";
        for data in
            ["image/png,abc", "image/png;base64", ";base64,abc", ",abc", "", "image/png;utf8,abc"]
        {
            let list = format!(r#"["data:{data}"]"#);
            assert_eq!(error(&list), message);
        }
        let message = "unsupported: request.images[0]: expected an https: or data: URL";
        for other in ["http://a/b.png", "", "file:///etc/passwd", "é", "/9j/4AAQ"] {
            let list = format!(r#"["{other}"]"#);
            assert_eq!(error(&list), message);
        }
    }

    #[test]
    fn data_as_clients_write_it() {
        let image = |url: &str| Image::parse("", url).unwrap();
        let data = Image::Data { mime: "image/png".to_owned(), base64: "AA,;A=".to_owned() };
        for url in [
            "data:image/png;base64,AA,;A=",
            "DATA:image/png;BASE64,AA,;A=",
            "Data:image/png;charset=utf-8;base64,AA,;A=",
            "data:image/png; name=\"a.png\"; base64,AA,;A=",
        ] {
            assert_eq!(image(url), data, "{url}");
        }
        assert_eq!(image("HTTPS://a/b.png"), Image::Url("HTTPS://a/b.png".to_owned()));
    }
}
