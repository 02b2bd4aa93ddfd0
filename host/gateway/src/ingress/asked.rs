//! A request as a contract: the client's members go on as they came.

use std::collections::HashSet;

use serde_json::value::RawValue;
use sigmapol_core::json::{Members, Object};
use sigmapol_router::{ORIGINAL, takes_chat_member};

use super::{Sort, once::repeated};
use crate::{caller::Caller, error::ApiError, route::Route, state::State};

/// Members whose sort is the same to every provider, or that are for the gateway. What else may be
/// wrong with a request, the engine or the adapter of the provider says.
const SORTS: [(&str, Sort); 24] = [
    ("chain", Sort::Array),
    ("deadline_ms", Sort::Number),
    ("first_token_timeout_ms", Sort::Number),
    ("frequency_penalty", Sort::Number),
    ("idle_timeout_ms", Sort::Number),
    ("logprobs", Sort::Boolean),
    ("max_completion_tokens", Sort::Number),
    ("max_tokens", Sort::Number),
    ("messages", Sort::Array),
    ("model", Sort::String),
    ("n", Sort::Number),
    ("parallel_tool_calls", Sort::Boolean),
    ("policy_ir", Sort::Array),
    ("presence_penalty", Sort::Number),
    ("requirements", Sort::Object),
    ("response_format", Sort::Object),
    ("seed", Sort::Number),
    ("stream", Sort::Boolean),
    ("stream_options", Sort::Object),
    ("temperature", Sort::Number),
    ("timeout_ms", Sort::Number),
    ("tools", Sort::Array),
    ("top_p", Sort::Number),
    ("user", Sort::String),
];

/// Members of a contract that a client may have, beside those of a chat request. `requirements` and
/// `deadline_ms` are put together with what `model` and the operator say.
const OWN: [&str; 4] = ["chain", "policy_ir", "scope", "timeout_ms"];

/// What a run is bounded by and has to fulfil, which is put together with what the operator says; and
/// what a stream may wait for.
const BOUNDS: [&str; 4] =
    ["deadline_ms", "first_token_timeout_ms", "idle_timeout_ms", "requirements"];

/// Members that would change what is asked, and that are not served: to ignore them would answer
/// another question.
const UNSERVED: [&str; 1] = ["flow_ir"];

/// What a client asks for.
#[derive(Debug)]
pub(crate) struct Asked {
    /// What the run starts with.
    pub(crate) contract: String,
    pub(crate) stream: bool,
    /// It brings a policy of its own.
    pub(crate) has_policy: bool,
    /// Members that nobody knows, and that were left out.
    pub(crate) ignored: Vec<String>,
    pub(crate) caller: Caller,
    /// Members that were left out for all but the providers of a dialect, which is named first.
    pub(crate) untranslated: Option<(&'static str, Vec<String>)>,
}

/// Whether a member of a body is for the gateway, in whatever API.
pub(crate) fn is_of_the_gateway(name: &str) -> bool {
    [&OWN[..], &BOUNDS, &UNSERVED].iter().any(|names| names.contains(&name))
}

impl Asked {
    /// Of the members of an OpenAI chat request, and the gateway's own beside them; `profile` is that
    /// of the path. Another way in says what its clients ask for in these.
    pub(crate) fn of(
        members: &Members<'_>,
        profile: Option<&str>,
        state: &State,
        caller: &Caller,
    ) -> Result<Self, ApiError> {
        let given = |name: &str| members.get(name).filter(|text| *text != "null");
        Sort::check(&SORTS, members)?;
        check_messages(given("messages").unwrap_or("[]"))?;
        if let Some(name) = UNSERVED.into_iter().find(|name| given(name).is_some()) {
            return Err(ApiError::of_param("unsupported_parameter", name, "not served yet"));
        }
        let has_policy = given("policy_ir").is_some();
        let model: String = read(given("model"), "model")?.unwrap_or_default();
        let named = state.router().config().route_of(&model);
        let route = Route::of(profile, named.unwrap_or(&model), has_policy)?;
        caller.check(&route, has_policy)?;
        route.check(state.names())?;
        let requirements: Option<Members<'_>> = read(given("requirements"), "requirements")?;

        let mut contract = Object::new();
        let mut ignored = Vec::new();
        for (name, value) in &members.0 {
            let is_own = OWN.contains(&name.as_str());
            match name.as_str() {
                "requirements" | "deadline_ms" => {}
                _ if is_own => contract = contract.with_some(name, given(name)),
                _ if takes_chat_member(name) => contract = contract.with(name, value.get()),
                _ => ignored.push(name.clone()),
            }
        }
        let longest = state.settings().deadline.as_millis().to_string();
        contract = contract.with("deadline_ms", shorter(given("deadline_ms"), &longest));
        let stream = given("stream") == Some("true");
        let limited = requirements.as_ref().is_some_and(|own| own.get("max_latency_ms").is_some());
        if !stream && !limited && given("timeout_ms").is_none() {
            let time = state.settings().answer_time.as_millis().to_string();
            contract = contract.with("timeout_ms", &time);
        }
        contract = route.put(contract, requirements.as_ref());
        if given("max_tokens").or(given("max_completion_tokens")).is_none()
            && let Some(cap) = state.settings().max_tokens
        {
            // in place of a null, which is there as a member
            contract =
                without(&contract.finish(), "max_tokens")?.with("max_tokens", &cap.to_string());
        }
        let contract = contract.finish();
        Ok(Self {
            contract,
            stream,
            has_policy,
            ignored,
            caller: caller.clone(),
            untranslated: None,
        })
    }

