//! What is known around a policy.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::candidate::{peer, text};

/// What is known around a policy. `None` is "not known": nothing is found that depends on it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Facts {
    /// Declared fields, and whether they are numbers.
    pub fields: Vec<(String, bool)>,
    /// The tiers of the vocabulary, from worst to best, where it has its own.
    pub tier_order: Option<Vec<String>>,
    /// All providers that there are.
    pub providers: Option<BTreeSet<String>>,
    /// All families of models.
    pub families: Option<BTreeSet<String>>,
    /// All that serve: peers of offers, and providers.
    pub peers: Option<BTreeSet<String>>,
    /// Every capability that a candidate has.
    pub capabilities: Option<BTreeSet<String>>,
    /// Every tier that a candidate has; who names none has `fallback`.
    pub tiers: Option<BTreeSet<String>>,
    /// The symbols that `custom` may name.
    pub customs: Option<BTreeSet<String>>,
    /// The kinds of failures that the host tells apart.
    pub kinds: Option<BTreeSet<String>>,
    /// The `api_kind`s that the host has an adapter for.
    pub adapters: Option<BTreeSet<String>>,
    /// All candidates, in their order.
    pub candidates: Option<Vec<Value>>,
    /// Observed prices, by `provider|family`.
    pub ema: Value,
    /// Whether there is a seed.
    pub seed: Option<bool>,
    /// A predicate that is conjoined to the filter.
    pub envelope: Option<Value>,
}

impl Facts {
    /// What a ctx says; a text that is none says nothing.
    pub fn of_ctx(ctx: &str) -> Self {
        let Ok(Value::Object(ctx)) = serde_json::from_str(ctx) else { return Self::default() };
        let customs = ctx.get("customs").and_then(Value::as_object);
        let mut facts = Self {
            ema: ctx.get("state").and_then(|state| state.get("ema")).cloned().unwrap_or_default(),
            seed: Some(ctx.contains_key("seed")),
            envelope: ctx.get("envelope").cloned(),
            customs: Some(customs.into_iter().flat_map(|map| map.keys().cloned()).collect()),
            ..Self::default()
        };
        facts.vocabulary(ctx.get("vocabulary").unwrap_or(&Value::Null));
        if let Some(Value::Array(candidates)) = ctx.get("candidates") {
            facts.offered(candidates.clone());
        }
        facts
    }

    /// What a vocabulary says, `{fields?, tier_order?}`.
    pub fn vocabulary(&mut self, vocabulary: &Value) {
        let fields = vocabulary.get("fields").and_then(Value::as_object);
        let numeric =
            |declared: &Value| declared.get("sort").and_then(Value::as_str) == Some("Num");
        let fields = fields.into_iter().flatten();
        self.fields = fields.map(|(name, declared)| (name.clone(), numeric(declared))).collect();
        let tiers = vocabulary.get("tier_order").and_then(Value::as_array);
        let word = |tier: &Value| tier.as_str().map(str::to_owned);
        self.tier_order = tiers.map(|tiers| tiers.iter().filter_map(word).collect());
    }

    /// These are all candidates that there are.
    pub fn offered(&mut self, candidates: Vec<Value>) {
        let all = |of: fn(&Value) -> &str| -> Option<BTreeSet<String>> {
            Some(candidates.iter().map(|candidate| of(candidate).to_owned()).collect())
        };
        self.providers = all(|candidate| text(candidate, "provider_id"));
        self.families = all(|candidate| text(candidate, "model_family"));
        self.peers = all(peer);
        self.tiers = all(|candidate| match text(candidate, "tier") {
            "" => "fallback",
            tier => tier,
        });
        let capabilities = candidates.iter().filter_map(|candidate| candidate.get("capabilities"));
        let capabilities = capabilities.filter_map(Value::as_object).flatten();
        let truthy = capabilities.filter(|(_, value)| **value != Value::Bool(false));
        self.capabilities = Some(truthy.map(|(name, _)| name.clone()).collect());
        self.candidates = Some(candidates);
    }

