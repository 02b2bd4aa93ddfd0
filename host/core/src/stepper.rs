//! Steps over one router, whether it was read before or goes into every event.

use std::sync::Arc;

use sigmapol_engine::{Turn, router_members};

use crate::{
    Engine, Error, Metered,
    json::{Members, Object},
};

/// Takes steps over a router. The turns are those of [`Engine::step`] for the same event with the
/// members of the router put into it ([`RouterText::put_into`]), whoever takes them.
pub trait Stepper: Send + Sync {
    /// One step of a run; without `run`, the event starts one. A state in the event takes the place
    /// of the router's.
    ///
    /// # Errors
    ///
    /// A refusal of the run or the event; limits and traps as [`Error`] describes them.
    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error>;

    /// The step for an event without a state, with this one put into it ([`put_state`]). Who takes
    /// many under the same, which its pointer tells, may read it once.
    ///
    /// # Errors
    ///
    /// As for [`step`](Self::step).
    fn step_under(
        &self,
        state: &Arc<str>,
        run: Option<&str>,
        event: &str,
    ) -> Result<Metered<Turn>, Error> {
        self.step(run, &put_state(event, state))
    }
}

/// An event with a runtime state as its last member. One that has a state, or is no object, stays as
/// it is.
pub fn put_state(event: &str, state: &str) -> String {
    match serde_json::from_str::<Members<'_>>(event) {
        Ok(members) if members.get("state").is_none() => {
            Object::new().with_all(&members).with("state", state).finish()
        }
        _ => event.to_owned(),
    }
}

/// A router as text, `{admission?, config, multipliers?, state?}`, taken apart.
#[derive(Clone, Debug)]
pub struct RouterText(Vec<(String, String)>);

impl RouterText {
    /// Takes a router apart; nothing where it is no object.
    pub fn new(router: &str) -> Option<Self> {
        let Members(members) = serde_json::from_str(router).ok()?;
        let member =
            |(key, value): (String, &serde_json::value::RawValue)| (key, value.get().to_owned());
        Some(Self(members.into_iter().map(member).collect()))
    }

    /// The event with the members of the router that its kind takes, and a state where it has none:
    /// this one, or that of the router. What is no object stays as it is.
    ///
    /// The members of the router come first: the lines of a configuration are those that a refusal
    /// names.
    pub fn put_into(&self, event: &str, state: Option<&str>) -> String {
        let Ok(members) = serde_json::from_str::<Members<'_>>(event) else {
            return event.to_owned();
        };
        let kind = members.get("kind").and_then(|kind| serde_json::from_str::<String>(kind).ok());
        let taken = router_members(kind.as_deref().unwrap_or_default());
        let stated = members.get("state").is_some();
        let own = self.0.iter().filter(|(key, _)| match key.as_str() {
            "state" => !stated && state.is_none(),
            key => taken.contains(&key),
        });
        own.fold(Object::new(), |event, (key, value)| event.with(key, value))
            .with_some("state", state.filter(|_| !stated))
            .with_all(&members)
            .finish()
    }
}

/// A router that goes into every event.
#[derive(Clone, Debug)]
pub struct Stateless<E> {
    engine: E,
    router: RouterText,
}

impl<E: Engine> Stateless<E> {
    /// Steps of this engine over this router.
    pub const fn new(engine: E, router: RouterText) -> Self {
        Self { engine, router }
    }
}

impl<E: Engine> Stepper for Stateless<E> {
    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        self.engine.step(run, &self.router.put_into(event, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_into_an_event() {
        let router = r#"{"admission":"reference","config":{"a":1.50},"multipliers":{},"state":{}}"#;
        let router = RouterText::new(router).unwrap();
        for (event, state, whole) in [
            (
                r#"{"kind":"start","now_ms":1e3}"#,
                None,
                r#"{"admission":"reference","config":{"a":1.50},"multipliers":{},"state":{},"kind":"start","now_ms":1e3}"#,
            ),
            (
                r#"{"kind":"status"}"#,
                Some(r#"{"b":2}"#),
                r#"{"admission":"reference","config":{"a":1.50},"state":{"b":2},"kind":"status"}"#,
            ),
            (
                r#"{"kind":"respond","state":{"c":3}}"#,
                Some(r#"{"b":2}"#),
                r#"{"admission":"reference","kind":"respond","state":{"c":3}}"#,
            ),
            // what is twice there is for the engine to refuse
            (
                r#"{"kind":"init","config":7,"state":{}}"#,
                None,
                r#"{"admission":"reference","config":{"a":1.50},"kind":"init","config":7,"state":{}}"#,
            ),
            (r#"{"kind":7}"#, None, r#"{"admission":"reference","state":{},"kind":7}"#),
            ("[1]", None, "[1]"),
            ("{", Some("{}"), "{"),
        ] {
            assert_eq!(router.put_into(event, state), whole);
        }
        assert!(RouterText::new("[]").is_none());
    }

    #[test]
    fn a_state_goes_into_an_event_that_has_none() {
        for (event, whole) in [
            (
                r#"{"kind":"start","now_ms":1e3}"#,
                r#"{"kind":"start","now_ms":1e3,"state":{"a":1}}"#,
            ),
            ("{}", r#"{"state":{"a":1}}"#),
            (r#"{"state":{},"kind":"rank"}"#, r#"{"state":{},"kind":"rank"}"#),
            ("[]", "[]"),
        ] {
            assert_eq!(put_state(event, r#"{"a":1}"#), whole);
        }
    }
}
