//! The admin's verbs for consumers and keys.

use std::time::Duration;

use axum::{
    Extension,
    extract::{Path, Request, rejection::PathRejection},
    http::StatusCode,
    response::Response,
};
use serde_json::{Value, json};

use crate::{
    access::Access,
    body,
    error::{ApiError, INVALID_REQUEST, ROUTER},
    members::{Known, Wrong},
    reply::json_response,
    store::{ApiKey, Edit, Key, Status, Store, StoreError, allowed_routes},
    time::{now, read_time, time_text},
};

/// The longest that keys are taken beside the one that replaced them, in seconds: a month.
pub const LONGEST_GRACE_S: u64 = 30 * 24 * 3600;

/// `GET /x/keys`: consumers, and of each key when it was made and how it is named.
pub(crate) async fn list(Extension(access): Extension<Access>) -> Result<Response, ApiError> {
    let consumers = store(&access)?.list().await.map_err(failed)?;
    let consumers: Vec<Value> = consumers.iter().map(|consumer| consumer.told()).collect();
    Ok(json_response(StatusCode::OK, &json!({"consumers": consumers})))
}

/// `POST /x/keys`: a key for a consumer, in place of its others with `rotate`. It is shown once.
pub(crate) async fn add(
    Extension(access): Extension<Access>,
    request: Request,
) -> Result<Response, ApiError> {
    let store = store(&access)?;
    let body = body::text(request).await?;
    let names = ["consumer", "rotate", "grace_period_s", "expires", "allowed_routes"];
    let asked = Known::read(&body, "$", &names).map_err(invalid)?;
    let consumer = asked.needed("consumer").map_err(invalid)?;
    let rotates = asked.flag("rotate").map_err(invalid)?;
    let grace = asked.count("grace_period_s", LONGEST_GRACE_S).map_err(invalid)?;
    let expires = asked.text("expires").map_err(invalid)?;
    let expires = expires.map(|text| read_time(&text)).transpose();
    let expires = expires.map_err(|what| invalid(asked.wrong("expires", what)))?;
    let allowed = allowed_routes(&asked).map_err(invalid)?;
    let of_the_other = match rotates {
        true => allowed.as_ref().map(|_| ("allowed_routes", "expected none with rotate")),
        false => grace.map(|_| ("grace_period_s", "expected none without rotate")),
    };
    if let Some((name, what)) = of_the_other {
        return Err(invalid(asked.wrong(name, what)));
    }
    let fresh = ApiKey::new().map_err(|error| {
        tracing::error!(error, "no key can be made");
        ApiError::internal()
    })?;
    let now = now();
    let key = Key::new(fresh.digest(), now, expires);
    let edit = match rotates {
        true => Edit::Rotate { key, until: now + Duration::from_secs(grace.unwrap_or_default()) },
        false => Edit::Add { key, allowed },
    };
    let consumer = store.edit(&consumer, edit).await.map_err(failed)?;
    let body = json!({"consumer": consumer.name, "api_key": fresh.reveal(),
        "sha256_prefix": fresh.digest().prefix(), "expires": expires.map(time_text)});
    Ok(json_response(StatusCode::OK, &body))
}

/// `POST /x/keys/revoke`
pub(crate) async fn revoke(
    Extension(access): Extension<Access>,
    request: Request,
) -> Result<Response, ApiError> {
    let store = store(&access)?;
    let body = body::text(request).await?;
    let asked = Known::read(&body, "$", &["consumer", "sha256_prefix", "keep"]).map_err(invalid)?;
    let consumer = asked.needed("consumer").map_err(invalid)?;
    let prefix = asked.needed("sha256_prefix").map_err(invalid)?;
    let keep = asked.flag("keep").map_err(invalid)?;
    let edit = Edit::Revoke { prefix, keep: keep.then(now) };
    store.edit(&consumer, edit).await.map_err(failed)?;
    let done = if keep { "revoked" } else { "removed" };
    Ok(json_response(StatusCode::OK, &json!({done: 1})))
}

/// `POST /x/consumers/{name}`: its status, its routes, or both.
pub(crate) async fn set(
    Extension(access): Extension<Access>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, ApiError> {
    let store = store(&access)?;
    let Path(name) =
        name.map_err(|_| ApiError::invalid("invalid_path", "expected UTF-8 in the path"))?;
    let body = body::text(request).await?;
    let asked = Known::read(&body, "$", &["status", "allowed_routes"]).map_err(invalid)?;
    let status = asked.text("status").map_err(invalid)?;
    let status = status.map(|text| Status::new(&text)).transpose();
    let status = status.map_err(|what| ApiError::of_param("invalid_status", "status", &what))?;
    let allowed = allowed_routes(&asked).map_err(invalid)?;
    if status.is_none() && allowed.is_none() {
        let wrong = Wrong::new("$", "expected status or allowed_routes");
        return Err(invalid(wrong));
    }
    let consumer = store.edit(&name, Edit::Set { status, allowed }).await.map_err(failed)?;
    Ok(json_response(StatusCode::OK, &consumer.told()))
}

fn store(access: &Access) -> Result<&dyn Store, ApiError> {
    access.kept().ok_or_else(|| {
        let message = "this gateway keeps no keys";
        ApiError::new(StatusCode::NOT_FOUND, INVALID_REQUEST, "no_keys", message)
    })
}

fn invalid(wrong: Wrong) -> ApiError {
    match wrong.at.strip_prefix("$.") {
        Some(param) => ApiError::of_param("invalid_type", param, &wrong.what),
        None if wrong.what.starts_with("expected JSON") => {
            ApiError::invalid("invalid_json", wrong.what)
        }
        None => ApiError::invalid("invalid_body", wrong.what),
    }
}

fn failed(error: StoreError) -> ApiError {
    let none =
        |code| ApiError::new(StatusCode::NOT_FOUND, INVALID_REQUEST, code, error.to_string());
    match &error {
        StoreError::NoConsumer(_) => none("consumer_not_found"),
        StoreError::NoKey { .. } => none("key_not_found"),
        StoreError::Invalid(what) => ApiError::invalid("invalid_consumer", what.as_str()),
        StoreError::Unavailable(what) => {
            tracing::error!(error = what, "keys cannot be kept");
            let message = "keys cannot be kept; the log of the gateway has the reason";
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, ROUTER, "keys_unavailable", message)
        }
    }
}
