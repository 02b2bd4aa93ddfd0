//! A request as a contract: the client's members go on as they came.

use serde_json::value::RawValue;
use sigmapol_core::json::{Members, Object};
use sigmapol_router::{ORIGINAL, takes_chat_member, takes_embeddings_member};

use super::{Sort, once::repeated};
use crate::{caller::Caller, error::ApiError, route::Route, state::State};

/// Members whose sort is the same to every provider, or that are for the gateway. What else may be
/// wrong with a request, the engine or the adapter of the provider says.
const SORTS: [(&str, Sort); 25] = [
    ("chain", Sort::Array),
    ("deadline_ms", Sort::Number),
    ("first_token_timeout_ms", Sort::Number),
    ("flow_ir", Sort::Array),
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

/// A flow in place of one call.
const FLOW: &str = "flow_ir";

/// What a client asks for.
#[derive(Debug)]
pub(crate) struct Asked {
    /// What the run starts with.
    pub(crate) contract: String,
    pub(crate) stream: bool,
    /// It brings a policy of its own.
    pub(crate) has_policy: bool,
    /// The flow that it brings: the contract is for each of its calls.
    pub(crate) flow: Option<String>,
    /// Members that nobody knows, and that were left out.
    pub(crate) ignored: Vec<String>,
    pub(crate) caller: Caller,
    /// Members that were left out for all but the providers of a dialect, which is named first.
    pub(crate) untranslated: Option<(&'static str, Vec<String>)>,
}

/// Whether a member of a body is for the gateway, in whatever API.
pub(crate) fn is_of_the_gateway(name: &str) -> bool {
    name == FLOW || [&OWN[..], &BOUNDS].iter().any(|names| names.contains(&name))
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
        // in place of a null, too
        let has_cap = given("max_tokens").or(given("max_completion_tokens")).is_some();
        let cap = state.settings().max_tokens.filter(|_| !has_cap);
        Self::with(members, profile, state, caller, cap, takes_chat_member)
    }

    /// As [`of`](Self::of), of the members of a request for embeddings.
    pub(crate) fn of_embeddings(
        members: &Members<'_>,
        profile: Option<&str>,
        state: &State,
        caller: &Caller,
    ) -> Result<Self, ApiError> {
        Sort::check(&SORTS, members)?;
        let takes = |name: &str| name == "model" || takes_embeddings_member(name);
        let asked = Self::with(members, profile, state, caller, None, takes)?;
        if asked.flow.is_some() {
            let message = "a flow has texts, and no embeddings";
            return Err(ApiError::of_param("unsupported_parameter", FLOW, message));
        }
        let contract = without(&asked.contract, "protocol")?;
        let contract = contract.with("protocol", r#""embeddings""#).finish();
        Ok(Self { contract, stream: false, ..asked })
    }

    /// Of the members that a contract takes, and the gateway's own, with a cap of the answer's tokens.
    fn with(
        members: &Members<'_>,
        profile: Option<&str>,
        state: &State,
        caller: &Caller,
        cap: Option<u32>,
        takes: impl Fn(&str) -> bool,
    ) -> Result<Self, ApiError> {
        let given = |name: &str| members.get(name).filter(|text| *text != "null");
        let (policy, flow) = (given("policy_ir"), given(FLOW));
        if policy.and(flow).is_some() {
            let message = "expected none beside flow_ir, whose nodes have policies of their own";
            return Err(ApiError::of_param("invalid_body", "policy_ir", message));
        }
        let own = ["policy_ir", FLOW].into_iter().find(|name| given(name).is_some());
        let model: String = read(given("model"), "model")?.unwrap_or_default();
        let named = state.router().config().route_of(&model);
        let route = Route::of(profile, named.unwrap_or(&model), own)?;
        caller.check(&route, own.is_some()).map_err(|error| match own {
            Some(member) => ApiError { param: Some(member.to_owned()), ..error },
            None => error,
        })?;
        route.check(state.names())?;
        let requirements: Option<Members<'_>> = read(given("requirements"), "requirements")?;

        let cap = cap.map(|cap| cap.to_string());
        let mut contract = Object::new();
        let mut ignored = Vec::new();
        for (name, value) in &members.0 {
            let is_own = OWN.contains(&name.as_str());
            match name.as_str() {
                "requirements" | "deadline_ms" | FLOW => {}
                "max_tokens" if cap.is_some() => {}
                _ if is_own => contract = contract.with_some(name, given(name)),
                _ if takes(name) => contract = contract.with(name, value.get()),
                _ => ignored.push(name.clone()),
            }
        }
        let longest = state.settings().deadline.as_millis().to_string();
        contract = contract.with("deadline_ms", shorter(given("deadline_ms"), &longest));
        let stream = given("stream") == Some("true");
        let limited = requirements.as_ref().is_some_and(|own| own.get("max_latency_ms").is_some());
        // the calls of a flow are not streamed
        if (!stream || flow.is_some()) && !limited && given("timeout_ms").is_none() {
            let time = state.settings().answer_time.as_millis().to_string();
            contract = contract.with("timeout_ms", &time);
        }
        contract = route.put(contract, requirements.as_ref());
        if flow.is_some() {
            // a name of a profile says nothing of the nodes
            contract = without(&contract.finish(), "profile")?;
        }
        contract = contract.with_some("max_tokens", cap.as_deref());
        Ok(Self {
            contract: contract.finish(),
            stream,
            has_policy: policy.is_some(),
            flow: flow.map(str::to_owned),
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

/// There are some, and each is an object.
pub(crate) fn check_messages(text: &str) -> Result<(), ApiError> {
    let messages: Option<Vec<&RawValue>> = read(Some(text), "messages")?;
    let messages = messages.unwrap_or_default();
    if messages.is_empty() {
        let expected = "expected an array of at least one message";
        return Err(ApiError::of_param("missing_parameter", "messages", expected));
    }
    match messages.iter().position(|message| !message.get().starts_with('{')) {
        None => Ok(()),
        Some(at) => {
            let message = format!("messages[{at}]: expected an object");
            let invalid = ApiError::invalid("invalid_type", message);
            Err(ApiError { param: Some("messages".to_owned()), ..invalid })
        }
    }
}

/// What is asked, unless it is more than there may be. What is no number the router refuses.
fn shorter<'t>(asked: Option<&'t str>, most: &'t str) -> &'t str {
    let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
    match asked {
        Some(asked) if number(asked) <= number(most) => asked,
        _ => most,
    }
}

/// The members of a body; no object in it, however deep, has a member twice.
pub(crate) fn members(body: &str) -> Result<Members<'_>, ApiError> {
    let value: &RawValue = serde_json::from_str(body)
        .map_err(|error| ApiError::invalid("invalid_json", format!("expected JSON: {error}")))?;
    let members: Members<'_> = serde_json::from_str(value.get())
        .map_err(|_| ApiError::invalid("invalid_body", "expected a JSON object"))?;
    let Some(path) = repeated(value.get()) else { return Ok(members) };
    let path = path.strip_prefix('.').unwrap_or(&path);
    let names = members.0.iter().map(|(name, _)| name.as_str());
    let param = names.filter(|name| path.starts_with(name)).max_by_key(|name| name.len());
    let invalid = ApiError::invalid("invalid_body", format!("{path}: expected once"));
    Err(ApiError { param: param.map(str::to_owned), ..invalid })
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
