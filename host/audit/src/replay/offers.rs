//! Who candidates are and what they cost, as far as two policies are compared.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use sigmapol_core::{digest, json::Members};

use super::walk::lock;
use crate::receipt::Chosen;

/// Catalogs of which the names and prices are remembered.
const REMEMBERED: usize = 64;

/// A candidate, as far as it is compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Offer {
    /// `provider model`
    pub(super) name: String,
    /// In and out, in USD per million tokens: its own, else those of the state.
    pub(super) prices: Option<[f64; 2]>,
}

impl Offer {
    /// One whose prices nobody knows.
    pub(super) fn of(chosen: &Chosen) -> Self {
        Self { name: format!("{} {}", chosen.provider, chosen.model), prices: None }
    }

    /// A candidate of a catalog or of a ranking; `observed` is what the state says of it.
    pub(super) fn read(candidate: &Value, state: &Value) -> Self {
        let text = |name: &str| candidate.get(name).and_then(Value::as_str).unwrap_or_default();
        let (provider, model) = (text("provider_id"), text("model_family"));
        let observed = state.pointer("/ema").and_then(|ema| ema.get(format!("{provider}|{model}")));
        let price = |name: &str| {
            let observed = || observed.and_then(|observed| observed.get(name));
            candidate.get(name).or_else(observed).and_then(Value::as_f64)
        };
        let prices =
            price("price_in").zip(price("price_out")).map(|(input, output)| [input, output]);
        Self { name: format!("{provider} {model}"), prices }
    }
}

/// The candidates of catalogs that were seen last.
#[derive(Debug, Default)]
pub(super) struct Catalogs(Mutex<HashMap<String, Arc<[Offer]>>>);

impl Catalogs {
    /// The candidates of a ctx.
    pub(super) fn of(&self, ctx: &str) -> Arc<[Offer]> {
        let members = serde_json::from_str::<Members<'_>>(ctx).unwrap_or_default();
        let part = |name| members.get(name).unwrap_or("null");
        let key = digest(format!("{}{}", part("candidates"), part("state")).as_bytes());
        if let Some(known) = lock(&self.0).get(&key) {
            return Arc::clone(known);
        }
        let read = |name| serde_json::from_str::<Value>(part(name)).unwrap_or_default();
        let (candidates, state) = (read("candidates"), read("state"));
        let candidates = candidates.as_array().into_iter().flatten();
        let offers: Arc<[Offer]> =
            candidates.map(|candidate| Offer::read(candidate, &state)).collect();
        let mut known = lock(&self.0);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, Arc::clone(&offers));
        offers
    }
}
