//! Catalogs: read once, decided over many times, from any number of threads.

use std::{collections::HashMap, fmt};

use sigmapol_engine::Choice;
use wasmtime::Store;

use crate::{
    Error, Metered, Sandbox,
    meter::Meter,
    policy::{Given, PolicyRef},
    pool::{Answer, Guest, Instance, Kind, Pools, Version, plain},
};

/// The most policies that an instance admits before another one takes its place: they stay in its
/// memory. Who decides by ever new ones loads the catalog again once in so many decisions.
const POLICIES: usize = 1024;

/// The most bytes of their texts, of terms of 4,096 nodes some hundreds. What an instance keeps of
/// them is a fraction of its 256 MiB.
const POLICY_BYTES: usize = 8 << 20;

/// A catalog that is ready to be decided over; a clone is the same catalog.
#[derive(Clone)]
pub struct Catalog(Pools<Policies>);

/// The numbers that policies have in an instance that holds a catalog.
#[derive(Default)]
struct Policies {
    prepared: HashMap<u64, u32>,
    texts: HashMap<String, u32>,
    /// Of the texts of all.
    bytes: usize,
}

impl Kind for Policies {
    /// How many candidates there are.
    type Loaded = u32;

    const TEXT: &str = "catalog";
    const CHANGE: &str = "changes";
    const REPLACES: bool = false;

    fn is_full(&self) -> bool {
        self.prepared.len() + self.texts.len() >= POLICIES || self.bytes >= POLICY_BYTES
    }

    fn load(guest: &Guest, store: &mut Store<Meter>, text: &str) -> Answer<u32> {
        plain(guest.call_load(store, text))
    }

    fn change(guest: &Guest, store: &mut Store<Meter>, change: &str) -> Answer<()> {
        Ok(plain(guest.call_patch(store, change))?.map(|_| ()))
    }
}

impl Sandbox {
    /// Reads a catalog: `{candidates, vocabulary?, state?}`.
    ///
    /// # Errors
    ///
    /// A refusal of the catalog; limits and traps as [`Error`] describes them.
    pub fn catalog(&self, text: impl Into<String>) -> Result<Catalog, Error> {
        Pools::new(self, text.into()).map(Catalog)
    }
}

impl Catalog {
    /// The sandbox that it was read in.
    pub const fn sandbox(&self) -> &Sandbox {
        self.0.sandbox()
    }

    /// How many candidates there are.
    pub fn candidates(&self) -> u32 {
        self.0.pool().loaded
    }

    /// Decides by a policy, or by the text of one, which is admitted once and remembered, as a
    /// [`Policy`](crate::Policy) is. `ctx` is `{request?, body?, state?, seed?, now_ms?, failures?}`; a state
    /// of its own takes the place of the catalog's. The choice is the decision that
    /// [`decide`](crate::Engine::decide) makes of the same texts.
    ///
    /// # Errors
    ///
    /// A refusal of the policy or the ctx; limits and traps as [`Error`] describes them.
    pub fn decide<'p>(
        &self,
        policy: impl Into<PolicyRef<'p>>,
        ctx: &str,
    ) -> Result<Metered<Choice>, Error> {
        self.decide_at(policy, ctx).1
    }

    /// As [`decide`](Self::decide), and what was decided over.
    pub fn decide_at<'p>(
        &self,
        policy: impl Into<PolicyRef<'p>>,
        ctx: &str,
    ) -> (Version, Result<Metered<Choice>, Error>) {
        let policy = policy.into();
        self.0.call_at(|instance, sandbox| {
            let number = instance.number(sandbox, policy)?;
            instance.call(sandbox, &[("ctx", ctx)], |guest, store| {
                Ok(plain(guest.call_decide(store, number, ctx))?.map(Choice::from))
            })
        })
    }

    /// Applies changes, all or none: `[{candidate, set: {field: value}}]` for what candidates say of
    /// themselves, `[{provider, breaker_open?, disabled?, credits?}]` for the state. Decisions that
    /// begin later see them.
    ///
    /// # Errors
    ///
    /// A refusal of the changes; limits and traps as [`Error`] describes them.
    pub fn patch(&self, changes: &str) -> Result<(), Error> {
        self.0.change(changes)
    }

    /// Puts another text in the place of this one. Decisions that are being made are made over the
    /// old one; nobody waits.
    ///
    /// # Errors
    ///
    /// As for [`Sandbox::catalog`]; the old text stays.
    pub fn replace(&self, text: impl Into<String>) -> Result<(), Error> {
        self.0.replace(text.into())
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog").field("candidates", &self.candidates()).finish_non_exhaustive()
    }
}

