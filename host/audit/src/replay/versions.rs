//! The catalogs that decisions were made over, each with its changes.

use std::{collections::VecDeque, sync::Arc};

use super::catalog::CatalogText;
use crate::over::{Link, Over};

/// The most changes of one catalog: so many are read when a ledger names the last of them.
const CHANGES: usize = 1_000_000;

/// Bytes of versions that are kept. Decisions follow each other over one version or the next; those
/// of many threads, or of several catalogs, go back and forth between a few.
const KEPT_BYTES: usize = 64 << 20;

/// How far changes are followed in all, in bytes: so many times those of the texts of the ledger, and
/// so many more. A recorder names one change after the other, each of which is followed once; only a
/// ledger that was made to take long goes back and forth between the ends of long chains.
const FOLLOWED_TIMES: usize = 8;
const FOLLOWED_BYTES: usize = 64 << 20;

/// Versions of catalogs, the ones that were used last.
#[derive(Debug)]
pub(super) struct Versions {
    /// The last one that was used comes last.
    kept: VecDeque<(Over, Arc<CatalogText>)>,
    bytes: usize,
    /// How many bytes of changes may still be followed.
    left: usize,
}

impl Default for Versions {
    fn default() -> Self {
        Self { kept: VecDeque::new(), bytes: 0, left: FOLLOWED_BYTES }
    }
}

impl Versions {
    /// A text of the ledger was met: what is named in it may be followed so much farther.
    pub(super) fn allow(&mut self, bytes: usize) {
        self.left = self.left.saturating_add(bytes.saturating_mul(FOLLOWED_TIMES));
    }

    /// The catalog with its changes; nothing where it cannot be put together. `find` finds the text of
    /// a digest.
    pub(super) fn get<T: AsRef<str>>(
        &mut self,
        over: &Over,
        mut find: impl FnMut(&str) -> Option<T>,
    ) -> Option<Arc<CatalogText>> {
        let mut links = Vec::new();
        let mut at = over.clone();
        let known = loop {
            if let Some(known) = self.find(&at) {
                break known;
            }
            let Some(last) = at.changes.take() else {
                let read = Arc::new(CatalogText::read(find(&at.catalog)?.as_ref())?);
                self.keep(at, &read);
                break read;
            };
            if links.len() == CHANGES {
                return None;
            }
            let text = find(&last)?;
            self.left = self.left.checked_sub(text.as_ref().len())?;
            let link: Link<'_> = serde_json::from_str(text.as_ref()).ok()?;
            links.push(link.changes.get().to_owned());
            at.changes = link.after;
        };
        if links.is_empty() {
            return Some(known);
        }
        let made = Arc::new(known.patched(links.iter().rev().map(String::as_str))?);
        self.keep(over.clone(), &made);
        Some(made)
    }

    fn find(&mut self, over: &Over) -> Option<Arc<CatalogText>> {
        let at = self.kept.iter().rposition(|(known, _)| known == over)?;
        let found = self.kept.remove(at)?;
        let catalog = Arc::clone(&found.1);
        self.kept.push_back(found);
        Some(catalog)
    }

    fn keep(&mut self, over: Over, catalog: &Arc<CatalogText>) {
        self.bytes += catalog.bytes();
        self.kept.push_back((over, Arc::clone(catalog)));
        while self.bytes > KEPT_BYTES && self.kept.len() > 1 {
            let Some((_, oldest)) = self.kept.pop_front() else { break };
            self.bytes -= oldest.bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;

    /// A chain over one catalog: its texts, and its versions from the first on.
    fn chain(changes: usize, candidate_bytes: usize) -> (HashMap<String, String>, Vec<Over>) {
        let mut texts = HashMap::new();
        let name = "m".repeat(candidate_bytes);
        let catalog = json!({ "candidates": [{ "provider_id": "p", "model_family": name }] });
        texts.insert("catalog".to_owned(), catalog.to_string());
        let mut versions = vec![Over { catalog: "catalog".to_owned(), changes: None }];
        for number in 0..changes {
            let set = json!([{ "candidate": 0, "set": { "price_in": number } }]);
            let mut link = json!({ "changes": set });
            if let Some(after) = &versions[number].changes {
                link["after"] = json!(after);
            }
            texts.insert(number.to_string(), link.to_string());
            versions
                .push(Over { catalog: "catalog".to_owned(), changes: Some(number.to_string()) });
        }
        (texts, versions)
    }

    fn price(catalog: &CatalogText) -> Option<u64> {
        let ctx = catalog.with(&serde_json::from_str("{}").unwrap());
        let ctx: serde_json::Value = serde_json::from_str(&ctx).unwrap();
        ctx["candidates"][0]["price_in"].as_u64()
    }

    /// However decisions jump between versions, each change is followed once.
    #[test]
    fn back_and_forth() {
        let (texts, versions) = chain(200, 10);
        let mut looked = 0;
        let mut known = Versions::default();
        for round in 0..100 {
            for (at, expected) in [(200, Some(199)), (100, Some(99)), (0, None), (round, None)] {
                let found = known.get(&versions[at], |digest| {
                    looked += 1;
                    texts.get(digest)
                });
                let found = price(&found.unwrap());
                let of = |at: usize| at.checked_sub(1).map(|price| price as u64);
                assert_eq!(found, expected.or_else(|| of(at)));
            }
        }
        // the chain of the last, that of the middle, one link for each other one, and the catalog
        assert!(looked <= 200 + 100 + 100 + 1, "{looked}");
    }

    /// Versions too large to be kept: what is followed has an end, and a chain in order has none.
    #[test]
    fn what_is_followed_has_an_end() {
        let (texts, versions) = chain(1000, KEPT_BYTES / 2 + 1);
        let mut known = Versions::default();
        let links: usize =
            texts.iter().filter(|(name, _)| *name != "catalog").map(|(_, text)| text.len()).sum();
        known.left = 0;
        known.allow(links);
        for version in &versions[..4] {
            assert!(known.get(version, |digest| texts.get(digest)).is_some());
        }
        let jumps = (0..20).take_while(|jump| {
            let version = if jump % 2 == 0 { &versions[1000] } else { &versions[0] };
            known.get(version, |digest| texts.get(digest)).is_some()
        });
        // eight times, each jump to the end being all links but those that it begins with
        assert_eq!(jumps.count().div_ceil(2), FOLLOWED_TIMES);
    }

    #[test]
    fn what_cannot_be_put_together() {
        let (mut texts, versions) = chain(3, 10);
        texts.insert("1".to_owned(), "[]".to_owned());
        let mut known = Versions::default();
        assert!(known.get(&versions[1], |digest| texts.get(digest)).is_some());
        assert!(known.get(&versions[3], |digest| texts.get(digest)).is_none());
        let elsewhere = Over { catalog: "nowhere".to_owned(), changes: None };
        assert!(known.get(&elsewhere, |digest| texts.get(digest)).is_none());
    }
}
