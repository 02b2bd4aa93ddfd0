//! Putting a ctx together from files and flags, and reading back what a table shows of it.

use std::collections::BTreeMap;

use serde::Deserialize as _;
use serde_json::Value;
use sigmapol_core::{
    Decision, RefusalCode,
    json::{Members, Object, quote},
};
use sigmapol_prove::{Note, in_words, normalize_unknown};
use sigmapol_provider::ErrorKind;

use crate::{Failure, shared::input::refused};

/// A file of the ctx: its name and its text.
pub(crate) type Part = (String, String);

/// Merges the members of the files; the same member in two of them is an error.
///
/// A single file without additions goes to the engine as it is, and so does one that is not an
/// object: the engine says best what is wrong with it.
pub(crate) fn merge(parts: &[Part], seed: Option<i64>, explain: bool) -> Result<String, Failure> {
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
        // every kind that a call may fail with
        let kinds = ErrorKind::ALL.map(|kind| format!(r#"{{"kind":{}}}"#, quote(kind.name())));
        object = object.with("failures", &format!("[{}]", kinds.join(",")));
    }
    Ok(object.finish())
}

/// What tables show of a ctx that the engine has accepted.
#[derive(Debug)]
pub(crate) struct View(Value);

/// A candidate, as far as tables show it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate<'v> {
    pub(crate) provider: &'v str,
    pub(crate) model: &'v str,
    /// USD per million tokens: the candidate's own, else that of the runtime state, which is what
    /// a policy observes.
    pub(crate) price_in: Option<f64>,
    /// As `price_in`.
    pub(crate) price_out: Option<f64>,
}

/// A failure the fail plan was asked about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Failed<'v> {
    pub(crate) kind: &'v str,
    /// The number of the attempt that failed, from 1.
    pub(crate) attempt: f64,
}

impl View {
    pub(crate) fn read(ctx: &str) -> Self {
        let mut reader = serde_json::Deserializer::from_str(ctx);
        reader.disable_recursion_limit(); // the engine has counted
        Self(Value::deserialize(&mut reader).unwrap_or_default())
    }

    pub(crate) fn candidate(&self, index: u32) -> Option<Candidate<'_>> {
        let known = self.0.get("candidates")?.get(usize::try_from(index).ok()?)?;
        let provider = known.get("provider_id")?.as_str()?;
        let model = known.get("model_family")?.as_str()?;
        let state =
            self.0.pointer("/state/ema").and_then(|ema| ema.get(format!("{provider}|{model}")));
        let price = |name| {
            let state = || state.and_then(|state| state.get(name));
            known.get(name).or_else(state).and_then(Value::as_f64)
        };
        Some(Candidate {
            provider,
            model,
            price_in: price("price_in"),
            price_out: price("price_out"),
        })
    }

    /// Why a candidate was rejected, in words.
    pub(crate) fn why(&self, policy: &Value, index: u32, reason: &str) -> String {
        let none = &Value::Null;
        let at = |pointer: &str| self.0.pointer(pointer).unwrap_or(none);
        let candidate = at(&format!("/candidates/{index}"));
        let filters = [at("/envelope"), policy.get(1).unwrap_or(none)];
        in_words(reason, &filters, candidate, at("/state"), at("/vocabulary"))
    }

    /// Remarks on a decision over this ctx.
    pub(crate) fn notes(&self, policy: &str, decision: &Decision) -> Vec<Note> {
        let candidates = self.0.get("candidates").and_then(Value::as_array);
        let candidates = candidates.map_or(&[][..], Vec::as_slice);
        let ema = self.0.pointer("/state/ema").unwrap_or(&Value::Null);
        let rejected = decision.rejected.iter();
        let rejected = rejected.filter_map(|rejected| usize::try_from(rejected.candidate).ok());
        normalize_unknown(policy, candidates, ema, rejected)
    }

    /// How many candidates there are.
    pub(crate) fn count(&self) -> usize {
        self.0.get("candidates").and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// The failures, in the order of the reactions to them.
    pub(crate) fn failures(&self) -> impl Iterator<Item = Failed<'_>> {
        let failures = self.0.get("failures").and_then(Value::as_array);
        failures.into_iter().flatten().map(|failed| Failed {
            kind: failed.get("kind").and_then(Value::as_str).unwrap_or_default(),
            attempt: failed.get("attempt").and_then(Value::as_f64).unwrap_or(1.0),
        })
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
        assert!(merged.starts_with(r#"{"failures":[{"kind":"auth_error"},"#), "{merged}");
        let view = View::read(&merged);
        let asked: Vec<_> = view.failures().map(|failed| failed.kind).collect();
        assert_eq!(asked, ErrorKind::ALL.map(ErrorKind::name));
        assert!(asked.contains(&"stream_interrupted"), "{asked:?}");
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
        assert_eq!(
            view.candidate(0).unwrap(),
            Candidate { provider: "p", model: "m", price_in: Some(1.5), price_out: Some(2.0) }
        );
        assert_eq!(view.count(), 1);
        assert_eq!(view.candidate(1), None);
        assert_eq!(View::read("[]").count(), 0);
    }
}