    /// Puts what the client said in the words of another API beside its translation, JSON.
    pub(crate) fn with_original(self, original: &str) -> Result<Self, ApiError> {
        let contract = Object::new().with_all(&members(&self.contract)?);
        Ok(Self { contract: contract.with(ORIGINAL, original).finish(), ..self })
    }
}

/// There are some, each is an object, and none has a member twice, however deep.
fn check_messages(text: &str) -> Result<(), ApiError> {
    let messages: Option<Vec<&RawValue>> = read(Some(text), "messages")?;
    let messages = messages.unwrap_or_default();
    if messages.is_empty() {
        let expected = "expected an array of at least one message";
        return Err(ApiError::of_param("missing_parameter", "messages", expected));
    }
    if let Some(at) = messages.iter().position(|message| !message.get().starts_with('{')) {
        return Err(of_messages("invalid_type", &format!("[{at}]: expected an object")));
    }
    match repeated(text) {
        Some(path) => Err(of_messages("invalid_body", &format!("{path}: expected once"))),
        None => Ok(()),
    }
}

fn of_messages(code: &str, what: &str) -> ApiError {
    let invalid = ApiError::invalid(code, format!("messages{what}"));
    ApiError { param: Some("messages".to_owned()), ..invalid }
}

/// What is asked, unless it is more than there may be. What is no number the router refuses.
fn shorter<'t>(asked: Option<&'t str>, most: &'t str) -> &'t str {
    let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
    match asked {
        Some(asked) if number(asked) <= number(most) => asked,
        _ => most,
    }
}

/// The members of a body, none of them twice.
pub(crate) fn members(body: &str) -> Result<Members<'_>, ApiError> {
    let value: &RawValue = serde_json::from_str(body)
        .map_err(|error| ApiError::invalid("invalid_json", format!("expected JSON: {error}")))?;
    let members: Members<'_> = serde_json::from_str(value.get())
        .map_err(|_| ApiError::invalid("invalid_body", "expected a JSON object"))?;
    let mut seen = HashSet::new();
    match members.0.iter().find(|(name, _)| !seen.insert(name)) {
        Some((name, _)) => Err(ApiError::of_param("invalid_body", name, "expected once")),
        None => Ok(members),
    }
}

/// The value of a member, if it is there.
pub(crate) fn read<'t, T: serde::Deserialize<'t>>(
    text: Option<&'t str>,
    name: &str,
) -> Result<Option<T>, ApiError> {
    let wrong =
        |error: serde_json::Error| ApiError::of_param("invalid_type", name, &error.to_string());
    text.map(serde_json::from_str).transpose().map_err(wrong)
}

fn without(object: &str, name: &str) -> Result<Object, ApiError> {
    let members = members(object)?;
    let kept = members.0.iter().filter(|(key, _)| key != name);
    Ok(kept.fold(Object::new(), |object, (key, value)| object.with(key, value.get())))
}
