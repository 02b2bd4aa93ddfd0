//! The name that was probably meant, where the engine refuses one.

use sigmapol_core::core_fields;

use crate::{lint::OPERATIONS, nearest};

const TIERS: [&str; 3] = ["fallback", "marketplace", "partner"];

const ACTIONS: [&str; 5] =
    ["abort", "disable_provider", "next_candidate", "next_provider_same_model", "retry_same"];

/// Parameters that the strict profile lets a policy set.
const PARAMETERS: [&str; 10] = [
    "first_token_timeout_ms",
    "frequency_penalty",
    "max_tokens",
    "presence_penalty",
    "reasoning_effort",
    "seed",
    "temperature",
    "timeout_ms",
    "top_k",
    "top_p",
];

/// The name that was probably meant, by the message of a refusal: an operation, a field, a tier, an
/// action or a parameter. `declared` are the fields and `tiers` the order of the vocabulary, where it
/// has its own.
pub fn suggest<'k>(
    message: &str,
    declared: impl IntoIterator<Item = &'k str>,
    tiers: Option<&[&'k str]>,
) -> Option<&'k str> {
    let quoted = |before: &str| Some(message.split_once(before)?.1.split_once('\'')?.0);
    if let Some(word) = quoted("unknown op '") {
        return nearest(word, OPERATIONS.iter().flat_map(|(_, names)| names.iter().copied()));
    }
    if let Some(word) = quoted("undeclared field '") {
        return nearest(word, core_fields().map(|(name, _)| name).chain(declared));
    }
    if let Some(word) = quoted("unknown tier '") {
        return nearest(word, tiers.unwrap_or(&TIERS).iter().copied());
    }
    if let Some(word) = quoted("parameter '").filter(|_| message.ends_with("sampling parameter")) {
        return nearest(word, PARAMETERS);
    }
    let action = ["Action.action invalid: ", "Action.then_action invalid: "];
    let word = action.iter().find_map(|before| Some(message.split_once(before)?.1))?;
    nearest(word, ACTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sigmapol_core::{Engine as _, Error, Native};

    /// What the engine says of it, and what was meant.
    #[test]
    fn what_was_meant() {
        let vocabulary = r#"{"fields": {"bench": {"sort": "Num", "default": 0}}}"#;
        for (term, expected) in [
            (r#"["provider_is", "x"]"#, Some("provider_eq")),
            (r#"["normalise", ["zero"]]"#, Some("normalize")),
            (r#"["field", "price_inn"]"#, Some("price_in")),
            (r#"["field", "benhc"]"#, Some("bench")),
            (r#"["field", "elegance"]"#, None),
            (r#"["min_tier", "partners"]"#, Some("partner")),
            (r#"["set_param", "temprature", 1]"#, Some("temperature")),
            (r#"["always", {"action": "next"}]"#, None),
            (r#"["always", {"action": "retry_sam"}]"#, Some("retry_same")),
            (r#"["always", {"action": "abort", "then_action": "abrot"}]"#, Some("abort")),
            (r#"["scale", 1]"#, None),
        ] {
            let Err(Error::Refused(refusal)) = Native.admit(term, vocabulary) else {
                panic!("{term}")
            };
            assert_eq!(suggest(&refusal.message, ["bench"], None), expected, "{}", refusal.message);
        }
        assert_eq!(suggest("$: unknown tier 'goold'", [], Some(&["gold"])), Some("gold"));
    }

    #[test]
    fn the_parameters_are_those_of_the_engine() {
        for parameter in PARAMETERS {
            let term = format!("[\"inject_seed\", \"{parameter}\"]");
            assert!(Native.admit(&term, "{}").is_ok(), "{parameter}");
        }
    }
}
