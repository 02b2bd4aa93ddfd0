//! `/x/rank`: who would be asked, and who would not and why. Nobody is called.

use std::collections::BTreeMap;

use axum::{
    Extension,
    extract::{self, Query, Request, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use serde_json::{Value, json};
use sigmapol_core::json::{Members, Object, quote};
use sigmapol_router::takes_chat_member;

use super::{apart, body};
use crate::{
    caller::Caller, error::ApiError, failure, ingress, reply::json_response, route::Route,
    state::State,
};

/// Members of a contract that a ranking may have, beside those of a chat request.
const OWN: [&str; 6] = ["chain", "policy_ir", "profile", "protocol", "requirements", "scope"];

/// Members of a candidate that say how the gateway reaches it, which is nothing of a caller's.
const OF_THE_HOST: [&str; 6] =
    ["api_kind", "auth", "auth_env", "aws_region", "base_url", "discovery_id"];

/// `POST /x/rank`: a contract, `{policy_ir?, profile?, requirements?, …}` → `{ranked, rejected}`
pub(crate) async fn rank(
    extract::State(state): extract::State<State>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Response, ApiError> {
    let text = body::text(request).await?;
    let known = |name: &str| OWN.contains(&name) || takes_chat_member(name);
    let members = body::members(&text, known)?;
    let given = |name: &str| members.get(name).filter(|text| *text != "null");
    let has_policy = given("policy_ir").is_some();
    let profile: Option<String> = ingress::read(given("profile"), "profile")?;
    let model: String = ingress::read(given("model"), "model")?.unwrap_or_default();
    // as a chat has it: a name that the configuration gives a meaning, and forms of names
    let named = state.router().config().route_of(&model).unwrap_or(&model);
    let route = match &profile {
        Some(profile) => Route::Profile(Some(profile)),
        None => Route::of(None, named, has_policy.then_some("policy_ir"))?,
    };
    let requirements: Option<Members<'_>> = ingress::read(given("requirements"), "requirements")?;
    if let Some(requirements) = requirements.as_ref().filter(|_| !has_policy) {
        caller.check_requirements(requirements)?;
    }
    let of_route = ["model", "profile", "requirements"];
    let rest = members.0.iter().filter(|(name, _)| !of_route.contains(&name.as_str()));
    let rest = rest.fold(Object::new(), |rest, (name, value)| rest.with(name, value.get()));
    let contract = route.put(rest, requirements.as_ref()).finish();
    ranked(&state, &caller, &route, has_policy, contract).await
}

/// `GET /x/rank?profile=NAME`, or that of `default`
pub(crate) async fn rank_of_profile(
    extract::State(state): extract::State<State>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<BTreeMap<String, String>>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(mut query) = query
        .map_err(|_| ApiError::invalid("invalid_query", "expected ?profile=NAME, in UTF-8"))?;
    let profile = query.remove("profile");
    if let Some((name, _)) = query.pop_first() {
        return Err(ApiError::of_param("unknown_parameter", &name, "not known here"));
    }
    let named = profile.as_deref().map(quote);
    let contract = Object::new().with_some("profile", named.as_deref()).finish();
    ranked(&state, &caller, &Route::Profile(profile.as_deref()), false, contract).await
}

async fn ranked(
    state: &State,
    caller: &Caller,
    route: &Route<'_>,
    has_policy: bool,
    contract: String,
) -> Result<Response, ApiError> {
    caller.check(route, has_policy)?;
    route.check(state.names())?;
    let ranking = apart(state, move |router| router.rank(&contract)).await?;
    let mut ranking =
        ranking.map_err(|error| failure::of_ranking(&error, has_policy, state.has_envelope()))?;
    let mut of = |key: &str| ranking.get_mut(key).map_or_else(|| json!([]), Value::take);
    let (mut ranked, rejected) = (of("ordered"), of("rejected"));
    for candidate in ranked.as_array_mut().into_iter().flatten() {
        let members = candidate.as_object_mut().into_iter();
        members.for_each(|members| members.retain(|name, _| !OF_THE_HOST.contains(&name.as_str())));
    }
    let body = json!({"ranked": ranked, "rejected": rejected});
    Ok(json_response(StatusCode::OK, &body))
}
