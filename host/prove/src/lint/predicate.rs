//! Predicates that name what is not there.

use std::collections::BTreeSet;

use crate::{Finding, Level, Path, nearest};

use super::{Lint, term::Term};

/// The capabilities that requirements and the field `context` look at.
pub(crate) const CAPABILITIES: [&str; 5] =
    ["context", "supports_json_mode", "supports_seed", "supports_tools", "supports_vision"];

impl Lint<'_> {
    pub(super) fn predicate(&mut self, term: &Term<'_>) {
        let facts = self.facts;
        let word = term.word(1);
        match term.op {
            "has_cap" => self.capability(word, &term.path),
            "provider_eq" => self.named("L010", "provider", word, facts.providers.as_ref(), term),
            "family_eq" => self.named("L010", "model family", word, facts.families.as_ref(), term),
            "served_by_eq" => self.named("L010", "peer", word, facts.peers.as_ref(), term),
            "tier_eq" | "min_tier" => {
                if term.op == "min_tier"
                    && let Some(order) = &facts.tier_order
                    && !order.iter().any(|tier| tier == "fallback")
                {
                    let message = "tier_order does not name 'fallback', so who names no tier fails";
                    self.note("L017", &term.path, message);
                }
                if let Some(tiers) = facts.tiers.as_ref().filter(|tiers| !tiers.contains(word)) {
                    let message = format!("no candidate is of tier '{word}'");
                    let tiers = tiers.iter().map(String::as_str);
                    let finding = Finding::new("L011", Level::Warning, &term.path, message);
                    self.push(finding.with_nearest(nearest(word, tiers)));
                }
            }
            _ => {}
        }
        for term in term.terms() {
            self.predicate(&term);
        }
    }

    /// Where the candidates are not known, a word that is nearly one of the language's is not meant.
    fn capability(&mut self, word: &str, at: &Path) {
        let known = self.facts.capabilities.as_ref();
        if CAPABILITIES.contains(&word) || known.is_some_and(|known| known.contains(word)) {
            return;
        }
        let words = known.into_iter().flatten().map(String::as_str);
        let nearest = nearest(word, CAPABILITIES.into_iter().chain(words));
        if known.is_none() && nearest.is_none() {
            return;
        }
        let message = format!("nobody has the capability '{word}'");
        self.push(Finding::new("L009", Level::Warning, at, message).with_nearest(nearest));
    }

    fn named(
        &mut self,
        code: &'static str,
        what: &str,
        word: &str,
        known: Option<&BTreeSet<String>>,
        term: &Term<'_>,
    ) {
        let Some(known) = known.filter(|known| !known.contains(word)) else { return };
        let message = format!("there is no {what} '{word}'");
        let known = known.iter().map(String::as_str);
        let finding = Finding::new(code, Level::Warning, &term.path, message);
        self.push(finding.with_nearest(nearest(word, known)));
    }
}
