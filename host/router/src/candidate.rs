//! Who a call goes to.
//!
//! A transform changes a request, and a policy may be a caller's. Where a call goes, by which name of
//! a model and with which credential, is the candidate's to say, whatever a transform writes.

use serde::Deserialize;
use sigmapol_core::json::{Members, Object};

use super::RouterError;

/// What the candidate says of a call, and nobody else.
pub(super) const OWN: [&str; 10] = [
    "api_kind",
    "auth",
    "auth_env",
    "aws_region",
    "base_url",
    "model_family",
    "offer",
    "protocol",
    "provider_id",
    "served_model_id",
];

/// Other words for the same, which no request of the engine has: they are left out.
const OTHER_WORDS: [&str; 5] = ["api_base", "api_key", "headers", "model", "url"];

/// Of the engine's state of a run, what is read here.
pub(super) struct Ordered<'a> {
    candidate: &'a str,
    head: Head,
}

#[derive(Deserialize)]
struct Head {
    count: f64,
    cursor: f64,
}

impl<'a> Ordered<'a> {
    /// Reads the state of a run that wants something: what stands in front of the plan, and no more.
    pub(super) fn read(run: &'a str) -> Result<Self, RouterError> {
        let wrong = || RouterError::Failed("the engine's run: expected version 2".to_owned());
        Self::find(run).ok_or_else(wrong)
    }

    fn find(run: &'a str) -> Option<Self> {
        let (bytes, rest): ([usize; 3], _) = first(run.strip_prefix(r#"{"bytes":"#)?)?;
        let [candidate, chosen, _] = bytes;
        let rest = rest.strip_prefix(r#","candidate":"#)?;
        let (candidate, rest) = rest.split_at_checked(candidate)?;
        let (_, rest) = rest.strip_prefix(r#","chosen":"#)?.split_at_checked(chosen)?;
        let (head, _) = first(rest.strip_prefix(r#","head":"#)?)?;
        Some(Self { candidate, head })
    }

    /// Whether a candidate comes after the one that is tried.
    pub(super) fn has_next(&self) -> bool {
        self.head.cursor + 1.0 < self.head.count
    }

    /// A request of the engine, to the candidate that is tried and to nobody else.
    pub(super) fn address(&self, request: &str) -> Result<String, RouterError> {
        let wrong = |error| RouterError::Failed(format!("the engine's request: {error}"));
        let candidate: Members<'_> = serde_json::from_str(self.candidate).map_err(wrong)?;
        let request: Members<'_> = serde_json::from_str(request).map_err(wrong)?;
        let market = candidate.get("discovery") == Some(r#""marketplace""#);
        let own = |key: &str| candidate.get(key).filter(|_| key != "offer" || market);
        let mut sent = Object::new();
        for (key, value) in &request.0 {
            let key = key.as_str();
            if OTHER_WORDS.contains(&key) {
                continue;
            }
            sent = match OWN.contains(&key) {
                true => sent.with_some(key, own(key)),
                false => sent.with(key, value.get()),
            };
        }
        let gone = OWN.into_iter().filter(|key| request.get(key).is_none());
        Ok(gone.fold(sent, |sent, key| sent.with_some(key, own(key))).finish())
    }
}

/// The value that a text begins with, and what follows it.
fn first<'t, T: Deserialize<'t>>(text: &'t str) -> Option<(T, &'t str)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter();
    let value = values.next()?.ok()?;
    Some((value, text.get(values.byte_offset()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_goes_to_its_candidate() {
        let run = |candidate: &str, cursor: u32| {
            let bytes = candidate.len();
            format!(
                r#"{{"bytes":[{bytes},2,9],"candidate":{candidate},"chosen":{{}},"head":{{"count":3,"cursor":{cursor}}},"plan":{{}}}}"#
            )
        };
        let first = run(
            r#"{"provider_id":"a","served_model_id":"m","base_url":"http://a","offer":{"peer_id":"p"}}"#,
            1,
        );
        let ordered = Ordered::read(&first).unwrap();
        assert!(ordered.has_next());
        let forged = r#"{"provider_id":"b","top_p":1.10,"auth_env":"KEY","offer":1,"model":"z"}"#;
        assert_eq!(
            ordered.address(forged).unwrap(),
            r#"{"provider_id":"a","top_p":1.10,"base_url":"http://a","served_model_id":"m"}"#
        );
        let market = r#"{"provider_id":"b","discovery":"marketplace","offer":{"peer_id":"p"}}"#;
        let last = run(market, 2);
        let ordered = Ordered::read(&last).unwrap();
        assert!(!ordered.has_next());
        let sent = r#"{"offer":{"peer_id":"p"},"provider_id":"b"}"#;
        assert_eq!(ordered.address("{}").unwrap(), sent);
    }
}
