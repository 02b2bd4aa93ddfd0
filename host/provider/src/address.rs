//! Where a call goes, and whether the credential goes with it.

use reqwest::Url;

use super::{
    CallError,
    request::{bad, expected},
    settings::Settings,
};

/// The address of a call.
#[derive(Debug, PartialEq)]
pub(super) struct Address {
    /// Without a slash at the end.
    pub(super) base_url: String,
    /// The credential may be sent there.
    pub(super) trusted: bool,
}

/// The address of a request to a provider.
///
/// A static provider is where the configuration says, and a request has to agree. In a
/// marketplace the request says where the seller is; the credential is for the configured origin
/// alone, or any seller, and any policy that writes `base_url`, could collect it.
pub(super) fn address(
    id: &str,
    settings: &Settings,
    asked: Option<&str>,
) -> Result<Address, CallError> {
    let own = settings.base_url.as_deref();
    let (position, text) = match (own, asked) {
        (Some(own), None) => (format!("providers.{id}.base_url"), own),
        (_, Some(asked)) if settings.marketplace => ("request.base_url".to_owned(), asked),
        (Some(own), Some(asked)) if own == asked => (format!("providers.{id}.base_url"), own),
        (Some(_), Some(_)) => {
            return Err(bad(format!("request.base_url: expected the configured address of {id}")));
        }
        (None, _) if settings.marketplace => {
            return Err(bad(format!("request.base_url: expected the address of a seller of {id}")));
        }
        (None, _) => return Err(expected(&format!("providers.{id}.base_url"), "an address")),
    };
    let url = parse(text)
        .ok_or_else(|| expected(&position, "http:// or https://, a host and perhaps a path"))?;
    let same = |own: Url| own.origin() == url.origin();
    Ok(Address {
        base_url: text.trim_end_matches('/').to_owned(),
        trusted: own.and_then(parse).is_some_and(same),
    })
}

fn parse(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    plain.then_some(url)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(provider: Value, asked: Option<&str>) -> Result<(String, bool), String> {
        let settings = Settings::read_all(&json!({"providers": {"p": provider}})).unwrap();
        address("p", &settings["p"], asked)
            .map(|address| (address.base_url, address.trusted))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_static_provider_is_where_the_configuration_says() {
        let provider =
            json!({"api_kind": "google", "discovery": "static", "base_url": "https://a/v1/"});
        let own = Ok(("https://a/v1".to_owned(), true));
        assert_eq!(told(provider.clone(), None), own);
        assert_eq!(told(provider.clone(), Some("https://a/v1/")), own);
        let error = "bad_request: request.base_url: expected the configured address of p";
        assert_eq!(told(provider, Some("https://b/v1/")), Err(error.to_owned()));
    }

    #[test]
    fn a_marketplace_is_where_the_seller_is() {
        let provider =
            json!({"api_kind": "google", "discovery": "marketplace", "base_url": "https://a/v1"});
        let told = |asked| told(provider.clone(), asked);
        assert_eq!(told(None), Ok(("https://a/v1".to_owned(), true)));
        assert_eq!(told(Some("https://a/v2")), Ok(("https://a/v2".to_owned(), true)));
        for elsewhere in ["http://a/v1", "https://a:444/v1", "https://a.b/v1"] {
            assert_eq!(told(Some(elsewhere)), Ok((elsewhere.to_owned(), false)));
        }
        for wrong in ["a", "file:///etc", "https://u:p@a/v1", "https://a/v1?x=", "https://a#"] {
            let error = "bad_request: request.base_url: \
                         expected http:// or https://, a host and perhaps a path";
            assert_eq!(told(Some(wrong)), Err(error.to_owned()), "{wrong}");
        }
    }
}
