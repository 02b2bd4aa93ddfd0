//! What a consumer may ask for.

use std::fmt;

use crate::route::{FAMILY, PIN, PROFILE, Route};

/// The longest route, in bytes.
const ROUTE_BYTES: usize = 256;

/// The most routes of a consumer.
const ROUTES: usize = 100;

/// Of a caller's own policy or flow.
pub(crate) const POLICY: &str = "policy";

/// One way to ask: `profile:NAME`, `family:NAME`, `pin:PROVIDER/FAMILY`, or `policy` for a policy of the
/// caller's own. A `*` at the end of a name stands for any rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedRoute(String);

impl AllowedRoute {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// `expected profile:NAME, family:NAME, pin:PROVIDER/FAMILY or policy`
    pub fn new(text: &str) -> Result<Self, String> {
        let name = [PROFILE, FAMILY, PIN].into_iter().find_map(|start| text.strip_prefix(start));
        let plain = |name: &str| {
            let name = name.strip_suffix('*').unwrap_or(name);
            !name.contains('*') && !name.contains(char::is_control)
        };
        let known = name.is_some_and(|name| !name.is_empty() && plain(name)) || text == POLICY;
        match known && text.len() <= ROUTE_BYTES {
            true => Ok(Self(text.to_owned())),
            false => Err(format!(
                "expected {PROFILE}NAME, {FAMILY}NAME, {PIN}PROVIDER/FAMILY or {POLICY}, of at most \
                 {ROUTE_BYTES} bytes"
            )),
        }
    }

    /// As it was read.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn has(&self, asked: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => asked.starts_with(start),
            None => asked == self.0,
        }
    }
}

impl fmt::Display for AllowedRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a consumer may ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Allowed {
    /// Whatever there is.
    #[default]
    All,
    /// These, and nothing else.
    Only(Vec<AllowedRoute>),
}

impl Allowed {
    /// These alone. None at all is no list: a consumer that may do nothing is inactive, and one that is
    /// meant to do everything should not be so by an oversight.
    ///
    /// # Errors
    ///
    /// `expected 1 to 100 routes`
    pub fn only(routes: Vec<AllowedRoute>) -> Result<Self, String> {
        match (1..=ROUTES).contains(&routes.len()) {
            true => Ok(Self::Only(routes)),
            false => Err(format!("expected 1 to {ROUTES} routes")),
        }
    }

    /// Whether `id`, as `model` says it, is among them.
    pub(crate) fn has(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(routes) => routes.iter().any(|route| route.has(id)),
        }
    }

    /// Whether a request is. One that brings a policy asks for no profile: its policy decides, whatever
    /// `model` says.
    pub(crate) fn has_route(&self, route: &Route<'_>, has_policy: bool) -> bool {
        if has_policy {
            return self.has(POLICY);
        }
        match route {
            Route::Profile(name) => self.has(&format!("{PROFILE}{}", name.unwrap_or("default"))),
            Route::Family(name) => self.has(&format!("{FAMILY}{name}")),
            Route::Pin { provider, model } => self.has(&format!("{PIN}{provider}/{model}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_that_are_none() {
        for text in ["", "profile:", "model:x", "policy:auto", "family:a*b", "pin:a\n", "*"] {
            let error = AllowedRoute::new(text).unwrap_err();
            let expected = "expected profile:NAME, family:NAME, pin:PROVIDER/FAMILY or policy, of at most \
                            256 bytes";
            assert_eq!(error, expected, "{text}");
        }
        assert!(AllowedRoute::new(&format!("family:{}", "x".repeat(249))).is_ok());
        assert!(AllowedRoute::new(&format!("family:{}", "x".repeat(250))).is_err());
        assert_eq!(Allowed::only(Vec::new()).unwrap_err(), "expected 1 to 100 routes");
    }

    #[test]
    fn what_a_route_allows() {
        let only = |text: &str| Allowed::only(vec![AllowedRoute::new(text).unwrap()]).unwrap();
        let pin = Route::Pin { provider: "a", model: "m" };
        for (allowed, route, has_policy, expected) in [
            (Allowed::All, Route::Family("x"), true, true),
            (only("profile:default"), Route::Profile(None), false, true),
            (only("profile:default"), Route::Profile(Some("default")), false, true),
            (only("profile:default"), Route::Profile(Some("default2")), false, false),
            (only("profile:p"), Route::Profile(None), false, false),
            (only("profile:p"), Route::Family("p"), false, false),
            (only("profile:*"), Route::Profile(None), false, true),
            (only("family:meta/*"), Route::Family("meta/llama"), false, true),
            (only("family:meta/*"), Route::Family("other"), false, false),
            (only("pin:a/m"), Route::Pin { provider: "a", model: "m" }, false, true),
            (only("pin:a/*"), Route::Pin { provider: "a", model: "n" }, false, true),
            (only("pin:a/*"), Route::Pin { provider: "ab", model: "n" }, false, false),
            (only("policy"), Route::Profile(None), false, false),
            (only("policy"), Route::Profile(None), true, true),
            // a policy chooses whom it likes
            (only("profile:default"), Route::Profile(None), true, false),
            (only("family:x"), Route::Family("x"), true, false),
            (only("pin:a/m"), pin, true, false),
        ] {
            assert_eq!(allowed.has_route(&route, has_policy), expected, "{allowed:?} {route:?}");
        }
    }
}
