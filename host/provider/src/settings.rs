//! What the configuration of the router says of a provider.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ErrorKind, auth::Auth};

/// The configuration of a provider is not one that calls can be made with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SetupError(pub(super) String);

/// One of `providers`.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) api_kind: String,
    pub(super) auth: Auth,
    pub(super) base_url: Option<String>,
    /// Its addresses are those of sellers, and come with the offers.
    pub(super) marketplace: bool,
    /// Kinds of failures by what the response says, in lower case.
    pub(super) error_map: BTreeMap<String, ErrorKind>,
}

impl Settings {
    /// Reads `providers`, by id.
    pub(super) fn read_all(config: &Value) -> Result<BTreeMap<String, Self>, SetupError> {
        let providers = match config.get("providers") {
            Some(Value::Object(providers)) => providers,
            Some(_) => return Err(SetupError("providers: expected an object".to_owned())),
            None => return Ok(BTreeMap::new()),
        };
        let read = |(id, provider): (&String, _)| {
            Self::read(&format!("providers.{id}"), provider).map(|settings| (id.clone(), settings))
        };
        providers.iter().map(read).collect()
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
        Ok(Self {
            api_kind: text("api_kind")?
                .ok_or_else(|| SetupError(format!("{position}.api_kind: expected a string")))?,
            auth: Auth::read(provider.get("auth"), text("auth_env")?),
            base_url: text("base_url")?,
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
             rate_limit, server_error, stream_interrupted, timeout, unknown"
        );
    }
}
