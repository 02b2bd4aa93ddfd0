//! Putting a ctx together from files and flags, and reading back what a table shows of it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Failure, input::refused};
use crate::{
    RefusalCode,
    json_text::{Members, Object, quote},
};

/// What hosts report when a call fails; `--explain` asks the fail plan about each.
const FAILURE_KINDS: [&str; 12] = [
    "rate_limit",
    "timeout",
    "server_error",
    "auth_error",
    "bad_request",
    "content_filter",
    "context_overflow",
    "network_error",
    "model_unavailable",
    "payment_required",
    "bad_response",
    "unknown",
];

/// A file of the ctx: its name and its text.
pub(super) type Part = (String, String);

/// Merges the members of the files; the same member in two of them is an error.
///
/// A single file without additions goes to the engine as it is, and so does one that is not an
/// object: the engine says best what is wrong with it.
pub(super) fn merge(parts: &[Part], seed: Option<i64>, explain: bool) -> Result<String, Failure> {
    if let ([(_, text)], None, false) = (parts, seed, explain) {
        return Ok(text.clone());
    }
    let mut object = Object::new();
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for (name, text) in parts {
        let members: Members<'_> = match serde_json::from_str(text) {
            Ok(members) => members,
            Err(_) if parts.len() == 1 => return Ok(text.clone()),
            Err(error) => {
                return Err(refused(RefusalCode::JsonSyntax, format!("ctx: {name}: {error}")));
            }
        };
        for (key, value) in members.0 {
            // `--seed` replaces the seed of a file; a key twice in one file is for the engine
            if key != "seed" || seed.is_none() {
                object = object.with(&key, value.get());
            }
            if let Some(owner) = owners.insert(key.clone(), name)
                && owner != name.as_str()
            {
                let message = format!("{name}: key {} is in {owner} already", quote(&key));
                return Err(Failure::Usage(message));
            }
        }
    }
    if let Some(seed) = seed {
        object = object.with("seed", &seed.to_string());
    }
    if explain && !owners.contains_key("failures") {
        let kinds = FAILURE_KINDS.map(|kind| format!(r#"{{"kind":{}}}"#, quote(kind)));
        object = object.with("failures", &format!("[{}]", kinds.join(",")));
    }
    Ok(object.finish())
}

/// What tables show of a ctx that the engine has accepted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct View {
    pub(super) candidates: Vec<Candidate>,
    pub(super) failures: Vec<Failed>,
    state: State,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Candidate {
    #[serde(rename = "provider_id")]
    pub(super) provider: String,
    #[serde(rename = "model_family")]
    pub(super) model: String,
    price_in: Option<f64>,
    price_out: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Failed {
    pub(super) kind: String,
    attempt: Option<f64>,
}

impl Failed {
    /// The number of the attempt that failed, from 1.
    pub(super) fn attempt(&self) -> f64 {
        self.attempt.unwrap_or(1.0)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct State {
    ema: BTreeMap<String, Prices>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Prices {
    pub(super) price_in: Option<f64>,
    pub(super) price_out: Option<f64>,
}

impl View {
    /// Reads a ctx; of one that is not as expected, nothing is shown.
    pub(super) fn read(ctx: &str) -> Self {
        serde_json::from_str(ctx).unwrap_or_default()
    }

    pub(super) fn candidate(&self, index: u32) -> Option<&Candidate> {
        usize::try_from(index).ok().and_then(|index| self.candidates.get(index))
    }

    /// The prices a policy observes: the candidate's own, else those of the runtime state; in USD
    /// per million tokens.
    pub(super) fn prices(&self, candidate: &Candidate) -> Prices {
        let key = format!("{}|{}", candidate.provider, candidate.model);
        let state = self.state.ema.get(&key).copied().unwrap_or_default();
        Prices {
            price_in: candidate.price_in.or(state.price_in),
            price_out: candidate.price_out.or(state.price_out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(texts: &[&str]) -> Vec<Part> {
        let names = ["a.json", "b.json", "c.json"];
        names
            .iter()
            .zip(texts)
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn one_file_is_left_as_it_is() {
        for text in ["{ \"seed\" : 1.0 }", "not json", ""] {
            assert_eq!(merge(&parts(&[text]), None, false).unwrap(), text);
        }
        assert_eq!(merge(&parts(&["not json"]), Some(1), true).unwrap(), "not json");
    }

    #[test]
    fn members_keep_their_text() {
        let merged = merge(
            &parts(&[r#"{"candidates":[ 1e400 ]}"#, r#"{"seed":1,"now_ms":5.0}"#]),
            None,
            false,
        );
        assert_eq!(merged.unwrap(), r#"{"candidates":[ 1e400 ],"seed":1,"now_ms":5.0}"#);
    }

    #[test]
    fn the_same_key_in_two_files() {
        let failure =
            merge(&parts(&[r#"{"state":{}}"#, r#"{"state":{}}"#]), None, false).unwrap_err();
        assert_eq!(failure.to_string(), r#"b.json: key "state" is in a.json already"#);
        assert_eq!(failure.exit_code(), 2);
    }

    #[test]
    fn a_file_of_several_that_is_no_object() {
        let failure = merge(&parts(&["{}", "[1]"]), None, false).unwrap_err();
        assert!(failure.to_string().starts_with("refused json-syntax: ctx: b.json: "), "{failure}");
        assert_eq!(failure.exit_code(), 1);
    }

    #[test]
    fn seed_and_failures() {
        let merged = merge(&parts(&[r#"{"seed":1,"failures":[]}"#]), Some(-7), true).unwrap();
        assert_eq!(merged, r#"{"failures":[],"seed":-7}"#);
        let merged = merge(&parts(&["{}"]), None, true).unwrap();
        assert!(merged.starts_with(r#"{"failures":[{"kind":"rate_limit"},"#), "{merged}");
        assert_eq!(View::read(&merged).failures.len(), FAILURE_KINDS.len());
    }

    #[test]
    fn a_key_twice_in_one_file_reaches_the_engine() {
        let merged = merge(&parts(&[r#"{"a":1,"a":2}"#, "{}"]), None, false).unwrap();
        assert_eq!(merged, r#"{"a":1,"a":2}"#);
    }

    #[test]
    fn prices() {
        let view = View::read(
            r#"{"candidates":[{"provider_id":"p","model_family":"m","price_in":1.5}],
                "state":{"ema":{"p|m":{"price_in":9,"price_out":2}}}}"#,
        );
        let prices = view.prices(view.candidate(0).unwrap());
        assert_eq!((prices.price_in, prices.price_out), (Some(1.5), Some(2.0)));
        assert!(view.candidate(1).is_none());
        assert!(View::read("[]").candidates.is_empty());
    }
}
