//! Where a call goes, and whether the credential goes with it.

use reqwest::Url;

use crate::{
    CallError,
    error::{bad, expected},
};

/// The address of a call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Address {
    /// Without a slash at the end, and without the query.
    pub(crate) base_url: String,
    /// Goes with every call, such as Azure's `api-version`.
    query: Option<String>,
    /// The credential may be sent there.
    pub(crate) trusted: bool,
}

impl Address {
    /// The whole address of a call.
    pub(crate) fn url(&self, path: &str, query: Option<&str>) -> String {
        let queries: Vec<_> = self.query.as_deref().into_iter().chain(query).collect();
        let mark = if queries.is_empty() { "" } else { "?" };
        format!("{}{path}{mark}{}", self.base_url, queries.join("&"))
    }
}

/// The address of a request to a provider.
///
/// A static provider is where the configuration says, and a request has to agree. In a
/// marketplace the request says where the seller is; the credential is for the configured origin
/// alone, or any seller, and any policy that writes `base_url`, could collect it.
pub(crate) fn address(
    id: &str,
    own: Option<&str>,
    marketplace: bool,
    asked: Option<&str>,
) -> Result<Address, CallError> {
    let (position, text) = match (own, asked) {
        (Some(own), None) => (format!("providers.{id}.base_url"), own),
        (_, Some(asked)) if marketplace => ("request.base_url".to_owned(), asked),
        (Some(own), Some(asked)) if own == asked => (format!("providers.{id}.base_url"), own),
        (Some(_), Some(_)) => {
            return Err(bad(format!("request.base_url: expected the configured address of {id}")));
        }
        (None, _) if marketplace => {
            return Err(bad(format!("request.base_url: expected the address of a seller of {id}")));
        }
        (None, _) => return Err(expected(&format!("providers.{id}.base_url"), "an address")),
    };
    let url = parse(text).map_err(|what| expected(&position, what))?;
    let same = |own: Url| own.origin() == url.origin();
    let (base, query) = match text.trim().split_once('?') {
        Some((base, query)) => (base, Some(query)),
        None => (text.trim(), None),
    };
    Ok(Address {
        base_url: base.trim_end_matches('/').to_owned(),
        query: query.filter(|query| !query.is_empty()).map(str::to_owned),
        trusted: own.is_some_and(|own| parse(own).is_ok_and(same)),
    })
}

/// The address, or what was expected. The text itself may hold a password, and is not repeated.
pub(super) fn parse(text: &str) -> Result<Url, &'static str> {
    let url = text.trim();
    let lower = url.to_ascii_lowercase();
    if !lower.starts_with("http://") && !lower.starts_with("https://") {
        return Err("an address that begins with http:// or https://");
    }
    let url = Url::parse(url).map_err(|_| "http:// or https://, a host and perhaps a path")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("no user and password; credentials are in auth_env or auth");
    }
    if url.fragment().is_some() {
        return Err("an address without a fragment");
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(own: &str, marketplace: bool, asked: Option<&str>) -> Result<(String, bool), String> {
        address("p", Some(own), marketplace, asked)
            .map(|address| (address.url("/x", Some("q=1")), address.trusted))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_static_provider_is_where_the_configuration_says() {
        let told = |asked| told("https://a/v1/", false, asked);
        let own = Ok(("https://a/v1/x?q=1".to_owned(), true));
        assert_eq!(told(None), own);
        assert_eq!(told(Some("https://a/v1/")), own);
        let error = "bad_request: request.base_url: expected the configured address of p";
        assert_eq!(told(Some("https://b/v1/")), Err(error.to_owned()));
    }

    #[test]
    fn a_query_goes_with_every_call() {
        for (base, whole) in [
            ("https://a/v1/?api-version=1", "https://a/v1/x?api-version=1&q=1"),
            ("https://a?", "https://a/x?q=1"),
            (" HTTPS://[::1]:8/v1 ", "HTTPS://[::1]:8/v1/x?q=1"),
        ] {
            assert_eq!(told(base, false, None), Ok((whole.to_owned(), true)));
        }
    }

    #[test]
    fn a_marketplace_is_where_the_seller_is() {
        let told = |asked| told("https://a/v1", true, asked);
        assert_eq!(told(None), Ok(("https://a/v1/x?q=1".to_owned(), true)));
        assert_eq!(told(Some("https://a/v2")), Ok(("https://a/v2/x?q=1".to_owned(), true)));
        for elsewhere in ["http://a/v1", "https://a:444/v1", "https://a.b/v1"] {
            assert_eq!(told(Some(elsewhere)), Ok((format!("{elsewhere}/x?q=1"), false)));
        }
        for (wrong, what) in [
            ("a", "an address that begins with http:// or https://"),
            ("file:///etc", "an address that begins with http:// or https://"),
            ("https://", "http:// or https://, a host and perhaps a path"),
            ("https://u:p@a/v1", "no user and password; credentials are in auth_env or auth"),
            ("https://a#b", "an address without a fragment"),
        ] {
            let error = format!("bad_request: request.base_url: expected {what}");
            assert_eq!(told(Some(wrong)), Err(error), "{wrong}");
        }
    }
}
