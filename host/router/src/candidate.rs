//! Who a call goes to.
//!
//! A transform changes a request, and a policy may be a caller's. Where a call goes, by which name of
//! a model and with which credential, is the candidate's to say, whatever a transform writes.

use serde::Deserialize;
use serde_json::value::RawValue;
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
#[derive(Deserialize)]
pub(super) struct Ordered<'a> {
    #[serde(borrow)]
    ctx: Ctx<'a>,
    cursor: f64,
}

#[derive(Deserialize)]
struct Ctx<'a> {
    #[serde(borrow)]
    candidates: Vec<&'a RawValue>,
}

impl<'a> Ordered<'a> {
    /// Reads the state of a run that wants something.
    pub(super) fn read(run: &'a str) -> Result<Self, RouterError> {
        serde_json::from_str(run)
            .map_err(|error| RouterError::Failed(format!("the engine's run: {error}")))
    }

    fn rest(&self) -> impl Iterator<Item = &&'a RawValue> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        self.ctx.candidates.iter().skip(self.cursor as usize)
    }

    /// Whether a candidate comes after the one that is tried.
    pub(super) fn has_next(&self) -> bool {
        self.rest().nth(1).is_some()
    }

    /// A request of the engine, to the candidate that is tried and to nobody else.
    pub(super) fn address(&self, request: &str) -> Result<String, RouterError> {
        let members = |text: &'a str| serde_json::from_str::<Members<'a>>(text);
        let wrong = |error| RouterError::Failed(format!("the engine's request: {error}"));
        let candidate = self.rest().next().map_or("{}", |candidate| candidate.get());
        let candidate = members(candidate).map_err(wrong)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_goes_to_its_candidate() {
        let run = r#"{"cursor":1,"ctx":{"candidates":[{"provider_id":"x"},
            {"provider_id":"a","served_model_id":"m","base_url":"http://a","offer":{"peer_id":"p"}},
            {"provider_id":"b","discovery":"marketplace","offer":{"peer_id":"p"}}]}}"#;
        let ordered = Ordered::read(run).unwrap();
        assert!(ordered.has_next());
        let forged = r#"{"provider_id":"b","top_p":1.10,"auth_env":"KEY","offer":1,"model":"z"}"#;
        assert_eq!(
            ordered.address(forged).unwrap(),
            r#"{"provider_id":"a","top_p":1.10,"base_url":"http://a","served_model_id":"m"}"#
        );
        let run = run.replace("\"cursor\":1", "\"cursor\":2");
        let ordered = Ordered::read(&run).unwrap();
        assert!(!ordered.has_next());
        let sent = r#"{"offer":{"peer_id":"p"},"provider_id":"b"}"#;
        assert_eq!(ordered.address("{}").unwrap(), sent);
    }
}