    /// What a router's configuration says. Where it has a marketplace, nobody knows which candidates
    /// there will be.
    pub fn of_config(config: &Value) -> Self {
        let members = |key: &str| config.get(key).and_then(Value::as_object);
        let names = |key: &str| -> BTreeSet<String> {
            members(key).into_iter().flat_map(|map| map.keys().cloned()).collect()
        };
        let mut facts = Self { customs: Some(names("customs")), ..Self::default() };
        facts.vocabulary(config);
        let providers = members("providers").into_iter().flatten();
        let mut found = providers.map(|(_, provider)| text(provider, "discovery"));
        if found.all(|discovery| discovery == "static") {
            facts.offered(static_candidates(config));
        }
        // a provider that serves nothing is configured all the same
        facts.providers = Some(names("providers"));
        facts
    }
}

/// One candidate for each model at each static provider, in the order of the engine: byte order of
/// families, then that of `served_by`.
fn static_candidates(config: &Value) -> Vec<Value> {
    let mut candidates = Vec::new();
    let mut models: Vec<_> =
        config.get("models").and_then(Value::as_object).into_iter().flatten().collect();
    models.sort_by_key(|(family, _)| family.as_bytes());
    for (family, model) in models {
        let entries = model.get("served_by").and_then(Value::as_array);
        for entry in entries.into_iter().flatten() {
            let id = text(entry, "provider");
            let Some(provider) = config.get("providers").and_then(|all| all.get(id)) else {
                continue;
            };
            if text(provider, "discovery") != "static" {
                continue;
            }
            let mut candidate = serde_json::Map::new();
            for of in [model, entry] {
                let fields = of.get("fields").and_then(Value::as_object).into_iter().flatten();
                candidate.extend(fields.map(|(name, value)| (name.clone(), value.clone())));
            }
            candidate.insert("provider_id".to_owned(), id.into());
            candidate.insert("model_family".to_owned(), family.as_str().into());
            for (of, key) in [(model, "capabilities"), (provider, "tier"), (provider, "api_kind")] {
                if let Some(value) = of.get(key) {
                    candidate.insert(key.to_owned(), value.clone());
                }
            }
            candidates.push(Value::Object(candidate));
        }
    }
    candidates
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_configuration() {
        let mut config = json!({
            "providers": {
                "a": {"discovery": "static", "tier": "partner"},
                "b": {"discovery": "static"}},
            "models": {
                "n": {"capabilities": {"supports_tools": true, "supports_vision": false},
                      "fields": {"price_in": 2, "tok_s": 5},
                      "served_by": [{"provider": "b", "fields": {"price_in": 1}}, {"provider": "a"}]},
                "m": {"capabilities": {}, "served_by": [{"provider": "a"}]}},
            "fields": {"score": {"sort": "Num", "default": 0}},
            "tier_order": ["low", "partner"],
            "customs": {"shape": ["id"]}});
        let facts = Facts::of_config(&config);
        let candidates = facts.candidates.unwrap();
        let names: Vec<_> = candidates.iter().map(crate::candidate::name).collect();
        assert_eq!(names, ["a/m", "b/n", "a/n"]);
        assert_eq!(
            (&candidates[1]["price_in"], &candidates[2]["price_in"]),
            (&json!(1), &json!(2))
        );
        let set = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(facts.tiers, set(&["fallback", "partner"]));
        assert_eq!(facts.capabilities, set(&["supports_tools"]));
        assert_eq!(facts.customs, set(&["shape"]));
        assert_eq!(facts.fields, [("score".to_owned(), true)]);
        assert_eq!(facts.tier_order.unwrap(), ["low", "partner"]);
        // with a marketplace anything may be offered, by those who are configured
        config["providers"]["b"]["discovery"] = json!("marketplace");
        let facts = Facts::of_config(&config);
        assert_eq!((facts.candidates, facts.families, facts.peers), (None, None, None));
        assert_eq!(facts.providers, set(&["a", "b"]));
    }

    #[test]
    fn a_ctx() {
        let facts = Facts::of_ctx(
            r#"{"candidates": [{"provider_id": "p", "model_family": "m", "offer": {"peer_id": "x"}}],
                "seed": 1, "state": {"ema": {"p|m": {"price_in": 1}}}}"#,
        );
        assert_eq!(facts.seed, Some(true));
        assert!(facts.peers.unwrap().contains("x"));
        assert_eq!(facts.ema["p|m"]["price_in"], 1);
        assert_eq!(Facts::of_ctx("[]").seed, None);
    }
}
