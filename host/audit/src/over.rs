//! What was read before a decision or a step: a catalog, and the changes that were made to it; a
//! router, and the state that it was told.
//!
//! The text of the catalog is recorded once. Each change is a text of its own that names the one
//! before, so that a record of a decision names the last one and is as short after a thousand
//! changes as after none.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sigmapol::Version;
use sigmapol_core::json::{Object, quote};

/// A catalog as a record has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Over {
    /// The digest of the text that was read, which is recorded.
    pub catalog: String,
    /// The digest of the last change, which is recorded as `{"after": …, "changes": […]}`: the
    /// changes, and the digest of the text of those before; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<String>,
}

/// A router as the record of a step has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OverRouter {
    /// The digest of the router that was read, `{admission?, config, multipliers?, state?}`.
    pub router: String,
    /// The digest of the runtime state that took the place of the router's; absent where there was
    /// none, and where the event has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// The text of changes, as it is recorded.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Link<'t> {
    /// The digest of the changes before.
    pub(crate) after: Option<String>,
    /// What was given to [`sigmapol::Catalog::patch`].
    #[serde(borrow)]
    pub(crate) changes: &'t RawValue,
}

/// What is known of the version that was recorded last: the next decision is over the same, or over
/// one with a change more.
#[derive(Debug)]
pub(crate) struct Latest<T>(Mutex<Option<(Version, Arc<T>)>>);

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Latest<T> {
    /// What is known of a version. Where it is another than the last one, it is made out of what is
    /// known of that, if both are of the same text.
    pub(crate) fn of<E>(
        &self,
        version: &Version,
        make: impl FnOnce(Option<(&Version, &T)>) -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let known = match known {
            Some((last, known)) if last.is(version) => return Ok(known),
            Some((last, known)) if last.is_of_text(version) => Some((last, known)),
            _ => None,
        };
        let made = Arc::new(make(known.as_ref().map(|(last, known)| (last, &**known)))?);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((version.clone(), Arc::clone(&made)));
        Ok(made)
    }
}

impl Over {
    /// What a record says of a version, each text by the digest that `keep` gives it; `last` is
    /// what it says of another one of the same text.
    pub(crate) fn new<E>(
        version: &Version,
        last: Option<(&Version, &Self)>,
        keep: impl Fn(&str) -> Result<String, E>,
    ) -> Result<Self, E> {
        // changes are only added to a text
        let (mut over, done) = match last.filter(|(last, _)| last.count() <= version.count()) {
            Some((last, over)) => (over.clone(), last.count()),
            None => (Self { catalog: keep(version.text())?, changes: None }, 0),
        };
        for changes in version.changes().skip(done) {
            let link = Object::new()
                .with_some("after", over.changes.as_deref().map(quote).as_deref())
                .with("changes", changes)
                .finish();
            over.changes = Some(keep(&link)?);
        }
        Ok(over)
    }
}
