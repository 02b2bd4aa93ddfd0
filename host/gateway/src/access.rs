//! What the gateway asks of those who call it: keys, an admin's token, and which pages may.

use std::{fmt, sync::Arc};

use axum::http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{AUTHORIZATION, HeaderName},
};
use tracing::error;

use crate::{
    caller::Caller,
    error::{AUTH, ApiError},
    store::{KeyDigest, Store},
    time::now,
};

/// Where clients of Anthropic's API put their key.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The longest key that is looked at, in bytes.
const KEY_BYTES: usize = 256;

/// The shortest token of an admin, in bytes: as hexadecimal digits it has 64 bits.
const TOKEN_BYTES: usize = 16;

/// The token of those who operate the gateway. Its `Debug` says nothing of it.
///
/// It is kept and compared as a digest: how long that takes tells nothing of the token.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminToken(KeyDigest);

impl AdminToken {
    /// A token of 16 to 256 visible characters.
    ///
    /// # Errors
    ///
    /// `expected 16 to 256 visible ASCII characters`
    pub fn new(token: &str) -> Result<Self, String> {
        let visible = token.bytes().all(|byte| byte.is_ascii_graphic());
        match visible && (TOKEN_BYTES..=KEY_BYTES).contains(&token.len()) {
            true => Ok(Self(KeyDigest::of(token))),
            false => Err(format!("expected {TOKEN_BYTES} to {KEY_BYTES} visible ASCII characters")),
        }
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminToken").finish_non_exhaustive()
    }
}

/// What the gateway asks of those who call it; by default nothing. A clone is the same.
#[derive(Clone, Debug, Default)]
pub struct Access {
    store: Option<Arc<dyn Store>>,
    admin: Option<AdminToken>,
    origins: Arc<[HeaderValue]>,
    of_this_machine: bool,
}

impl Access {
    /// With consumers: every request has to have a key of one.
    #[must_use]
    pub fn store(self, store: Arc<dyn Store>) -> Self {
        Self { store: Some(store), ..self }
    }

    /// With an admin.
    #[must_use]
    pub fn admin(self, token: AdminToken) -> Self {
        Self { admin: Some(token), ..self }
    }

    /// With pages of these origins, `scheme://host[:port]`, whose scripts may call with a key and read
    /// the answer. Without a store nothing is made of it.
    ///
    /// # Errors
    ///
    /// `expected scheme://host[:port]`
    pub fn allow_origins(self, origins: &[String]) -> Result<Self, String> {
        let origin = |text: &String| {
            let wrong = || format!("{text}: expected scheme://host[:port]");
            let (scheme, host) = text.split_once("://").ok_or_else(wrong)?;
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
            let scheme_ok = !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric());
            match scheme_ok && !host.is_empty() && host.bytes().all(plain) {
                true => HeaderValue::from_str(text).map_err(|_| wrong()),
                false => Err(wrong()),
            }
        };
        let origins = origins.iter().map(origin).collect::<Result<_, _>>()?;
        Ok(Self { origins, ..self })
    }

    pub(crate) fn has_keys(&self) -> bool {
        self.store.is_some()
    }

    pub(crate) fn has_admin(&self) -> bool {
        self.admin.is_some()
    }

    /// Whether it asks nobody for anything.
    pub(crate) fn is_open(&self) -> bool {
        !self.has_keys() && !self.has_admin()
    }

    /// Only this machine gets here.
    pub(crate) fn of_this_machine(self) -> Self {
        Self { of_this_machine: true, ..self }
    }

    /// Whether it asks nobody for anything, and only this machine gets here.
    pub(crate) fn is_of_this_machine(&self) -> bool {
        self.of_this_machine && self.is_open()
    }

    pub(crate) fn kept(&self) -> Option<&dyn Store> {
        self.store.as_deref()
    }

    /// The origin of a page that may call, if the request is of one.
    pub(crate) fn allowed_origin(&self, origin: &HeaderValue) -> bool {
        self.has_keys() && self.origins.contains(origin)
    }

    /// Whether a request is the admin's.
    pub(crate) fn is_admin(&self, headers: &HeaderMap) -> bool {
        match (&self.admin, presented(headers)) {
            (Some(AdminToken(digest)), Some(token)) => *digest == KeyDigest::of(token),
            _ => false,
        }
    }

    /// Who calls.
    pub(crate) async fn caller(&self, headers: &HeaderMap) -> Result<Caller, ApiError> {
        let Some(store) = &self.store else { return Ok(Caller::anyone()) };
        let key = presented(headers).ok_or_else(|| unauthenticated(headers))?;
        let found = store.find(&KeyDigest::of(key)).await.map_err(|error| {
            error!(%error, "keys cannot be looked up");
            let message = "keys cannot be looked up; the log of the gateway has the reason";
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, AUTH, "keys_unavailable", message)
        })?;
        Caller::of(found.ok_or_else(|| unauthenticated(headers))?, now())
    }
}

