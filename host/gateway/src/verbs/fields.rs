//! `GET /x/fields`: what policies may look at.

use axum::{extract, http::StatusCode, response::Response};
use serde_json::{Value, json};
use sigmapol_core::{FieldDefault, core_fields};

use crate::{reply::json_response, state::State};

/// Where the value of a field of the core comes from.
const SOURCES: [(&str, &str, &str); 11] = [
    ("price_in", "price", "the candidate, else what was observed"),
    ("price_out", "price", "the candidate, else what was observed"),
    ("latency_ms", "speed", "the candidate"),
    ("tok_s", "speed", "the candidate"),
    ("success_rate", "health", "the candidate"),
    ("credits", "provider", "the runtime state"),
    ("context", "model", "capabilities.context of the model"),
    ("has_tee", "provider", "the provider"),
    ("no_log", "provider", "the provider"),
    ("breaker_open", "health", "the runtime state"),
    ("disabled", "health", "the runtime state"),
];

/// `{fields: [{name, sort, group, source, default}]}`, those of the core and those that the
/// configuration declares. A default of `null` is no bound: infinity.
pub(crate) async fn fields(extract::State(state): extract::State<State>) -> Response {
    json_response(StatusCode::OK, &json!({"fields": all(&state)}))
}

/// As [`fields`] shows them.
pub(super) fn all(state: &State) -> Vec<Value> {
    let core = core_fields().map(|(name, field)| {
        let found = SOURCES.iter().find(|(known, ..)| *known == name);
        let (group, source) = found.map_or(("", ""), |(_, group, source)| (*group, *source));
        let (sort, default) = match field {
            FieldDefault::Num(default) => ("Num", json!(default)),
            FieldDefault::Bool(default) => ("Bool", json!(default)),
        };
        json!({"name": name, "sort": sort, "group": group, "source": source, "default": default})
    });
    let declared = state.router().config().value().get("fields").and_then(Value::as_object);
    let declared = declared.into_iter().flatten().map(|(name, field)| {
        let of = |key: &str| field.get(key).cloned().unwrap_or_default();
        json!({
            "name": name,
            "sort": of("sort"),
            "group": of("group"),
            "source": "fields of the model, else the default",
            "default": of("default"),
        })
    });
    core.chain(declared).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_of_the_core_has_a_source() {
        let known: Vec<_> = core_fields().map(|(name, _)| name).collect();
        let told: Vec<_> = SOURCES.iter().map(|(name, ..)| *name).collect();
        assert_eq!(told, known);
    }
}
