//! The verbs by way of a catalog: each decision loads one and decides over it once.
//!
//! For vectors, not for speed: what holds for [`Sandbox`] has to hold for catalogs.

use sigmapol_core::json::{Members, Object};
use sigmapol_engine::{Admission, Decision, Turn};

use crate::{Engine, Error, Metered, Policy, Sandbox};

/// Makes every decision over a [`Catalog`](crate::Catalog) of its own.
#[derive(Clone, Debug)]
pub struct PreparedEngine(Sandbox);

impl PreparedEngine {
    /// In this sandbox.
    pub const fn new(sandbox: Sandbox) -> Self {
        Self(sandbox)
    }
}

impl Engine for PreparedEngine {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
        self.0.admit(term, vocabulary)
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
        self.0.hash(term, vocabulary)
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
        let Ok(Members(members)) = serde_json::from_str(ctx) else {
            return self.0.decide(policy, ctx); // whatever is wrong with it, in the engine's words
        };
        let part = |belongs: fn(&str) -> bool| {
            let members = members.iter().filter(|(key, _)| belongs(key));
            members.fold(Object::new(), |part, (key, value)| part.with(key, value.get())).finish()
        };
        let is_catalog = |key: &str| matches!(key, "candidates" | "state" | "vocabulary");
        let is_option = |key: &str| matches!(key, "customs" | "envelope");
        let catalog = self.0.catalog(part(is_catalog))?;
        let policy = Policy::with_options(policy, part(is_option));
        let rest = part(|key| {
            !matches!(key, "candidates" | "state" | "vocabulary" | "customs" | "envelope")
        });
        let Metered { value, spent } = catalog.decide(&policy, &rest)?;
        Ok(Metered { value: value.into(), spent })
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        self.0.step(run, event)
    }
}
