//! Providers that an operator disables until they are enabled again.
//!
//! The engine disables for a time. One that is held was disabled at a time that never comes, so that
//! none of it is ever over; what a run makes of a provider that is held, does not change that.

use serde_json::{Value, json};

/// The kind of a disable that an operator asked for, as `status` shows it.
pub(super) const OPERATOR: &str = "operator";

/// The section of the state.
pub(super) const SECTION: &str = "disabled_providers";

/// When a provider was disabled that is held, in milliseconds since the Unix epoch: the last moment
/// that a date of ECMAScript can be.
const SINCE_MS: u64 = 8_640_000_000_000_000;

/// The same as the engine writes it.
const SINCE: &str = "8640000000000000";

/// What the state says of one that is held.
pub(super) fn entry() -> Value {
    json!({ "kind": OPERATOR, "at_ms": SINCE_MS })
}

/// Whether an entry of the section is of one that is held.
pub(super) fn is(entry: &Value) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "a double holds it")]
    let since = SINCE_MS as f64;
    entry.get("kind").is_some_and(|kind| kind == OPERATOR)
        && entry.get("at_ms").and_then(Value::as_f64) == Some(since)
}

/// A state after a step: who was held before is held.
pub(super) fn keep(before: &str, after: String) -> String {
    if !before.contains(SINCE) || *before == *after {
        return after;
    }
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    let (Some(before), Some(mut state)) = (read(before), read(&after)) else { return after };
    let held = before.get(SECTION).and_then(Value::as_object).into_iter().flatten();
    let mut changed = false;
    for (provider, entry) in held.filter(|(_, entry)| is(entry)) {
        if let Some(entries) = state.get_mut(SECTION).and_then(Value::as_object_mut)
            && !entries.get(provider).is_some_and(is)
        {
            entries.insert(provider.clone(), entry.clone());
            changed = true;
        }
    }
    if changed { state.to_string() } else { after }
}

/// Shows who is held: `{kind, until_enabled: true}`, without a time.
pub(super) fn show(status: &mut Value) {
    let providers = status.get_mut("providers").and_then(Value::as_object_mut);
    for (_, provider) in providers.into_iter().flatten() {
        if let Some(disabled) = provider.get_mut("disabled").filter(|disabled| is(disabled)) {
            *disabled = json!({ "kind": OPERATOR, "until_enabled": true });
        }
    }
}