/// Nobody who is known. What was sent is not repeated.
pub(crate) fn unauthenticated(headers: &HeaderMap) -> ApiError {
    let sent = headers.contains_key(AUTHORIZATION) || headers.contains_key(X_API_KEY);
    let message = match sent {
        true => "the key is not known here",
        false => "expected a key, in Authorization: Bearer or in x-api-key",
    };
    ApiError::new(StatusCode::UNAUTHORIZED, AUTH, "caller_auth", message)
}

/// The key or token of a request. `Authorization` goes first, for it is what a client was given; a
/// header that is there twice, or of another scheme, is none.
fn presented(headers: &HeaderMap) -> Option<&str> {
    let once = |name: &HeaderName| {
        let mut values = headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(value)
    };
    let key = match headers.contains_key(AUTHORIZATION) {
        true => {
            let (scheme, key) = once(&AUTHORIZATION)?.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(key.trim_matches(' '))?
        }
        false => once(&X_API_KEY)?,
    };
    (1..=KEY_BYTES).contains(&key.len()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_key_is() {
        let long = "x".repeat(KEY_BYTES + 1);
        for (headers, key) in [
            (&[("authorization", "Bearer k")][..], Some("k")),
            (&[("authorization", "bearer   k ")], Some("k")),
            (&[("x-api-key", "k")], Some("k")),
            (&[("authorization", "Bearer k"), ("x-api-key", "other")], Some("k")),
            (&[("authorization", "Basic k"), ("x-api-key", "other")], None),
            (&[("authorization", "Bearer k"), ("authorization", "Bearer k")], None),
            (&[("x-api-key", "a"), ("x-api-key", "a")], None),
            (&[("authorization", "Bearer")], None),
            (&[("authorization", "Bearer ")], None),
            (&[("x-api-key", "")], None),
            (&[("x-api-key", &long)], None),
            (&[("x-llm-router-caller", "k"), ("x-forwarded-user", "k")], None),
            (&[], None),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(presented(&map), key, "{headers:?}");
        }
    }

    #[test]
    fn tokens_and_origins_that_are_none() {
        for token in
            ["", "fifteen bytes..", "sixteen bytes, é", "with a space in it", &"x".repeat(257)]
        {
            let error = AdminToken::new(token).unwrap_err();
            assert_eq!(error, "expected 16 to 256 visible ASCII characters", "{token}");
        }
        let token = AdminToken::new("0123456789abcdef").unwrap();
        assert_eq!(format!("{token:?}"), "AdminToken { .. }");
        for origin in ["", "*", "null", "example.com", "https://", "https://a/", "https://a b"] {
            let error = Access::default().allow_origins(&[origin.to_owned()]).unwrap_err();
            assert_eq!(error, format!("{origin}: expected scheme://host[:port]"));
        }
    }
}
