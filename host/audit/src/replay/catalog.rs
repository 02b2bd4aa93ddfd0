//! A catalog with its changes, as the text that a stateless decision takes.
//!
//! The values of members keep their text: the engine reads numbers its own way.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::value::RawValue;
use sigmapol_core::json::{Members, Object};

/// A catalog, as it is after some changes.
#[derive(Clone, Debug)]
pub(super) struct CatalogText {
    candidates: Vec<Table>,
    /// Sections of the state, each a table; nothing for a catalog without one.
    state: Option<BTreeMap<String, Table>>,
    vocabulary: Option<String>,
}

/// The members of an object, each value as its text; nothing for one that was taken out.
type Table = Vec<Option<(String, String)>>;

/// Where the members of a table are: a text may have two of one name, which the engine then refuses.
type Places = HashMap<String, Vec<usize>>;

/// What a member takes beside its texts.
const MEMBER_BYTES: usize = size_of::<Option<(String, String)>>();

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
    members.0.iter().map(|(key, value)| Some((key.clone(), value.get().to_owned()))).collect()
}

fn places(table: &Table) -> Places {
    let mut places = Places::new();
    for (at, member) in table.iter().enumerate() {
        if let Some((key, _)) = member {
            places.entry(key.clone()).or_default().push(at);
        }
    }
    places
}

fn set(table: &mut Table, places: &mut Places, key: &str, value: &str) {
    match places.get(key).and_then(|places| table.get_mut(*places.first()?)) {
        Some(Some((_, known))) => value.clone_into(known),
        _ => {
            places.insert(key.to_owned(), vec![table.len()]);
            table.push(Some((key.to_owned(), value.to_owned())));
        }
    }
}

fn text(table: &Table) -> String {
    let members = table.iter().flatten();
    members.fold(Object::new(), |object, (key, value)| object.with(key, value)).finish()
}

fn bytes(table: &Table) -> usize {
    let member = |member: &Option<(String, String)>| {
        MEMBER_BYTES + member.as_ref().map_or(0, |(key, value)| key.len() + value.len())
    };
    table.iter().map(member).sum()
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

    /// The catalog after changes, texts that [`sigmapol::Catalog::patch`] took one after the other;
    /// nothing where they are none.
    pub(super) fn patched<'c>(&self, changes: impl Iterator<Item = &'c str>) -> Option<Self> {
        let mut draft =
            Draft { catalog: self.clone(), candidates: HashMap::new(), sections: HashMap::new() };
        for changes in changes {
            draft.patch(changes)?;
        }
        Some(draft.catalog)
    }

    /// About how much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let sections = self.state.iter().flat_map(BTreeMap::values);
        let tables: usize = self.candidates.iter().chain(sections).map(bytes).sum();
        tables + self.vocabulary.as_ref().map_or(0, String::len)
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

/// A catalog while changes are made to it. What is looked up is looked up once, so that so many
/// changes take so much time, however large what they change is.
struct Draft {
    catalog: CatalogText,
    candidates: HashMap<usize, Places>,
    sections: HashMap<&'static str, Places>,
}

impl Draft {
    fn patch(&mut self, changes: &str) -> Option<()> {
        let changes: Vec<Change<'_>> = serde_json::from_str(changes).ok()?;
        for change in changes {
            if let Some(provider) = change.provider {
                if change.candidate.is_some() || change.set.is_some() {
                    return None;
                }
                let flag = |open: bool| if open { "true" } else { "false" };
                if let Some(open) = change.breaker_open {
                    self.set("breakers", &provider, flag(open));
                }
                if let Some(credits) = change.credits {
                    self.set("credits", &provider, credits.get());
                }
                match change.disabled {
                    Some(true) => self.set("disabled", &provider, "true"),
                    Some(false) => self.remove("disabled", &provider),
                    None => {}
                }
            } else {
                let at = change.candidate?;
                let candidate = self.catalog.candidates.get_mut(at)?;
                let places = self.candidates.entry(at).or_insert_with(|| places(candidate));
                for (key, value) in &change.set.unwrap_or_default().0 {
                    set(candidate, places, key, value.get());
                }
            }
        }
        Some(())
    }

    fn set(&mut self, section: &'static str, provider: &str, value: &str) {
        let state = self.catalog.state.get_or_insert_default();
        let table = state.entry(section.to_owned()).or_default();
        let places = self.sections.entry(section).or_insert_with(|| places(table));
        set(table, places, provider, value);
    }

    /// A provider is disabled by any entry; a section that was not there stays away.
    fn remove(&mut self, section: &'static str, provider: &str) {
        let state = self.catalog.state.as_mut();
        let Some(table) = state.and_then(|state| state.get_mut(section)) else { return };
        let places = self.sections.entry(section).or_insert_with(|| places(table));
        for at in places.remove(provider).unwrap_or_default() {
            if let Some(gone) = table.get_mut(at) {
                *gone = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_made_in_the_text() {
        let catalog = CatalogText::read(
            r#"{"candidates":[{"provider_id":"a","price_in":1.50},{"provider_id":"b"}],
                "state":{"disabled":{"a":7}}}"#,
        )
        .unwrap();
        let patched = |catalog: &CatalogText, changes: &str| catalog.patched([changes].into_iter());
        let catalog = patched(
            &catalog,
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
        let without = CatalogText::read(r#"{"candidates":[]}"#).unwrap();
        let without = patched(&without, r#"[{"provider":"a","disabled":false}]"#).unwrap();
        assert_eq!(without.with(&ctx), r#"{"candidates":[],"seed":1}"#);
        // two entries of one provider go together
        let twice = r#"{"candidates":[],"state":{"disabled":{"a":1,"b":2,"a":3}}}"#;
        let twice =
            patched(&CatalogText::read(twice).unwrap(), r#"[{"provider":"a","disabled":false}]"#);
        assert_eq!(
            twice.unwrap().with(&ctx),
            r#"{"candidates":[],"state":{"disabled":{"b":2}},"seed":1}"#
        );
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
        let catalog = CatalogText::read(r#"{"candidates":[]}"#).unwrap();
        for changes in [
            r#"[{"provider":"p","candidate":0}]"#,
            r#"[{"provider":"p","evil":1}]"#,
            "{}",
            r#"[{"candidate":0,"set":{}}]"#,
            "[{}]",
        ] {
            assert!(catalog.patched([changes].into_iter()).is_none(), "{changes}");
        }
    }
}
