//! Decisions over a catalog.

use std::sync::Arc;

use sigmapol::{Catalog, PolicyRef, Version};
use sigmapol_core::{
    Choice, Decision, Error, Metered,
    json::{Members, Object},
};
use sigmapol_ledger::LedgerError;

use super::{Base, Recorder, not_recorded};
use crate::{ctx::Parted, facts::names, over::Over, receipt::Chosen};

/// What is known of a catalog; who its candidates are and its vocabulary do not change.
#[derive(Clone)]
pub(super) struct Known {
    over: Over,
    vocabulary: String,
    names: Option<Arc<[Chosen]>>,
}

impl Recorder<Catalog> {
    /// As [`Catalog::decide`], and recorded: what replay makes of it is the stateless decision over
    /// the catalog with its changes.
    ///
    /// # Errors
    ///
    /// As for [`Catalog::decide`], and [`Error::Wrapper`] where the ledger cannot be written.
    pub fn decide<'p>(
        &self,
        policy: impl Into<PolicyRef<'p>>,
        ctx: &str,
    ) -> Result<Metered<Choice>, Error> {
        let policy = policy.into();
        let bodies = self.receipts.recording.bodies;
        let ordered = Parted::new(ctx, bodies);
        let (version, result) = self.engine.decide_at(policy, &ordered.text);
        let whole = with_options(&ordered.text, policy.options());
        let ctx = whole.as_deref().map_or(ordered, |ctx| Parted::new(ctx, bodies));
        let record = || {
            let known = self.receipts.catalog.of(&version, |last| self.known(&version, last))?;
            let base = Base {
                over: Some(known.over.clone()),
                vocabulary: &known.vocabulary,
                names: known.names.clone(),
            };
            let decision = match &result {
                Ok(choice) => {
                    let value = Decision::from(choice.value.clone());
                    Ok(Metered { value, spent: choice.spent })
                }
                Err(error) => Err(error.clone()),
            };
            let sandbox = self.engine.sandbox();
            self.receipts.decision(sandbox, policy.term(), &ctx, base, &decision)
        };
        record().map_err(not_recorded)?;
        result
    }

    fn known(
        &self,
        version: &Version,
        last: Option<(&Version, &Known)>,
    ) -> Result<Known, LedgerError> {
        let draft = self.receipts.sink.draft();
        let over = last.map(|(last, known)| (last, &known.over));
        let over = Over::new(version, over, |text| draft.keep(text))?;
        if let Some((_, known)) = last {
            return Ok(Known { over, ..known.clone() });
        }
        let members: Members<'_> = serde_json::from_str(version.text()).unwrap_or_default();
        Ok(Known {
            over,
            vocabulary: members.get("vocabulary").unwrap_or("{}").to_owned(),
            names: members.get("candidates").and_then(names).map(Arc::from),
        })
    }

    /// As [`Catalog::patch`]; what is decided later is recorded with the changes.
    ///
    /// # Errors
    ///
    /// As for [`Catalog::patch`].
    pub fn patch(&self, changes: &str) -> Result<(), Error> {
        self.engine.patch(changes)
    }

    /// As [`Catalog::replace`]; the text is recorded with the first decision over it.
    ///
    /// # Errors
    ///
    /// As for [`Catalog::replace`].
    pub fn replace(&self, text: impl Into<String>) -> Result<(), Error> {
        self.engine.replace(text)
    }
}

/// A ctx with what the host puts around the policy: what the stateless verb takes in one.
fn with_options(ctx: &str, options: &str) -> Option<String> {
    let options: Members<'_> = serde_json::from_str(options).ok()?;
    if options.0.is_empty() {
        return None;
    }
    let ctx: Members<'_> = serde_json::from_str(ctx).ok()?;
    Some(Object::new().with_all(&ctx).with_all(&options).finish())
}