impl Instance<Policies> {
    /// The number of a policy here, once it is admitted.
    fn number(&mut self, sandbox: &Sandbox, policy: PolicyRef<'_>) -> Result<u32, Error> {
        let known = match policy.given() {
            Given::Prepared { number } => self.own.prepared.get(&number),
            Given::Text => self.own.texts.get(policy.term()),
        };
        if let Some(known) = known {
            return Ok(*known);
        }
        let (term, options) = (policy.term(), policy.options());
        let inputs = [("policy", term), ("options", options)];
        let admitted = self.call(sandbox, &inputs, |guest, store| {
            plain(guest.call_policy(store, term, options))
        })?;
        self.settle(sandbox)?;
        self.own.bytes += term.len() + options.len();
        match policy.given() {
            Given::Prepared { number } => self.own.prepared.insert(number, admitted.value),
            Given::Text => self.own.texts.insert(term.to_owned(), admitted.value),
        };
        Ok(admitted.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Policy;

    /// A policy that prefers the second candidate, and has a number in it.
    fn text(number: usize) -> String {
        format!(
            r#"["policy",["top"],["scale",{},["field","price_in"]],["argmax"],["id"],["always",{{"action":"abort"}}]]"#,
            number + 1
        )
    }

    fn catalog() -> Catalog {
        let candidates = r#"{"candidates":[
            {"provider_id":"a","model_family":"m","price_in":1},
            {"provider_id":"b","model_family":"m","price_in":2}]}"#;
        Sandbox::new().unwrap().catalog(candidates).unwrap()
    }

    /// How many policies the idle instance has admitted, of how many bytes.
    fn admitted(catalog: &Catalog) -> (usize, usize) {
        let count = |instance: &mut Instance<Policies>, _: &Sandbox| {
            let Policies { prepared, texts, bytes } = &instance.own;
            Ok((prepared.len() + texts.len(), *bytes))
        };
        catalog.0.call_at(count).1.unwrap()
    }

    #[test]
    fn a_text_is_admitted_once() {
        let catalog = catalog();
        let [first, second] = [text(0), text(1)];
        for _ in 0..3 {
            assert_eq!(catalog.decide(&first, "{}").unwrap().value.ordered, [1, 0]);
            assert_eq!(catalog.decide(second.as_str(), "{}").unwrap().value.ordered, [1, 0]);
        }
        let bytes = first.len() + second.len() + 2 * "{}".len();
        assert_eq!(admitted(&catalog), (2, bytes));
        // one that is refused is not remembered
        assert_eq!(catalog.decide("[]", "{}").unwrap_err().code(), "refused term-shape");
        assert_eq!(admitted(&catalog).0, 2);
        // a prepared policy is another one, though its text is the same
        let policy = Policy::new(first.as_str());
        let prepared = catalog.decide(&policy, "{}").unwrap();
        assert_eq!(prepared.value, catalog.decide(&first, "{}").unwrap().value);
        assert_eq!(admitted(&catalog).0, 3);
    }

    #[test]
    fn ever_new_texts_take_no_more_memory() {
        let catalog = catalog();
        for number in 0..POLICIES + 10 {
            let choice = catalog.decide(&text(number), "{}").unwrap().value;
            assert_eq!(choice.ordered, [1, 0]);
        }
        assert_eq!(admitted(&catalog).0, 10);
        // two of four MiB, whose spaces are not kept
        let long = |number| format!("{}{}", text(number), " ".repeat(POLICY_BYTES / 2));
        catalog.decide(&long(0), "{}").unwrap();
        assert_eq!(admitted(&catalog).0, 11);
        catalog.decide(&long(1), "{}").unwrap();
        assert_eq!(admitted(&catalog), (0, 0));
    }
}
