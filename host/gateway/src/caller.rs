//! Who calls, and what they may ask for.

use std::{sync::Arc, time::SystemTime};

use axum::http::StatusCode;
use serde::Deserialize;
use sigmapol_core::json::Members;

use crate::{
    error::{AUTH, ApiError},
    route::Route,
    store::{Consumer, Found, POLICY, Status},
};

/// Who calls. It is in the extensions of each request that a key was asked for, and of its response.
///
/// What a consumer may spend, and how often it may call, will be members of [`Consumer`]; they are looked
/// at where a `Caller` is.
#[derive(Clone, Debug)]
pub struct Caller {
    /// `None` where no key is asked for.
    consumer: Option<Arc<Consumer>>,
    /// The first digits of the digest of the key.
    prefix: Box<str>,
}

/// As requirements have it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Pin {
    provider: String,
    model: String,
}

impl Caller {
    /// Whoever it is, where no key is asked for.
    pub(crate) fn anyone() -> Self {
        Self { consumer: None, prefix: "".into() }
    }

    /// The holder of a key, if it is taken now.
    pub(crate) fn of(found: Found, now: SystemTime) -> Result<Self, ApiError> {
        let Found { consumer, key } = found;
        let refused =
            |code, message| Err(ApiError::new(StatusCode::FORBIDDEN, AUTH, code, message));
        if consumer.status == Status::Inactive {
            return refused("caller_inactive", "the consumer of this key is inactive");
        }
        if key.revoked.is_some() {
            return refused("caller_key_revoked", "this key was taken back");
        }
        if key.is_expired(now) {
            return refused("caller_key_expired", "this key has expired");
        }
        Ok(Self { consumer: Some(consumer), prefix: key.digest.prefix().into() })
    }

    /// The name of the consumer; empty where no key is asked for.
    #[must_use]
    pub fn name(&self) -> &str {
        self.consumer.as_ref().map_or("", |consumer| &consumer.name)
    }

    /// The first 12 digits of the SHA-256 of the key; empty where no key is asked for.
    #[must_use]
    pub fn key_prefix(&self) -> &str {
        &self.prefix
    }

    /// The consumer; `None` where no key is asked for.
    #[must_use]
    pub fn consumer(&self) -> Option<&Consumer> {
        self.consumer.as_deref()
    }

    /// Whether it may say this in `model`.
    pub(crate) fn may_name(&self, id: &str) -> bool {
        self.consumer.as_ref().is_none_or(|consumer| consumer.allowed.has(id))
    }

    /// Whether it may bring a policy of its own.
    pub(crate) fn may_bring_policy(&self) -> bool {
        self.may_name(POLICY)
    }

    /// What requirements ask for by name is asked for as by `model`: a family, or one model.
    pub(crate) fn check_requirements(&self, requirements: &Members<'_>) -> Result<(), ApiError> {
        let named = |key: &str| requirements.get(key).filter(|text| *text != "null");
        let of = |param: &str, error: ApiError| ApiError { param: Some(param.to_owned()), ..error };
        if let Some(family) = named("model_family") {
            // what is no text the engine refuses
            let family: String = serde_json::from_str(family).unwrap_or_default();
            let checked = self.check(&Route::Family(&family), false);
            checked.map_err(|error| of("requirements.model_family", error))?;
        }
        if let Some(pin) = named("pin") {
            let pin: Pin = serde_json::from_str(pin).unwrap_or_default();
            let route = Route::Pin { provider: &pin.provider, model: &pin.model };
            let checked = self.check(&route, false);
            checked.map_err(|error| of("requirements.pin", error))?;
        }
        Ok(())
    }

    /// Refuses a route that is not among those of the consumer. It is asked before anybody looks whether
    /// there is such a route: a caller learns nothing of what is not for it.
    pub(crate) fn check(&self, route: &Route<'_>, has_policy: bool) -> Result<(), ApiError> {
        let Some(consumer) = &self.consumer else { return Ok(()) };
        if consumer.allowed.has_route(route, has_policy) {
            return Ok(());
        }
        let (param, message) = match has_policy {
            true => ("policy_ir", "this key is not for policies of the caller's own"),
            false => {
                ("model", "this key is not for this route: GET /v1/models lists those it is for")
            }
        };
        let code = "caller_route_not_allowed";
        let refused = ApiError::new(StatusCode::FORBIDDEN, AUTH, code, message);
        Err(ApiError { param: Some(param.to_owned()), ..refused })
    }
}
