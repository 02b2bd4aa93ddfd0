//! What a contract comes down to, without a run: for people who want to know before a call.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use sigmapol_core::{
    Effect, Engine as _, Native,
    json::{Members, Object},
};

use super::{Router, RouterError, outcome::result, router::event, supplies::router_text};

/// Lets everybody through, in their order.
const EVERYBODY: &str =
    r#"["policy",["top"],["zero"],["ordered"],["id"],["always",{"action":"abort"}]]"#;

/// What a contract comes down to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Resolved {
    /// The policy that runs, as JSON: lowered where the profile has none, under the envelope where it
    /// is the contract's own.
    pub policy: String,
    /// All candidates, in their order, with the prices that they are ranked by; those of a pin, where
    /// the contract has one.
    pub candidates: Vec<Value>,
    /// Those that the filter rejects: indices into `candidates`.
    pub rejected: Vec<usize>,
}

/// Of a caller's own, whom no configuration names.
const SOMEBODY: &str = r#"{"provider_id":"somebody","model_family":"somebody"}"#;
const PINNED: &str = r#"{"pin":{"provider":"somebody","model":"somebody"}}"#;

/// As far as it is looked at, the engine's state of a run. One that ended as it began has no plan.
#[derive(Deserialize)]
struct Started<'a> {
    #[serde(borrow)]
    plan: Option<Plan<'a>>,
}

#[derive(Deserialize)]
struct Plan<'a> {
    #[serde(borrow)]
    policy: &'a RawValue,
    candidates: Vec<Value>,
}

impl Router {
    /// What a contract comes down to at this moment. Nothing is called, recorded or remembered, and
    /// the engine is native code: for contracts whose cost is trusted.
    ///
    /// # Errors
    ///
    /// As for [`rank`](Self::rank).
    pub fn resolve(&self, contract: &str) -> Result<Resolved, RouterError> {
        let (contract, _) = self.split(contract)?;
        let config = self.config().text();
        // says what is wrong with the contract
        self.begun(config, &contract, self.is_reference())?;
        let policy = self.policy_that_runs(config, &contract)?;
        let policy = policy.as_str();
        // the envelope is in that policy already
        let bare = without(config, &["policy_envelope"])?;
        let contract = without(&contract, &["profile", "policy_ir"])?;
        let ranked = |policy: &str| -> Result<Vec<Value>, RouterError> {
            let contract = with(&contract, "policy_ir", policy)?;
            let run = self.begun(&bare, &contract, self.is_reference())?;
            Ok(read::<Started<'_>>(&run)?.plan.map_or_else(Vec::new, |plan| plan.candidates))
        };
        let survivors = ranked(&in_their_order(policy)?)?;
        let candidates = ranked(EVERYBODY)?;
        let mut left = survivors.into_iter().peekable();
        let passed = |candidate: &Value| left.next_if(|next| next == candidate).is_some();
        let passed: Vec<bool> = candidates.iter().map(passed).collect();
        let rejected = passed.iter().enumerate().filter(|(_, passed)| !**passed);
        let rejected = rejected.map(|(at, _)| at).collect();
        Ok(Resolved { policy: policy.to_owned(), candidates, rejected })
    }

    /// The policy of a run that is begun for somebody who is always called: in the `reference` profile a
    /// pin goes past the filter.
    fn policy_that_runs(&self, config: &str, contract: &str) -> Result<String, RouterError> {
        let contract = without(contract, &["extra_candidates", "protocol", "requirements"])?;
        let contract = with(&contract, "extra_candidates", &format!("[{SOMEBODY}]"))?;
        let run = self.begun(config, &with(&contract, "requirements", PINNED)?, true)?;
        let plan = read::<Started<'_>>(&run)?.plan;
        let missing = || RouterError::Failed("resolve: the engine began no run".to_owned());
        plan.map(|plan| plan.policy.get().to_owned()).ok_or_else(missing)
    }

    /// The state of a run that is begun and dropped.
    fn begun(&self, config: &str, contract: &str, reference: bool) -> Result<String, RouterError> {
        let router = router_text(config, reference, None);
        let members: Members<'_> = read(&router)?;
        let offers = self.offers();
        let mut all = vec![("contract", contract)];
        all.extend(members.0.iter().map(|(key, value)| (key.as_str(), value.get())));
        all.extend(offers.as_deref().map(|offers| ("offers", offers)));
        let event = event("start", &all, Some(&self.state()), self.clock().now_ms());
        let turn = Native.step(None, &event)?.value;
        match &turn.effect {
            Effect::Done(done) if turn.run == "{}" => {
                result(done)?;
                Err(RouterError::Failed("start: the engine began no run".to_owned()))
            }
            _ => Ok(turn.run),
        }
    }
}

/// The policy, with a selector that leaves everybody in.
fn in_their_order(policy: &str) -> Result<String, RouterError> {
    let mut slots: Vec<Box<RawValue>> = read(policy)?;
    if let Some(selector) = slots.get_mut(3) {
        *selector = read(r#"["ordered"]"#)?;
    }
    let slots: Vec<&str> = slots.iter().map(|slot| slot.get()).collect();
    Ok(format!("[{}]", slots.join(",")))
}

fn without(object: &str, keys: &[&str]) -> Result<String, RouterError> {
    let members: Members<'_> = read(object)?;
    let kept = members.0.iter().filter(|(key, _)| !keys.contains(&key.as_str()));
    Ok(kept.fold(Object::new(), |object, (key, value)| object.with(key, value.get())).finish())
}

fn with(object: &str, key: &str, value: &str) -> Result<String, RouterError> {
    Ok(Object::new().with_all(&read(object)?).with(key, value).finish())
}

/// Of texts that the engine has written or read.
fn read<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, RouterError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit(); // the engine has counted
    T::deserialize(&mut reader).map_err(|error| RouterError::Failed(format!("resolve: {error}")))
}
