//! An event that ranks or starts, with another policy in the place of the one that it had.

use serde_json::Value;
use sigmapol_core::{
    Effect, Engine, Error,
    json::{Members, Object, quote},
};

use super::offers::Offer;

/// The events that rank candidates.
const RANKING: [&str; 2] = ["rank", "start"];

/// What tells candidates of a ranking apart, and what is compared of them.
pub(super) type Candidates = Vec<([Option<String>; 3], Offer)>;

/// An event, taken apart.
pub(super) struct Ask<'e> {
    pub(super) kind: String,
    members: Members<'e>,
}

impl<'e> Ask<'e> {
    /// Takes an event apart; nothing for one that ranks nobody.
    pub(super) fn read(event: &'e str) -> Option<Self> {
        let members: Members<'_> = serde_json::from_str(event).ok()?;
        let kind: String = serde_json::from_str(members.get("kind")?).ok()?;
        RANKING.contains(&kind.as_str()).then_some(Self { kind, members })
    }

    /// The event that says who would be tried, and tries nobody.
    fn ranked(&self) -> String {
        with(&self.members, "kind", r#""rank""#)
    }

    /// Who is ranked, best first; the message where the ranking is an error.
    pub(super) fn ranking(&self, engine: &dyn Engine) -> Result<Result<Candidates, String>, Error> {
        let turn = engine.step(None, &self.ranked())?.value;
        let done: Value = match &turn.effect {
            Effect::Done(done) => serde_json::from_str(done).unwrap_or_default(),
            _ => Value::Null,
        };
        let Some(ordered) = done.get("ordered").and_then(Value::as_array) else {
            let message = done.get("error").and_then(Value::as_str).unwrap_or("expected a ranking");
            return Ok(Err(message.to_owned()));
        };
        let candidate = |entry: &Value| {
            let keys = ["provider_id", "model_family", "served_model_id"];
            let key = keys.map(|key| entry.get(key).and_then(Value::as_str).map(str::to_owned));
            (key, Offer::read(entry, &Value::Null))
        };
        Ok(Ok(ordered.iter().map(candidate).collect()))
    }

    /// The event under another policy. It stands where the other one stood: in the contract, under the
    /// envelope, or in a profile, which has none. Nothing where there is no place for it.
    pub(super) fn under(&self, policy: &str) -> Option<String> {
        let contract: Members<'_> = serde_json::from_str(self.members.get("contract")?).ok()?;
        if contract.get("policy_ir").is_some() {
            let contract = with(&contract, "policy_ir", policy);
            return Some(with(&self.members, "contract", &contract));
        }
        let config: Members<'_> = serde_json::from_str(self.members.get("config")?).ok()?;
        let profiles: Members<'_> =
            serde_json::from_str(config.get("profiles").unwrap_or("{}")).ok()?;
        // a profile of its own: others may extend the one that the contract names
        let mut name = "other".to_owned();
        while profiles.get(&name).is_some() {
            name.push('_');
        }
        let profile = Object::new().with("policy_ir", policy).finish();
        let config = with(&config, "profiles", &with(&profiles, &name, &profile));
        let contract = with(&contract, "profile", &quote(&name));
        let event = with(&self.members, "config", &config);
        Some(with(&serde_json::from_str(&event).ok()?, "contract", &contract))
    }
}

/// An object with another value of one member.
fn with(members: &Members<'_>, key: &str, value: &str) -> String {
    let others = members.0.iter().filter(|(known, _)| known != key);
    others
        .fold(Object::new(), |object, (key, value)| object.with(key, value.get()))
        .with(key, value)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_policy_goes() {
        let policy = r#"["p"]"#;
        let under = |event: &str| Ask::read(event).unwrap().under(policy).unwrap();
        assert_eq!(
            under(r#"{"kind":"start","config":{},"contract":{"policy_ir":1,"seed":1.0}}"#),
            r#"{"kind":"start","config":{},"contract":{"seed":1.0,"policy_ir":["p"]}}"#
        );
        assert_eq!(
            under(
                r#"{"config":{"profiles":{"other":{"extends":"a"}},"b":1e0},"contract":{"profile":"x"},"kind":"rank"}"#
            ),
            r#"{"kind":"rank","config":{"b":1e0,"profiles":{"other":{"extends":"a"},"other_":{"policy_ir":["p"]}}},"contract":{"profile":"other_"}}"#
        );
        let ask = Ask::read(r#"{"kind":"start","now_ms":1}"#).unwrap();
        assert_eq!(ask.ranked(), r#"{"now_ms":1,"kind":"rank"}"#);
        assert_eq!(ask.under(policy), None);
        for event in ["[]", "{}", r#"{"kind":"respond"}"#, r#"{"kind":7}"#] {
            assert!(Ask::read(event).is_none(), "{event}");
        }
    }
}
