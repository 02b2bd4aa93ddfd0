//! The runtime state that observation looks at.

use alloc::format;

use crate::context::{Reader, refuse};
use crate::json::{Members, Value, lookup};
use crate::refusal::Refusal;

/// `ctx.state`: observed prices, breakers, disabled providers and credits.
#[derive(Clone, Copy, Debug, Default)]
pub struct State<'a> {
    ema: &'a Members,
    breakers: &'a Members,
    disabled: &'a Members,
    credits: &'a Members,
}

impl<'a> State<'a> {
    /// Reads `{ema?: {"provider|family": {price_in?, price_out?}}, breakers?: {provider: bool},
    /// disabled?: {provider: any}, credits?: {provider: USD}}`.
    /// In the `reference` profile a breaker that is not `true` is closed, whatever it is.
    pub fn read(ctx: &'a Value, strict: bool) -> Result<Self, Refusal> {
        let Some(state) = ctx.get("state") else {
            return Ok(Self::default());
        };
        let reader = Reader::new(state, "ctx.state")?;
        reader.only(&["breakers", "credits", "disabled", "ema"])?;
        let state = Self {
            ema: reader.object("ema")?,
            breakers: reader.object("breakers")?,
            disabled: reader.object("disabled")?,
            credits: reader.object("credits")?,
        };
        let wrong = |map: &str, key: &str, expected: &str| {
            Err(refuse(format!("ctx.state.{map}['{key}']: expected {expected}")))
        };
        for (key, entry) in state.ema {
            for price in ["price_in", "price_out"] {
                if entry.as_object().is_none() {
                    return wrong("ema", key, "an object");
                }
                if entry.get(price).is_some_and(|price| price.as_number().is_none()) {
                    return wrong("ema", key, "numbers as prices");
                }
            }
        }
        for (key, open) in state.breakers {
            if strict && open.as_bool().is_none() {
                return wrong("breakers", key, "a boolean");
            }
        }
        for (key, credits) in state.credits {
            if credits.as_number().is_none() {
                return wrong("credits", key, "a finite number");
            }
        }
        Ok(state)
    }

    /// The observed price entry of a provider and a family: the key `provider|family`.
    pub fn ema(&self, provider: &str, family: &str) -> Option<&'a Value> {
        let at = self.ema.binary_search_by(|(key, _)| {
            let sought = provider.bytes().chain(core::iter::once(b'|')).chain(family.bytes());
            key.bytes().cmp(sought)
        });
        self.ema.get(at.ok()?).map(|(_, entry)| entry)
    }

    pub fn breaker_open(&self, provider: &str) -> bool {
        lookup(self.breakers, provider).and_then(Value::as_bool) == Some(true)
    }

    /// Any entry disables, whatever its value.
    pub fn disabled(&self, provider: &str) -> bool {
        lookup(self.disabled, provider).is_some()
    }

    pub fn credits(&self, provider: &str) -> Option<f64> {
        lookup(self.credits, provider).and_then(Value::as_number)
    }
}
