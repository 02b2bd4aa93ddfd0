//! What the form of a filter says without a proof.

use serde_json::Value;

use crate::{
    Path,
    candidate::{peer, text},
};

use super::term::Term;

/// Whether whoever passes a predicate (or, where `holds` is false, whoever fails it) has a finite
/// value of a field: +∞ is above every bound that can be written.
pub(super) fn bounds(predicate: &Value, field: &str, holds: bool) -> bool {
    let Some(term) = Term::read(predicate, &Path::default()) else { return false };
    let mut terms = (1..=term.count()).map(|at| term.argument(at));
    match (term.op, holds) {
        ("cmp", true) => term.word(1) == field && matches!(term.word(2), "lt" | "le" | "eq"),
        ("cmp", false) => term.word(1) == field && matches!(term.word(2), "gt" | "ge" | "ne"),
        ("not", _) => bounds(term.argument(1), field, !holds),
        ("and", true) | ("or", false) => terms.any(|term| bounds(term, field, holds)),
        ("and", false) | ("or", true) => terms.all(|term| bounds(term, field, holds)),
        // nobody is there
        ("bot", true) | ("top", false) => true,
        _ => false,
    }
}

/// Whether a candidate passes, as far as its names and what it can do say; `None` is not known.
///
/// A candidate that is only a `{provider_id, model_family}` of a chain may have anything else.
pub(super) fn passes(predicate: &Value, candidate: &Value) -> Option<bool> {
    let term = Term::read(predicate, &Path::default())?;
    let passed = (1..=term.count()).map(|at| passes(term.argument(at), candidate));
    let whole = candidate.get("capabilities").is_some();
    match term.op {
        "top" => Some(true),
        "bot" => Some(false),
        "not" => passes(term.argument(1), candidate).map(|passed| !passed),
        "and" => every(passed, true),
        "or" => every(passed, false),
        "provider_eq" => Some(text(candidate, "provider_id") == term.word(1)),
        "family_eq" => Some(text(candidate, "model_family") == term.word(1)),
        "served_by_eq" if whole => Some(peer(candidate) == term.word(1)),
        "tier_eq" if whole => {
            let tier = Some(text(candidate, "tier")).filter(|tier| !tier.is_empty());
            Some(tier.unwrap_or("fallback") == term.word(1))
        }
        "has_cap" if whole => {
            let value = candidate.get("capabilities").and_then(|all| all.get(term.word(1)));
            Some(value.is_some_and(|value| *value != Value::Bool(false)))
        }
        _ => None,
    }
}

/// `and` where `neutral` is true, else `or`.
fn every(passed: impl Iterator<Item = Option<bool>>, neutral: bool) -> Option<bool> {
    let mut result = Some(neutral);
    for passed in passed {
        match passed {
            Some(passed) if passed != neutral => return Some(passed),
            None => result = None,
            Some(_) => {}
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_bounds_a_price() {
        for (predicate, bounded) in [
            (json!(["cmp", "price_in", "le", 5]), true),
            (json!(["cmp", "price_in", "lt", 5]), true),
            (json!(["cmp", "price_in", "eq", 5]), true),
            (json!(["cmp", "price_in", "ge", 5]), false),
            (json!(["cmp", "price_in", "ne", 5]), false),
            (json!(["cmp", "price_out", "le", 5]), false),
            (json!(["not", ["cmp", "price_in", "gt", 5]]), true),
            (json!(["not", ["cmp", "price_in", "le", 5]]), false),
            (json!(["not", ["not", ["cmp", "price_in", "le", 5]]]), true),
            (json!(["and", ["top"], ["cmp", "price_in", "le", 5]]), true),
            (json!(["or", ["top"], ["cmp", "price_in", "le", 5]]), false),
            (json!(["or", ["cmp", "price_in", "eq", 1], ["cmp", "price_in", "le", 5]]), true),
            (json!(["not", ["or", ["is", "no_log"], ["cmp", "price_in", "gt", 5]]]), true),
            (json!(["not", ["and", ["is", "no_log"], ["cmp", "price_in", "gt", 5]]]), false),
            (json!(["or", ["bot"], ["cmp", "price_in", "le", 5]]), true),
            (json!(["meets_req"]), false),
        ] {
            assert_eq!(bounds(&predicate, "price_in", true), bounded, "{predicate}");
        }
    }

    #[test]
    fn who_passes() {
        let link = json!({"provider_id": "p", "model_family": "m"});
        let whole = json!({"provider_id": "p", "model_family": "m", "tier": "partner",
            "capabilities": {"supports_tools": true, "supports_seed": false}});
        for (predicate, of_link, of_whole) in [
            (json!(["provider_eq", "p"]), Some(true), Some(true)),
            (json!(["family_eq", "p"]), Some(false), Some(false)),
            (json!(["tier_eq", "partner"]), None, Some(true)),
            (json!(["tier_eq", "fallback"]), None, Some(false)),
            (json!(["served_by_eq", "p"]), None, Some(true)),
            (json!(["has_cap", "supports_tools"]), None, Some(true)),
            (json!(["has_cap", "supports_seed"]), None, Some(false)),
            (json!(["meets_req"]), None, None),
            (json!(["and", ["meets_req"], ["provider_eq", "q"]]), Some(false), Some(false)),
            (json!(["and", ["meets_req"], ["provider_eq", "p"]]), None, None),
            (json!(["or", ["meets_req"], ["provider_eq", "p"]]), Some(true), Some(true)),
            (json!(["not", ["provider_eq", "p"]]), Some(false), Some(false)),
            (json!(["cmp", "price_in", "le", 5]), None, None),
        ] {
            assert_eq!(passes(&predicate, &link), of_link, "{predicate}");
            assert_eq!(passes(&predicate, &whole), of_whole, "{predicate}");
        }
    }
}
