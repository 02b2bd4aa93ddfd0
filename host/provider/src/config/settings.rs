//! One of `providers`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{address, auth::Auth, variable};
use crate::ErrorKind;

/// The configuration of a provider is not one that calls can be made with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SetupError(pub(crate) String);

/// One of `providers`.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) api_kind: String,
    pub(crate) auth: Auth,
    pub(crate) base_url: Option<String>,
    /// Its addresses are those of sellers, and come with the offers.
    pub(crate) marketplace: bool,
    /// Kinds of failures by what the response says, in lower case.
    pub(crate) error_map: BTreeMap<String, ErrorKind>,
}

impl Settings {
    /// Reads `providers`, by id.
    pub(crate) fn read_all(config: &Value) -> Result<BTreeMap<String, Self>, SetupError> {
        let providers = match config.get("providers") {
            Some(Value::Object(providers)) => providers,
            Some(_) => return Err(SetupError("providers: expected an object".to_owned())),
            None => return Ok(BTreeMap::new()),
        };
        let read = |(id, provider): (&String, _)| {
            Self::read_one(id, provider).map(|settings| (id.clone(), settings))
        };
        providers.iter().map(read).collect()
    }

    /// Reads the provider of an id.
    pub(crate) fn read_one(id: &str, provider: &Value) -> Result<Self, SetupError> {
        Self::read(&format!("providers.{id}"), provider)
    }

    fn read(position: &str, provider: &Value) -> Result<Self, SetupError> {
        let text = |key: &str| match provider.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(SetupError(format!("{position}.{key}: expected a string"))),
        };
        if !provider.is_object() {
            return Err(SetupError(format!("{position}: expected an object")));
        }
        let api_kind = text("api_kind")?
            .ok_or_else(|| SetupError(format!("{position}.api_kind: expected a string")))?;
        let base_url = text("base_url")?;
        if let Some(base_url) = &base_url {
            address::parse(base_url)
                .map_err(|what| SetupError(format!("{position}.base_url: expected {what}")))?;
        }
        let env = text("auth_env")?;
        let own = provider.pointer("/auth/auth_env").and_then(Value::as_str);
        for (key, name) in [("auth_env", env.as_deref()), ("auth.auth_env", own)] {
            if name.is_some_and(|name| !variable::is_name(name)) {
                // what stands there may be the key itself
                let what = "expected the name of a variable of the environment";
                return Err(SetupError(format!("{position}.{key}: {what}")));
            }
        }
        Ok(Self {
            auth: Auth::read(provider.get("auth"), env),
            api_kind,
            base_url,
            marketplace: text("discovery")?.as_deref() == Some("marketplace"),
            error_map: error_map(position, provider.get("error_map"))?,
        })
    }
}

fn error_map(
    position: &str,
    map: Option<&Value>,
) -> Result<BTreeMap<String, ErrorKind>, SetupError> {
    let members = match map {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Object(members)) => members,
        Some(_) => return Err(SetupError(format!("{position}.error_map: expected an object"))),
    };
    let entry = |(substring, kind): (&String, &Value)| {
        let known = ErrorKind::ALL.into_iter().find(|known| *kind == known.name());
        let known = known.ok_or_else(|| {
            let names = ErrorKind::ALL.map(ErrorKind::name).join(", ");
            SetupError(format!("{position}.error_map.{substring}: expected one of {names}"))
        })?;
        Ok((substring.to_lowercase(), known))
    };
    members.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(provider: Value) -> String {
        Settings::read_all(&json!({"providers": {"p": provider}})).unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_with_a_provider() {
        assert_eq!(refusal(json!(1)), "providers.p: expected an object");
        assert_eq!(refusal(json!({})), "providers.p.api_kind: expected a string");
        assert_eq!(
            refusal(json!({"api_kind": "google", "base_url": 1})),
            "providers.p.base_url: expected a string"
        );
        assert_eq!(
            refusal(json!({"api_kind": "google", "error_map": {"busy": "overload"}})),
            "providers.p.error_map.busy: expected one of auth_error, bad_request, bad_response, \
             content_filter, context_overflow, model_unavailable, network_error, payment_required, \
             rate_limit, server_error, stream_interrupted, timeout, unknown, unsupported"
        );
    }

    #[test]
    fn what_is_wrong_with_an_address() {
        for (base_url, what) in [
            ("127.0.0.1:8080/v1", "an address that begins with http:// or https://"),
            ("https://u:secret@a", "no user and password; credentials are in auth_env or auth"),
        ] {
            let provider = json!({"api_kind": "google", "base_url": base_url});
            assert_eq!(refusal(provider), format!("providers.p.base_url: expected {what}"));
        }
    }

    #[test]
    fn a_key_in_place_of_its_variable() {
        let message =
            |key| format!("providers.p.{key}: expected the name of a variable of the environment");
        let provider = json!({"api_kind": "google", "auth_env": "sk-proj-1"});
        assert_eq!(refusal(provider), message("auth_env"));
        let provider =
            json!({"api_kind": "google", "auth": {"kind": "bearer", "auth_env": "AIzaSy1"}});
        assert_eq!(refusal(provider), message("auth.auth_env"));
    }
}
