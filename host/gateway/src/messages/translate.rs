//! The body of a request, as members of an OpenAI chat request.

use axum::http::{HeaderMap, HeaderName};
use sigmapol_core::json::{Members, Object, quote};

use super::{
    notes::Notes,
    text::{given, inner, object, word, wrong},
    tools::{Tool, choice, tools},
    turns::messages,
};
use crate::error::ApiError;

/// Members that both APIs have, under the same name and with the same meaning.
const SAME: [&str; 6] = ["max_tokens", "model", "stream", "temperature", "top_k", "top_p"];

/// Members that are said in other words.
const SAID: [&str; 9] = [
    "messages",
    "metadata",
    "output_config",
    "output_format",
    "service_tier",
    "stop_sequences",
    "system",
    "tool_choice",
    "tools",
];

/// The longest name of a user that OpenAI takes, in bytes; agents say whole documents.
const USER_BYTES: usize = 64;

/// Budgets of thinking, in tokens, below which an effort is low and medium.
const LOW_BUDGET: u64 = 4096;
const MEDIUM_BUDGET: u64 = 16_384;

/// A body that was translated.
#[derive(Debug)]
pub(super) struct Translation {
    /// The members of a chat request.
    pub(super) members: String,
    /// What the client said, for providers that speak its dialect.
    pub(super) original: String,
    /// What others do not know and is left out.
    pub(super) ignored: Vec<String>,
}

/// Translates a body. `is_own`: whether a member is for the gateway, in whatever API.
pub(super) fn translate(
    body: &Members<'_>,
    headers: &HeaderMap,
    is_own: impl Fn(&str) -> bool,
) -> Result<Translation, ApiError> {
    let mut notes = Notes::default();
    if given(body, "max_tokens").is_none() {
        let expected = "expected a number of tokens";
        return Err(ApiError::of_param("missing_parameter", "max_tokens", expected));
    }
    let turns = given(body, "messages");
    let mut out = Object::new();
    for name in SAME {
        out = out.with_some(name, body.get(name));
    }
    out = out
        .with("messages", &messages(given(body, "system"), turns.unwrap_or_default(), &mut notes)?);
    out = with_tools(out, body, &mut notes)?;
    if let Some(stop) = given(body, "stop_sequences") {
        if !stop.starts_with('[') {
            return Err(wrong("stop_sequences", "an array"));
        }
        out = out.with_some("stop", Some(stop).filter(|stop| *stop != "[]"));
    }
    let metadata = given(body, "metadata").and_then(object).unwrap_or_default();
    if let Some(user) = given(&metadata, "user_id") {
        let short = inner(user).is_some_and(|user| user.len() <= USER_BYTES);
        match short {
            true => out = out.with("user", user),
            false => notes.ignore("metadata.user_id"),
        }
    }
    match word(body, "service_tier").as_deref() {
        Some("auto") => out = out.with("service_tier", "\"auto\""),
        Some("standard_only") => out = out.with("service_tier", "\"default\""),
        Some(_) => notes.ignore("service_tier"),
        None => {}
    }
    out = out.with_some("response_format", format(body)?.as_deref());
    let mut own = Object::new();
    for (name, value) in &body.0 {
        let name = name.as_str();
        if is_own(name) {
            out = out.with(name, value.get());
            continue;
        }
        own = own.with(name, value.get());
        if !SAME.contains(&name) && !SAID.contains(&name) && value.get() != "null" {
            notes.ignore(name);
        }
    }
    let header = |name: &'static str| {
        let values = headers.get_all(HeaderName::from_static(name));
        let values: Vec<_> = values.iter().filter_map(|value| value.to_str().ok()).collect();
        (!values.is_empty()).then(|| quote(&values.join(",")))
    };
    let original = Object::new()
        .with("body", &own.finish())
        .with_some("version", header("anthropic-version").as_deref())
        .with_some("beta", header("anthropic-beta").as_deref())
        .with_some("effort", effort(body).map(quote).as_deref())
        .with_some("only", notes.only.as_deref().map(quote).as_deref());
    let (members, original) = (out.finish(), original.finish());
    Ok(Translation { members, original, ignored: notes.ignored })
}

fn with_tools(mut out: Object, body: &Members<'_>, notes: &mut Notes) -> Result<Object, ApiError> {
    let all = given(body, "tools").map(|value| tools(value, notes)).transpose()?;
    let all = all.unwrap_or_default();
    let asked = given(body, "tool_choice").map(|value| choice(value, &all)).transpose()?;
    if all.is_empty() {
        return Ok(out);
    }
    out = out.with("tools", &Tool::all(&all));
    if let Some((choice, one)) = asked {
        out = out.with_some("tool_choice", choice.as_deref());
        out = out.with_some("parallel_tool_calls", one.then_some("false"));
    }
    Ok(out)
}

/// The shape that the answer has to have; older clients say it in a member of its own.
fn format(body: &Members<'_>) -> Result<Option<String>, ApiError> {
    let config = given(body, "output_config").and_then(object).unwrap_or_default();
    let (position, format) = match (given(&config, "format"), given(body, "output_format")) {
        (Some(format), _) => ("output_config.format", format),
        (None, Some(format)) => ("output_format", format),
        (None, None) => return Ok(None),
    };
    let members = object(format).ok_or_else(|| wrong(position, "an object"))?;
    if word(&members, "type").as_deref() != Some("json_schema") {
        return Err(wrong(&format!("{position}.type"), "json_schema"));
    }
    let schema = given(&members, "schema").filter(|schema| schema.starts_with('{'));
    let schema = schema.ok_or_else(|| wrong(&format!("{position}.schema"), "an object"))?;
    let named = Object::new().with("name", "\"answer\"").with("schema", schema).finish();
    let format = Object::new().with("type", "\"json_schema\"").with("json_schema", &named);
    Ok(Some(format.finish()))
}

/// How much is to be thought, in words that every model with efforts knows.
fn effort(body: &Members<'_>) -> Option<&'static str> {
    let config = given(body, "output_config").and_then(object).unwrap_or_default();
    match word(&config, "effort").as_deref() {
        Some("low") => return Some("low"),
        Some("medium") => return Some("medium"),
        Some(_) => return Some("high"),
        None => {}
    }
    let thinking = given(body, "thinking").and_then(object)?;
    let budget: u64 = given(&thinking, "budget_tokens")?.parse().ok()?;
    Some(match budget {
        ..LOW_BUDGET => "low",
        LOW_BUDGET..MEDIUM_BUDGET => "medium",
        MEDIUM_BUDGET.. => "high",
    })
}

#[cfg(test)]
mod tests;
