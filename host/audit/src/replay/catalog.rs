//! A catalog with its changes, as the text that a stateless decision takes.
//!
//! The values of members keep their text: the engine reads numbers its own way.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::value::RawValue;
use sigmapol_core::json::{Members, Object};

/// A catalog that changes.
#[derive(Clone, Debug)]
pub(super) struct CatalogText {
    candidates: Vec<Table>,
    /// Sections of the state, each a table; nothing for a catalog without one.
    state: Option<BTreeMap<String, Table>>,
    vocabulary: Option<String>,
}

/// The members of an object, each value as its text.
type Table = Vec<(String, String)>;

/// A change, checked by the catalog that took it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change<'t> {
    candidate: Option<usize>,
    #[serde(borrow)]
    set: Option<Members<'t>>,
    provider: Option<String>,
    breaker_open: Option<bool>,
    disabled: Option<bool>,
    #[serde(borrow)]
    credits: Option<&'t RawValue>,
}

fn table(members: &Members<'_>) -> Table {
    members.0.iter().map(|(key, value)| (key.clone(), value.get().to_owned())).collect()
}

fn set(table: &mut Table, key: &str, value: &str) {
    match table.iter_mut().find(|(known, _)| known == key) {
        Some((_, slot)) => value.clone_into(slot),
        None => table.push((key.to_owned(), value.to_owned())),
    }
}

fn text(table: &Table) -> String {
    table.iter().fold(Object::new(), |object, (key, value)| object.with(key, value)).finish()
}

impl CatalogText {
    /// Reads a catalog; nothing where it is none.
    pub(super) fn read(catalog: &str) -> Option<Self> {
        let members: Members<'_> = serde_json::from_str(catalog).ok()?;
        let known = |key: &str| ["candidates", "state", "vocabulary"].contains(&key);
        if !members.0.iter().all(|(key, _)| known(key)) {
            return None;
        }
        let candidates: Vec<Members<'_>> = serde_json::from_str(members.get("candidates")?).ok()?;
        let sections = |state: &str| {
            let sections: Members<'_> = serde_json::from_str(state).ok()?;
            let section = |(name, section): &(String, &RawValue)| {
                Some((name.clone(), table(&serde_json::from_str(section.get()).ok()?)))
            };
            sections.0.iter().map(section).collect::<Option<BTreeMap<_, _>>>()
        };
        Some(Self {
            candidates: candidates.iter().map(table).collect(),
            state: match members.get("state") {
                Some(state) => Some(sections(state)?),
                None => None,
            },
            vocabulary: members.get("vocabulary").map(str::to_owned),
        })
    }

    /// Makes changes, as [`sigmapol::Catalog::patch`] does; nothing where they are none.
    pub(super) fn patch(&mut self, changes: &str) -> Option<()> {
        let changes: Vec<Change<'_>> = serde_json::from_str(changes).ok()?;
        for change in changes {
            if let Some(provider) = change.provider {
                if change.candidate.is_some() || change.set.is_some() {
                    return None;
                }
                let flag = |open: bool| if open { "true" } else { "false" };
                if let Some(open) = change.breaker_open {
                    set(self.section("breakers"), &provider, flag(open));
                }
                if let Some(credits) = change.credits {
                    set(self.section("credits"), &provider, credits.get());
                }
                match change.disabled {
                    Some(true) => set(self.section("disabled"), &provider, "true"),
                    // a provider is disabled by any entry; a section that was not there stays away
                    Some(false) => {
                        let disabled = self.state.as_mut().and_then(|s| s.get_mut("disabled"));
                        if let Some(disabled) = disabled {
                            disabled.retain(|(name, _)| *name != provider);
                        }
                    }
                    None => {}
                }
            } else {
                let candidate = self.candidates.get_mut(change.candidate?)?;
                let places: HashMap<String, usize> =
                    candidate.iter().enumerate().map(|(at, (key, _))| (key.clone(), at)).collect();
                for (key, value) in &change.set.unwrap_or_default().0 {
                    match places.get(key).and_then(|at| candidate.get_mut(*at)) {
                        Some((_, slot)) => value.get().clone_into(slot),
                        None => candidate.push((key.clone(), value.get().to_owned())),
                    }
                }
            }
        }
        Some(())
    }

    fn section(&mut self, name: &str) -> &mut Table {
        self.state.get_or_insert_default().entry(name.to_owned()).or_default()
    }

    /// The ctx of a stateless decision: this catalog, and the members of the ctx that was decided
    /// on, whose state takes the place of the catalog's.
    pub(super) fn with(&self, ctx: &Members<'_>) -> String {
        let candidates: Vec<_> = self.candidates.iter().map(text).collect();
        let mut whole = Object::new().with("candidates", &format!("[{}]", candidates.join(",")));
        if let Some(sections) = self.state.as_ref().filter(|_| ctx.get("state").is_none()) {
            let sections = sections.iter();
            let state = sections
                .fold(Object::new(), |state, (name, section)| state.with(name, &text(section)));
            whole = whole.with("state", &state.finish());
        }
        whole.with_some("vocabulary", self.vocabulary.as_deref()).with_all(ctx).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_made_in_the_text() {
        let mut catalog = CatalogText::read(
            r#"{"candidates":[{"provider_id":"a","price_in":1.50},{"provider_id":"b"}],
                "state":{"disabled":{"a":7}}}"#,
        )
        .unwrap();
        catalog
            .patch(
                r#"[{"candidate":1,"set":{"price_in":9007199254740993,"tok_s":1e1}},
                    {"candidate":0,"set":{"price_in":2.0}},
                    {"provider":"a","disabled":false,"breaker_open":true},
                    {"provider":"b","disabled":true,"credits":0.10}]"#,
            )
            .unwrap();
        let ctx = serde_json::from_str(r#"{"seed":1}"#).unwrap();
        assert_eq!(
            catalog.with(&ctx),
            r#"{"candidates":[{"provider_id":"a","price_in":2.0},{"provider_id":"b","price_in":9007199254740993,"tok_s":1e1}],"state":{"breakers":{"a":true},"credits":{"b":0.10},"disabled":{"b":true}},"seed":1}"#
        );
        let mut without = CatalogText::read(r#"{"candidates":[]}"#).unwrap();
        without.patch(r#"[{"provider":"a","disabled":false}]"#).unwrap();
        assert_eq!(without.with(&ctx), r#"{"candidates":[],"seed":1}"#);
        let own = serde_json::from_str(r#"{"state":{}}"#).unwrap();
        assert!(catalog.with(&own).ends_with(r#""tok_s":1e1}],"state":{}}"#));
    }

    #[test]
    fn what_is_no_catalog_or_no_change() {
        for text in [
            r#"{"candidates":[],"envelope":["top"]}"#,
            "[]",
            "{}",
            r#"{"candidates":[1]}"#,
            r#"{"candidates":[],"state":[]}"#,
        ] {
            assert!(CatalogText::read(text).is_none(), "{text}");
        }
        let mut catalog = CatalogText::read(r#"{"candidates":[]}"#).unwrap();
        for changes in [
            r#"[{"provider":"p","candidate":0}]"#,
            r#"[{"provider":"p","evil":1}]"#,
            "{}",
            r#"[{"candidate":0,"set":{}}]"#,
            "[{}]",
        ] {
            assert!(catalog.patch(changes).is_none(), "{changes}");
        }
    }
}
