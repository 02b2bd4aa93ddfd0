//! What an operator says of a provider: use it again, or leave it alone for a while.

use serde_json::{Map, Value};
use sigmapol_core::json::quote;

use super::{Router, RouterError, held, models};

impl Router {
    /// Forgets why a provider is not used: it is no more disabled, its breaker is closed, and
    /// so are those of its models. `true` if there was something to forget.
    ///
    /// # Errors
    ///
    /// [`RouterError::Input`] for a provider that the configuration has not.
    pub fn enable(&self, provider: &str) -> Result<bool, RouterError> {
        self.operate(provider, |state| {
            for section in ["circuit_breakers", held::SECTION, models::SECTION] {
                if let Some(entries) = state.get_mut(section).and_then(Value::as_object_mut) {
                    entries.remove(provider);
                }
            }
        })
    }

    /// Disables a provider as a failure would: for `disable_provider_ttl_ms` of the configuration from
    /// now. `true` if the state has changed.
    ///
    /// # Errors
    ///
    /// As for [`enable`](Self::enable).
    pub fn disable(&self, provider: &str) -> Result<bool, RouterError> {
        let at_ms = self.clock().now_ms();
        self.disabled_as(provider, &serde_json::json!({ "kind": held::OPERATOR, "at_ms": at_ms }))
    }

    /// Disables a provider until it is [enabled](Self::enable), whatever becomes of runs that are
    /// under way, and over restarts. `true` if the state has changed.
    ///
    /// # Errors
    ///
    /// As for [`enable`](Self::enable).
    pub fn hold(&self, provider: &str) -> Result<bool, RouterError> {
        self.disabled_as(provider, &held::entry())
    }

    fn disabled_as(&self, provider: &str, entry: &Value) -> Result<bool, RouterError> {
        self.operate(provider, |state| {
            let disabled = state.entry(held::SECTION);
            let disabled = disabled.or_insert_with(|| Value::Object(Map::new()));
            if let Some(entries) = disabled.as_object_mut() {
                entries.insert(provider.to_owned(), entry.clone());
            }
        })
    }

    fn operate(
        &self,
        provider: &str,
        change: impl Fn(&mut Map<String, Value>),
    ) -> Result<bool, RouterError> {
        let known = self.config().value().pointer("/providers").and_then(Value::as_object);
        if !known.is_some_and(|known| known.contains_key(provider)) {
            return Err(RouterError::Input(format!(
                "provider: expected one of the configuration, got {}",
                quote(provider)
            )));
        }
        self.change_state(|text| {
            let mut state = match serde_json::from_str(text) {
                Ok(Value::Object(state)) => state,
                _ => return text.to_owned(),
            };
            change(&mut state);
            // as the engine writes it: one line, members sorted
            Value::Object(state).to_string()
        })
    }
}
