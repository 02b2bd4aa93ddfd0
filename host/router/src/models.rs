//! Models that are not there: a breaker for each provider and model.
//!
//! The engine's breakers are the provider's. That one model is missing says nothing of the others, so
//! such failures are counted here, in a section of the state that the engine carries and does not
//! read: `{provider: {model: {failures, at_ms}}}`, the model by the name that it is asked by.

use serde_json::{Map, Value, json};

use super::settings::Settings;

/// The section of the state.
pub(super) const SECTION: &str = "model_breakers";

/// How many models the section holds, so that a state has a bound whatever offers name; the one that
/// failed longest ago goes.
const KEPT: usize = 256;

/// Until when a model is not asked, in milliseconds of the clock; nothing where it is asked.
pub(super) fn closed_until(
    state: &str,
    provider: &str,
    model: &str,
    now_ms: f64,
    settings: &Settings,
) -> Option<f64> {
    let state = section_of(state)?;
    until(state.get(SECTION)?.get(provider)?.get(model)?, now_ms, settings)
}

fn until(entry: &Value, now_ms: f64, settings: &Settings) -> Option<f64> {
    let number = |key: &str| entry.get(key).and_then(Value::as_f64);
    let until = number("at_ms")? + settings.closed_ms;
    (number("failures")? >= settings.threshold && until > now_ms).then_some(until)
}

/// A state after a call that found no such model. What was closed and is asked again is closed again
/// by one more failure.
pub(super) fn missed(state: &str, provider: &str, model: &str, now_ms: f64) -> String {
    change(state, |section| {
        let models = section.entry(provider).or_insert_with(|| json!({}));
        let before = models.get(model).and_then(|entry| entry.get("failures"));
        let failures = before.and_then(Value::as_f64).unwrap_or(0.0) + 1.0;
        if let Some(models) = models.as_object_mut() {
            models.insert(model.to_owned(), json!({ "failures": failures, "at_ms": now_ms }));
        }
        bound(section);
    })
}

/// A state after an answer of the model.
pub(super) fn answered(state: String, provider: &str, model: &str) -> String {
    // most states have no such section, and cost no reading
    if section_of(&state).is_none() {
        return state;
    }
    change(&state, |section| {
        if let Some(models) = section.get_mut(provider).and_then(Value::as_object_mut) {
            models.remove(model);
        }
    })
}

/// Adds to a status which models of each provider are closed:
/// `closed_models: {model: {failures, ms_until_recovery}}`.
pub(super) fn show(status: &mut Value, state: &str, now_ms: f64, settings: &Settings) {
    let Some(state) = section_of(state) else { return };
    let sections = state.get(SECTION).and_then(Value::as_object);
    for (provider, models) in sections.into_iter().flatten() {
        let mut closed = Map::new();
        for (model, entry) in models.as_object().into_iter().flatten() {
            if let Some(until) = until(entry, now_ms, settings) {
                let shown = json!({
                    "failures": entry.get("failures"),
                    "ms_until_recovery": until - now_ms,
                });
                closed.insert(model.clone(), shown);
            }
        }
        let known = status.pointer_mut("/providers").and_then(|known| known.get_mut(provider));
        if let Some(known) = known.and_then(Value::as_object_mut).filter(|_| !closed.is_empty()) {
            known.insert("closed_models".to_owned(), Value::Object(closed));
        }
    }
}

/// Takes closed models out of a ranking, as nobody asks them; they are rejected as `model_closed`.
pub(super) fn reject_closed(ranking: &mut Value, state: &str, now_ms: f64, settings: &Settings) {
    let Some(state) = section_of(state) else { return };
    let closed = |candidate: &Value| {
        let text = |key: &str| candidate.get(key).and_then(Value::as_str);
        let models = state.get(SECTION)?.get(text("provider_id")?)?;
        until(models.get(text("served_model_id")?)?, now_ms, settings)
    };
    let Some(ordered) = ranking.get_mut("ordered").and_then(Value::as_array_mut) else { return };
    let (out, kept) = std::mem::take(ordered).into_iter().partition(|one| closed(one).is_some());
    *ordered = kept;
    let out: Vec<Value> = out;
    if let Some(rejected) = ranking.get_mut("rejected").and_then(Value::as_array_mut) {
        rejected.extend(out.into_iter().map(|candidate| {
            json!({
                "provider": candidate.get("provider_id"),
                "model": candidate.get("model_family"),
                "reason": "model_closed",
            })
        }));
    }
}

fn section_of(state: &str) -> Option<Value> {
    state.contains(SECTION).then(|| serde_json::from_str(state).ok()).flatten()
}

fn change(state: &str, change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let Ok(Value::Object(mut members)) = serde_json::from_str(state) else {
        return state.to_owned();
    };
    let section = members.entry(SECTION).or_insert_with(|| json!({}));
    if let Some(section) = section.as_object_mut() {
        change(section);
        section.retain(|_, models| models.as_object().is_none_or(|models| !models.is_empty()));
        if section.is_empty() {
            members.remove(SECTION);
        }
    }
    Value::Object(members).to_string()
}

fn bound(section: &mut Map<String, Value>) {
    let count = |models: &Value| models.as_object().map_or(0, Map::len);
    let at = |entry: &Value| entry.get("at_ms").and_then(Value::as_f64).unwrap_or(0.0);
    while section.values().map(count).sum::<usize>() > KEPT {
        let entries = section.iter().flat_map(|(provider, models)| {
            let models = models.as_object().into_iter().flatten();
            models.map(move |(model, entry)| (at(entry), provider.clone(), model.clone()))
        });
        let Some((_, provider, model)) = entries.min_by(|left, right| left.0.total_cmp(&right.0))
        else {
            return;
        };
        if let Some(models) = section.get_mut(&provider).and_then(Value::as_object_mut) {
            models.remove(&model);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings { threshold: 2.0, closed_ms: 100.0, fallback_wait_ms: 0.0 };

    fn closed(state: &str, model: &str, now_ms: f64) -> Option<f64> {
        closed_until(state, "a", model, now_ms, &SETTINGS)
    }

    #[test]
    fn failures_in_a_row_close_a_model() {
        let state = missed(r#"{"x":1}"#, "a", "m", 5.0);
        assert_eq!(state, r#"{"model_breakers":{"a":{"m":{"at_ms":5.0,"failures":1.0}}},"x":1}"#);
        assert_eq!(closed(&state, "m", 5.0), None);
        let state = missed(&state, "a", "m", 10.0);
        assert_eq!(closed(&state, "m", 109.9), Some(110.0));
        assert_eq!(closed(&state, "n", 11.0), None);
        assert_eq!(closed_until(&state, "b", "m", 11.0, &SETTINGS), None);
        // asked again after its time, once
        assert_eq!(closed(&state, "m", 110.0), None);
        assert_eq!(closed(&missed(&state, "a", "m", 110.0), "m", 111.0), Some(210.0));
        assert_eq!(answered(state, "a", "m"), r#"{"x":1}"#);
        assert_eq!(answered("{ }".to_owned(), "a", "m"), "{ }");
    }

    #[test]
    fn so_many_and_no_more() {
        let state = (0..=KEPT).fold("{}".to_owned(), |state, at| {
            missed(&state, &format!("p{}", at % 2), &format!("m{at}"), at as f64)
        });
        let state: Value = serde_json::from_str(&state).unwrap();
        let models = |provider: &str| state[SECTION][provider].as_object().unwrap().len();
        assert_eq!(models("p0") + models("p1"), KEPT);
        assert_eq!(state[SECTION]["p0"].get("m0"), None);
    }
}
