//! What a receipt says beside its outcome. All of it follows from the texts and the outcome.

use serde::Deserialize;
use serde_json::Value;
use sigmapol_core::{Decision, Effect, Turn, digest, json::Members};

use crate::receipt::{Chosen, outcome_of};

/// Who the candidates of a catalog are.
pub(crate) fn names(candidates: &str) -> Option<Vec<Chosen>> {
    let named: Vec<Named> = serde_json::from_str(candidates).ok()?;
    Some(named.into_iter().map(Chosen::from).collect())
}

/// The kind of an event, as far as it can be read.
pub(crate) fn event_kind(event: &str) -> Option<String> {
    let members: Members<'_> = serde_json::from_str(event).ok()?;
    serde_json::from_str(members.get("kind")?).ok()
}

/// Whether an event has a state of its own.
pub(crate) fn has_state(event: &str) -> bool {
    let members = serde_json::from_str::<Members<'_>>(event);
    members.is_ok_and(|members| members.get("state").is_some())
}

/// Who a turn wants to call.
pub(crate) fn called(turn: &Turn) -> Option<Chosen> {
    let Effect::Call(request) = &turn.effect else { return None };
    serde_json::from_str::<Named>(request).ok().map(Chosen::from)
}

/// Who a candidate is.
#[derive(Deserialize)]
struct Named {
    provider_id: String,
    model_family: String,
}

impl From<Named> for Chosen {
    fn from(named: Named) -> Self {
        Self { provider: named.provider_id, model: named.model_family }
    }
}

/// The digest of a decision: what its record has as `result`, nothing being blanked. Equal in every
/// engine.
pub fn digest_of(decision: &Decision) -> String {
    result_digest(&outcome_of(decision, false))
}

/// The digest of an outcome, in the form of RFC 8785.
pub(crate) fn result_digest(outcome: &Value) -> String {
    // an outcome has no number that cannot be written
    digest(serde_json_canonicalizer::to_vec(outcome).unwrap_or_default())
}
