//! A ranking, whether it comes from a prepared router or from a step: the same JSON for the same
//! ranking.

use serde_json::{Value, json};
use sigmapol_core::{Choice, Effect, Turn};

use crate::receipt::{Chosen, bits};

/// Why a pinned candidate is not there; it is of no candidate.
const PIN_NOT_FOUND: &str = "pin_not_found";

/// What a prepared router ranked: `{ordered: [[provider, model, score]…], rejected: [[provider,
/// model, reason]…], pin_not_found, cost}`, scores as the bits of doubles.
pub(crate) fn of_choice(choice: &Choice, names: &[Chosen]) -> Value {
    let name = |at: u32| usize::try_from(at).ok().and_then(|at| names.get(at));
    let entry = |at: u32, what: Value| {
        let name = name(at);
        json!([name.map(|name| &name.provider), name.map(|name| &name.model), what])
    };
    let scored = choice.ordered.iter().zip(&choice.scores);
    // JSON has one zero
    let ordered = scored.map(|(at, score)| entry(*at, json!(bits(f64::from_bits(*score) + 0.0))));
    let reason = |why: u32| usize::try_from(why).ok().and_then(|why| choice.reasons.get(why));
    let rejected = choice.rejected.iter().zip(&choice.why);
    let rejected = rejected.map(|(at, why)| entry(*at, json!(reason(*why))));
    json!({
        "ordered": ordered.collect::<Vec<_>>(),
        "rejected": rejected.collect::<Vec<_>>(),
        "pin_not_found": choice.reasons.last().is_some_and(|reason| reason == PIN_NOT_FOUND),
        "cost": choice.cost.to_string(),
    })
}

/// What the event `rank` of a step answered, in the same form; nothing where it is an error.
pub(crate) fn of_turn(turn: &Turn) -> Option<Value> {
    let Effect::Done(done) = &turn.effect else { return None };
    let done: Value = serde_json::from_str(done).ok()?;
    let ordered = done.get("ordered")?.as_array()?.iter().map(|entry| {
        let score = match entry.get("score") {
            Some(Value::String(text)) => text.parse().ok(),
            score => score.and_then(Value::as_f64),
        };
        json!([entry.get("provider_id"), entry.get("model_family"), score.map(bits)])
    });
    let missing = |entry: &&Value| entry.get("reason").is_some_and(|why| why == PIN_NOT_FOUND);
    let rejected = done.get("rejected")?.as_array()?;
    let pin = rejected.first().filter(missing).is_some();
    let rejected = rejected.iter().skip(usize::from(pin));
    let rejected = rejected
        .map(|entry| json!([entry.get("provider"), entry.get("model"), entry.get("reason")]));
    Some(json!({
        "ordered": ordered.collect::<Vec<_>>(),
        "rejected": rejected.collect::<Vec<_>>(),
        "pin_not_found": pin,
        "cost": turn.cost.to_string(),
    }))
}
