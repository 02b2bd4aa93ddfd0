//! Who decides: what a client says in `model`, and what that asks of the router.

use serde_json::json;
use sigmapol_core::json::{Members, Object, quote};

use crate::{error::ApiError, state::Names};

pub(crate) const PROFILE: &str = "profile:";
pub(crate) const FAMILY: &str = "family:";
pub(crate) const PIN: &str = "pin:";
const POLICY: &str = "policy:";

/// What `model` says. A name of none of these forms says nothing: clients have to send one.
#[derive(Debug, PartialEq)]
pub(crate) enum Route<'a> {
    /// The profile of this name, or `default`.
    Profile(Option<&'a str>),
    /// `default`, over the models of a family.
    Family(&'a str),
    /// `default`, over one model of one provider.
    Pin { provider: &'a str, model: &'a str },
}

impl<'a> Route<'a> {
    /// A profile of the path goes before the model. `own`: the member in which the request brings
    /// policies of its own.
    pub(crate) fn of(
        path: Option<&'a str>,
        model: &'a str,
        own: Option<&str>,
    ) -> Result<Self, ApiError> {
        if let Some(profile) = path {
            let message = "expected none at a path that names a profile";
            return match own {
                Some(member) => Err(ApiError::of_param("policy_in_profile_path", member, message)),
                None => Ok(Self::Profile(Some(profile))),
            };
        }
        if let Some(profile) = model.strip_prefix(PROFILE) {
            return Ok(Self::Profile(Some(profile).filter(|name| !name.is_empty())));
        }
        if let Some(family) = model.strip_prefix(FAMILY) {
            return Ok(Self::Family(family));
        }
        if let Some(pin) = model.strip_prefix(PIN) {
            let expected = "expected pin:PROVIDER/MODEL";
            let parts = pin.split_once('/');
            let (provider, model) =
                parts.ok_or_else(|| ApiError::of_param("invalid_pin", "model", expected))?;
            return Ok(Self::Pin { provider, model });
        }
        if model.starts_with(POLICY) && own.is_none() {
            let message = "a policy is a term: expected it in policy_ir";
            return Err(ApiError::of_param("policy_in_model_field", "model", message));
        }
        Ok(Self::Profile(None))
    }

    /// A profile that is there.
    pub(crate) fn check(&self, names: &Names) -> Result<(), ApiError> {
        match self {
            Self::Profile(Some(name)) if !names.profiles.contains(*name) => {
                Err(unknown_profile(name))
            }
            _ => Ok(()),
        }
    }

    /// What of a contract it decides: the profile, and the requirements, which the client may have
    /// said others of.
    pub(crate) fn put(&self, contract: Object, requirements: Option<&Members<'_>>) -> Object {
        let (key, value) = match self {
            Self::Profile(name) => {
                let own = requirements.map(|own| Object::new().with_all(own).finish());
                let contract = contract.with_some("requirements", own.as_deref());
                return contract.with_some("profile", name.map(quote).as_deref());
            }
            Self::Family(family) => ("model_family", quote(family)),
            Self::Pin { provider, model } => {
                ("pin", json!({"provider": provider, "model": model}).to_string())
            }
        };
        let own = requirements.into_iter().flat_map(|own| &own.0).filter(|(name, _)| name != key);
        let own = own.fold(Object::new(), |object, (name, text)| object.with(name, text.get()));
        contract.with("requirements", &own.with(key, &value).finish())
    }
}

/// A profile that is not in the configuration.
pub(crate) fn unknown_profile(name: &str) -> ApiError {
    let shown: String = name.chars().take(64).collect();
    let message = format!("there is no profile '{shown}': GET /v1/models lists them");
    ApiError { param: Some("model".to_owned()), ..ApiError::invalid("unknown_profile", message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_says() {
        for (model, route) in [
            ("", Route::Profile(None)),
            ("gpt-5.5", Route::Profile(None)),
            ("profile:", Route::Profile(None)),
            ("profile:private", Route::Profile(Some("private"))),
            ("family:meta/llama", Route::Family("meta/llama")),
            ("pin:a/meta/llama", Route::Pin { provider: "a", model: "meta/llama" }),
        ] {
            assert_eq!(Route::of(None, model, None).unwrap(), route, "{model}");
        }
        assert_eq!(Route::of(Some("p"), "pin:a/b", None).unwrap(), Route::Profile(Some("p")));
        assert_eq!(
            Route::of(None, "policy:auto", Some("policy_ir")).unwrap(),
            Route::Profile(None)
        );
        for (path, model, policy, code, message) in [
            (
                None,
                "policy:auto",
                None,
                "policy_in_model_field",
                "model: a policy is a term: expected it in policy_ir",
            ),
            (None, "pin:alpha", None, "invalid_pin", "model: expected pin:PROVIDER/MODEL"),
            (
                Some("p"),
                "",
                Some("flow_ir"),
                "policy_in_profile_path",
                "flow_ir: expected none at a path that names a profile",
            ),
        ] {
            let error = Route::of(path, model, policy).unwrap_err();
            assert_eq!((error.code.as_str(), error.message.as_str()), (code, message));
        }
    }

    #[test]
    fn requirements_of_the_client_stay() {
        let own: Members<'_> = serde_json::from_str(r#"{"tier":"x","pin":1,"n":1.10}"#).unwrap();
        let pin = Route::Pin { provider: "a", model: "b" };
        assert_eq!(
            pin.put(Object::new(), Some(&own)).finish(),
            r#"{"requirements":{"tier":"x","n":1.10,"pin":{"model":"b","provider":"a"}}}"#
        );
        let profile = Route::Profile(Some("p"));
        assert_eq!(
            profile.put(Object::new(), Some(&own)).finish(),
            r#"{"requirements":{"tier":"x","pin":1,"n":1.10},"profile":"p"}"#
        );
        assert_eq!(Route::Profile(None).put(Object::new(), None).finish(), "{}");
    }
}
