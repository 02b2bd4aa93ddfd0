//! `/x/policy/templates`: policies made of a few options.

use axum::{
    Extension,
    extract::{self, Path, Request, rejection::PathRejection},
    http::StatusCode,
    response::Response,
};
use serde_json::{Value, json};
use sigmapol_templates::{Known, TEMPLATES, build};

use super::{apart, body, policy::shown};
use crate::{
    caller::Caller,
    error::{ApiError, INVALID_REQUEST},
    failure,
    reply::json_response,
    route::Route,
    state::State,
};

/// The profile `default` of the configuration, which takes no options.
const DEFAULT: &str = "default";
const DEFAULT_SAYS: &str = "the profile default of this gateway";

/// `GET /x/policy/templates` → `{templates: [{name, says, options}]}`
pub(crate) async fn list() -> Response {
    let own = TEMPLATES.iter().map(|template| {
        let options: Vec<_> = template.options.iter().map(|option| option.to_json()).collect();
        json!({"name": template.name, "says": template.says, "options": options})
    });
    let default = json!({"name": DEFAULT, "says": DEFAULT_SAYS, "options": []});
    let all: Vec<_> = own.chain([default]).collect();
    json_response(StatusCode::OK, &json!({"templates": all}))
}

/// `POST /x/policy/templates/{name}`: options → what a policy is, and `intent` in words
pub(crate) async fn make(
    extract::State(state): extract::State<State>,
    Extension(caller): Extension<Caller>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, ApiError> {
    let Path(name) = name.unwrap_or_else(|_| Path(String::new()));
    if name != DEFAULT && !TEMPLATES.iter().any(|template| template.name == name) {
        let message = "there is no such template: GET /x/policy/templates lists them";
        return Err(ApiError::new(StatusCode::NOT_FOUND, INVALID_REQUEST, "not_found", message));
    }
    let invalid = |message: String| ApiError::invalid("invalid_policy_template", message);
    let text = body::text(request).await?;
    body::members(&text, |_| true)?;
    let options: Value = serde_json::from_str(&text).map_err(|error| invalid(error.to_string()))?;
    let (policy, intent) = match &*name {
        DEFAULT => {
            caller.check(&Route::Profile(None), false)?;
            if options.as_object().is_some_and(|options| !options.is_empty()) {
                return Err(invalid("$: expected no options".to_owned()));
            }
            let policy = apart(&state, |router| router.policy_of(DEFAULT)).await?;
            let policy = policy.map_err(|error| failure::of_ranking(&error, false, false))?;
            (policy, DEFAULT_SAYS.to_owned())
        }
        name => {
            let made = build(name, &options, &known(&state));
            let made = made.map_err(|error| invalid(error.to_string()))?;
            (made.policy.to_string(), made.intent)
        }
    };
    let named = apart(&state, {
        let policy = policy.clone();
        move |router| router.name_policy(&policy)
    });
    let named = named.await?.map_err(|error| failure::of_router(&error, true))?;
    let mut body = shown(&policy, &named);
    if let Some(members) = body.as_object_mut() {
        members.insert("intent".to_owned(), json!(intent));
    }
    Ok(json_response(StatusCode::OK, &body))
}

/// What the vocabulary of the configuration has.
fn known(state: &State) -> Known {
    let fields = state.router().config().value().get("fields").and_then(Value::as_object);
    let numbers = fields
        .into_iter()
        .flatten()
        .filter(|(_, field)| field.get("sort").and_then(Value::as_str) == Some("Num"));
    Known { numbers: numbers.map(|(name, _)| name.clone()).collect() }
}
