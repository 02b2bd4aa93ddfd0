//! `GET /skill`: how to write a policy for this gateway, for a model that reads it.

use std::collections::BTreeSet;

use axum::{
    Extension,
    body::Body,
    extract,
    http::{HeaderValue, header::CONTENT_TYPE},
    response::Response,
};
use serde_json::Value;
use sigmapol_templates::TEMPLATES;

use super::fields;
use crate::{
    caller::Caller,
    route::{FAMILY, PROFILE},
    state::State,
};

/// Names that one line shows; a catalog may have thousands.
const NAMES: usize = 200;

/// What is the same at every gateway.
const INTRODUCTION: &str = include_str!("skill.md");

/// Markdown: what policies are, and the names of this gateway.
pub(crate) async fn skill(
    extract::State(state): extract::State<State>,
    Extension(caller): Extension<Caller>,
) -> Response {
    let mut response = Response::new(Body::from(text(&state, &caller)));
    let kind = HeaderValue::from_static("text/markdown; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

fn text(state: &State, caller: &Caller) -> String {
    let mut text = INTRODUCTION.to_owned();
    let config = state.router().config().value();
    let keys = |key: &str| -> Vec<String> {
        let table = config.get(key).and_then(Value::as_object).into_iter().flatten();
        table.map(|(name, _)| name.clone()).collect()
    };
    let names = state.names();
    let of_caller = |start: &str, names: &BTreeSet<String>| -> Vec<String> {
        let own = |name: &&String| caller.may_name(&format!("{start}{name}"));
        names.iter().filter(own).cloned().collect()
    };
    let profiles = of_caller(PROFILE, &names.profiles);
    // a policy of one's own chooses among all of them
    let families = match caller.may_bring_policy() {
        true => names.families.iter().cloned().collect(),
        false => of_caller(FAMILY, &names.families),
    };
    text.push_str("\n## The names of this gateway\n\n");
    for (what, names) in [
        ("Profiles", profiles),
        ("Families of models, for `family_eq`", families),
        ("Providers, for `provider_eq`", keys("providers")),
    ] {
        push_line(&mut text, &format!("{what}: {}.", listed(&names)));
    }
    if let Some(envelope) = config.get("policy_envelope") {
        let under = "Every policy of a request is put under this predicate";
        push_line(&mut text, &format!("\n{under}:\n\n```json\n{envelope}\n```"));
    }
    text.push_str("\n## Fields\n\n| field | sort | without one | from |\n|---|---|---|---|\n");
    for field in fields::all(state) {
        let of = |key: &str| match field.get(key) {
            Some(Value::String(text)) => cell(text),
            Some(Value::Null) | None => "infinite".to_owned(),
            Some(value) => value.to_string(),
        };
        push_line(
            &mut text,
            &format!(
                "| `{}` | {} | {} | {} |",
                of("name"),
                of("sort"),
                of("default"),
                of("source")
            ),
        );
    }
    text.push_str("\n## Templates\n\n`POST /x/policy/templates/NAME` makes one of these:\n\n");
    for template in TEMPLATES {
        let options: Vec<_> =
            template.options.iter().map(|option| format!("`{}`", option.name)).collect();
        let (name, says) = (template.name, template.says);
        push_line(&mut text, &format!("- `{name}`: {says}. Options: {}.", options.join(", ")));
    }
    text
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMES).map(|name| format!("`{}`", cell(name)));
    let shown = shown.collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(NAMES) {
        None | Some(0) if names.is_empty() => "none".to_owned(),
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

/// A name of the configuration, in a cell or between backticks.
fn cell(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || "|`".contains(c) { ' ' } else { c }).collect()
}
