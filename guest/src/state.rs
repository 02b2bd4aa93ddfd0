//! The runtime state that observation looks at.

use alloc::format;

use crate::json::{Members, Value};
use crate::reader::ObjectReader;
use crate::refusal::Refusal;

/// `ctx.state`: observed prices, breakers, disabled providers and credits.
#[derive(Clone, Copy, Debug, Default)]
pub struct State<'a> {
    pub ema: &'a Members<'a>,
    pub breakers: &'a Members<'a>,
    pub disabled: &'a Members<'a>,
    pub credits: &'a Members<'a>,
}

const SECTIONS: [&str; 4] = ["breakers", "credits", "disabled", "ema"];

impl<'a> State<'a> {
    /// Reads `{ema?: {"provider|family": {price_in?, price_out?}}, breakers?: {provider: bool},
    /// disabled?: {provider: any}, credits?: {provider: USD}}`; `position` is its place, for
    /// messages.
    /// In the `reference` profile a breaker that is not `true` is closed, whatever it is.
    pub fn read(
        state: Option<&'a Value<'a>>,
        position: &str,
        strict: bool,
    ) -> Result<Self, Refusal> {
        let Some(state) = state else {
            return Ok(Self::default());
        };
        let reader = ObjectReader::new(state, position)?;
        reader.only(&SECTIONS)?;
        let [breakers, credits, disabled, ema] = reader.pick(&SECTIONS);
        let state = Self {
            ema: ema.object()?,
            breakers: breakers.object()?,
            disabled: disabled.object()?,
            credits: credits.object()?,
        };
        let wrong = |map: &str, key: &str, expected: &str| {
            Err(Refusal::ctx(format!("{position}.{map}['{key}']: expected {expected}")))
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
}
