//! The links of a chain.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{Finding, Level, candidate::text, nearest};

use super::{Lint, filter::passes, term::Term};

impl Lint<'_> {
    pub(super) fn chain(&mut self, term: &Term<'_>, filter: Option<&Value>) {
        let links = term.argument(1).as_array().map_or(&[][..], Vec::as_slice);
        let pairs: Vec<(&str, &str)> = links
            .iter()
            .map(|link| {
                (named(link, "provider", "provider_id"), named(link, "model", "model_family"))
            })
            .collect();
        let last: BTreeMap<(&str, &str), usize> =
            pairs.iter().enumerate().map(|(at, pair)| (*pair, at)).collect();
        for (at, (provider, model)) in pairs.into_iter().enumerate() {
            let path = term.path.at(1).at(at);
            if last.get(&(provider, model)).is_some_and(|last| *last > at) {
                let message = format!("{provider}/{model} comes again, and the last place counts");
                self.warn("L036", &path, message);
                continue;
            }
            let candidates = self.facts.candidates.as_ref();
            let of_pair: Option<Vec<&Value>> = candidates.map(|all| {
                let same = |candidate: &&Value| {
                    text(candidate, "provider_id") == provider
                        && text(candidate, "model_family") == model
                };
                all.iter().filter(same).collect()
            });
            if of_pair.as_ref().is_some_and(Vec::is_empty) {
                let names: Vec<String> =
                    candidates.into_iter().flatten().map(crate::candidate::name).collect();
                let pair = format!("{provider}/{model}");
                let message = format!("no candidate is {pair}");
                let finding = Finding::new("L037", Level::Warning, &path, message);
                let near = nearest(&pair, names.iter().map(String::as_str));
                self.push(finding.with_nearest(near));
                continue;
            }
            let link = json!({"provider_id": provider, "model_family": model});
            let rejected = filter.is_some_and(|filter| {
                let mut candidates = of_pair.unwrap_or_else(|| vec![&link]).into_iter();
                candidates.all(|candidate| passes(filter, candidate) == Some(false))
            });
            if rejected {
                let message = format!("the filter rejects {provider}/{model}");
                self.warn("L035", &path, message);
            }
        }
    }
}

/// As the engine reads a link: the short key, else the long one.
fn named<'v>(link: &'v Value, key: &str, alias: &str) -> &'v str {
    let value = link.get(key).filter(|value| **value != Value::Bool(false));
    value.or_else(|| link.get(alias)).and_then(Value::as_str).unwrap_or_default()
}
