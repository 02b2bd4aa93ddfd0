//! The reason of a rejection, in words.

use serde_json::Value;

use crate::candidate::{UNBOUNDED, text};

/// What a relation that does not hold is instead.
const FAILED: [(&str, &str); 6] =
    [("lt", ">="), ("le", ">"), ("eq", "!="), ("ne", "="), ("ge", "<"), ("gt", "<=")];

/// A reason of the engine's, such as `cmp:price_out:le`, with the value and the limit: `price_out 75 >
/// 5`; and `not` and `or` with the term, as JSON. A reason stays as it is where it says all, or where
/// several parts of the filters may be meant.
///
/// `filters` are those that the candidate had to pass, `state` and `vocabulary` those of the ctx.
pub fn in_words(
    reason: &str,
    filters: &[&Value],
    candidate: &Value,
    state: &Value,
    vocabulary: &Value,
) -> String {
    let mut conjuncts = Vec::new();
    filters.iter().for_each(|filter| flatten(filter, &mut conjuncts));
    let words = match reason.strip_prefix("cmp:") {
        Some(compared) => compared.split_once(':').and_then(|(field, relation)| {
            let value = observed(field, candidate, state, vocabulary)?;
            comparison(field, relation, value, &conjuncts)
        }),
        None if matches!(reason, "not" | "or") => {
            let mut meant = conjuncts.iter().filter(|term| term.get(0) == Some(&reason.into()));
            match (meant.next(), meant.next()) {
                (Some(term), None) => Some(term.to_string()),
                _ => None,
            }
        }
        None => None,
    };
    words.unwrap_or_else(|| reason.to_owned())
}

/// The parts of a filter that give reasons of their own.
fn flatten<'t>(filter: &'t Value, conjuncts: &mut Vec<&'t Value>) {
    match filter.as_array().map(Vec::as_slice) {
        Some([op, terms @ ..]) if op == "and" => {
            terms.iter().for_each(|term| flatten(term, conjuncts));
        }
        _ => conjuncts.push(filter),
    }
}

/// The first comparison of the filter that this value fails.
fn comparison(field: &str, relation: &str, value: f64, conjuncts: &[&Value]) -> Option<String> {
    let (_, failed) = FAILED.iter().find(|(name, _)| *name == relation)?;
    let limits = conjuncts.iter().filter(|term| {
        let is = |at: usize, word: &str| term.get(at).and_then(Value::as_str) == Some(word);
        is(0, "cmp") && is(1, field) && is(2, relation)
    });
    let mut limits = limits.filter_map(|term| term.get(3)?.as_f64());
    let limit = limits.find(|limit| match relation {
        "lt" => value >= *limit,
        "le" => value > *limit,
        "eq" => value != *limit,
        "ne" => value == *limit,
        "ge" => value < *limit,
        _ => value <= *limit,
    })?;
    Some(match value.is_finite() {
        true => format!("{field} {} {failed} {}", value + 0.0, limit + 0.0),
        false => format!("no {field}, limit {}", limit + 0.0),
    })
}

/// What a policy observes of a candidate; `None` where that is not known here.
fn observed(field: &str, candidate: &Value, state: &Value, vocabulary: &Value) -> Option<f64> {
    let own = candidate.get(field).and_then(Value::as_f64);
    match field {
        "context" => {
            let given = candidate.pointer("/capabilities/context").and_then(Value::as_f64);
            Some(given.unwrap_or_default())
        }
        "credits" => {
            let credits = state.get("credits")?;
            Some(credits.get(text(candidate, "provider_id")).and_then(Value::as_f64).unwrap_or(0.0))
        }
        "tok_s" => Some(own.unwrap_or(0.0)),
        "success_rate" => Some(own.unwrap_or(1.0)),
        _ if own.is_some() => own,
        _ if UNBOUNDED.contains(&field) => {
            let pair =
                format!("{}|{}", text(candidate, "provider_id"), text(candidate, "model_family"));
            let observed = state.get("ema").and_then(|ema| ema.get(pair)?.get(field)?.as_f64());
            Some(observed.filter(|_| field != "latency_ms").unwrap_or(f64::INFINITY))
        }
        _ => vocabulary.get("fields")?.get(field)?.get("default")?.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_and_limits() {
        let filter = json!([
            "and",
            ["meets_req"],
            ["cmp", "price_out", "le", 90],
            ["cmp", "tok_s", "gt", 5],
            ["and", ["cmp", "price_out", "le", 5], ["cmp", "bench", "ge", 0.5]],
            ["cmp", "credits", "ne", 0],
            ["cmp", "context", "eq", 8],
            ["not", ["is", "disabled"]],
            ["or", ["bot"]]
        ]);
        let envelope = json!(["or", ["is", "no_log"]]);
        let state = json!({"credits": {}, "ema": {"q|m": {"price_out": 6, "latency_ms": 1}}});
        let vocabulary = json!({"fields": {"bench": {"sort": "Num", "default": 0.25}}});
        let dear = json!({"provider_id": "p", "model_family": "m", "price_out": 75, "tok_s": 5});
        let seen = json!({"provider_id": "q", "model_family": "m"});
        let none = json!({"provider_id": "r", "model_family": "m"});
        for (candidate, reason, words) in [
            (&dear, "cmp:price_out:le", "price_out 75 > 5"),
            (&seen, "cmp:price_out:le", "price_out 6 > 5"),
            (&none, "cmp:price_out:le", "no price_out, limit 90"),
            (&dear, "cmp:tok_s:gt", "tok_s 5 <= 5"),
            (&none, "cmp:bench:ge", "bench 0.25 < 0.5"),
            (&none, "cmp:credits:ne", "credits 0 = 0"),
            (&none, "cmp:context:eq", "context 0 != 8"),
            (&none, "not", r#"["not",["is","disabled"]]"#),
            // two may be meant, and one that is not in the filter
            (&none, "or", "or"),
            (&none, "cmp:latency_ms:le", "cmp:latency_ms:le"),
            (&none, "missing_capability:supports_tools", "missing_capability:supports_tools"),
        ] {
            let filters = [&envelope, &filter];
            assert_eq!(
                in_words(reason, &filters, candidate, &state, &vocabulary),
                words,
                "{reason}"
            );
        }
        // what the state is not known of stays as it is
        let words = in_words("cmp:credits:ne", &[&filter], &none, &Value::Null, &vocabulary);
        assert_eq!(words, "cmp:credits:ne");
    }
}
