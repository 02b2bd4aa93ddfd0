//! The verbs by way of what is read before: each decision loads a catalog and decides over it once,
//! each step loads a router.
//!
//! For vectors, not for speed: what holds for [`Sandbox`] has to hold for catalogs and routers.

use sigmapol_core::json::{Members, Object};
use sigmapol_engine::{Admission, Decision, Turn, router_members};

use crate::{Engine, Error, Metered, Policy, Sandbox, Stepper};

/// A configuration for events that take none.
const EMPTY: &str = r#"{"models":{},"profiles":{},"providers":{}}"#;

/// Makes every decision over a [`Catalog`](crate::Catalog) of its own, and every step over a
/// [`Ranker`](crate::Ranker).
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
        let Ok(members) = serde_json::from_str::<Members<'_>>(event) else {
            return self.0.step(run, event);
        };
        let kind = members.get("kind").and_then(|kind| serde_json::from_str::<String>(kind).ok());
        let taken = router_members(kind.as_deref().unwrap_or_default());
        let part = |of_router: bool| {
            let belongs = |(key, _): &&(String, _)| taken.contains(&key.as_str()) == of_router;
            let members = members.0.iter().filter(belongs);
            members.fold(Object::new(), |part, (key, value)| part.with(key, value.get()))
        };
        let router = match taken.contains(&"config") {
            true => part(true),
            false => part(true).with("config", EMPTY),
        };
        // what only a stateless step can do: also to say what is wrong with a configuration
        match self.0.ranker(router.finish()) {
            Ok(router) => router.step(run, &part(false).finish()),
            Err(_) => self.0.step(run, event),
        }
    }

    fn stepper(&self, router: &str) -> Result<Box<dyn Stepper>, Error> {
        self.0.stepper(router)
    }
}
