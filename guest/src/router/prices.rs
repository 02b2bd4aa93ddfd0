//! The price that a candidate is ranked by.

use alloc::format;

use crate::json::{Members, Value, lookup};
use crate::number::finite;

/// The members of a candidate that tell its prices, in byte order.
pub const PRICED: [&str; 5] =
    ["price_in", "price_multiplier", "price_out", "raw_price_in", "raw_price_out"];

/// What becomes of these members: observed prices where the candidate has none, then the price it
/// is ranked by, the raw price times the multiplier, at most the largest number. The product is always taken from the raw
/// price, so doing this twice changes nothing. `multiplier` is the host's.
#[inline(never)]
pub fn priced<'a>(
    members: &Members<'a>,
    observed: Option<&Value<'a>>,
    multiplier: impl FnOnce() -> Option<f64>,
) -> [Option<Value<'a>>; 5] {
    let own = |key: &str| lookup(members, key);
    let value = |key: &str| own(key).or_else(|| observed?.get(key));
    let raw = |raw: &str, price: &str| {
        let number = own(raw).and_then(Value::as_number);
        number.or_else(|| value(price).and_then(Value::as_number))
    };
    let (raw_in, raw_out) = (raw("raw_price_in", "price_in"), raw("raw_price_out", "price_out"));
    if raw_in.is_none() && raw_out.is_none() {
        let [price_in, price_out] = ["price_in", "price_out"].map(|key| value(key).cloned());
        let [factor, raw_in, raw_out] =
            ["price_multiplier", "raw_price_in", "raw_price_out"].map(|key| own(key).cloned());
        return [price_in, factor, price_out, raw_in, raw_out];
    }
    let multiplier = own("price_multiplier")
        .and_then(Value::as_number)
        .filter(|value| *value > 0.0)
        .or_else(multiplier)
        .unwrap_or(1.0);
    let product = |raw: Option<f64>| raw.map(|raw| finite(raw * multiplier));
    [product(raw_in), Some(multiplier), product(raw_out), raw_in, raw_out]
        .map(|number| number.map(Value::Number))
}

/// The multiplier that the host has for a provider, or for its offers from a source.
#[inline(never)]
pub fn hosts_multiplier(provider: &str, source: Option<&str>, table: &Members) -> Option<f64> {
    let number = |key: &str| lookup(table, key).and_then(Value::as_number);
    let sourced = format!("{provider}|{}", source.unwrap_or_default());
    number(&sourced).or_else(|| number(provider)).filter(|value| *value > 0.0)
}
