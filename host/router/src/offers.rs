//! Offers of marketplaces, before the engine sees them.

use serde_json::value::RawValue;
use sigmapol_core::json::{Members, Object};

/// The prices of an offer.
const PRICES: [&str; 2] = ["price_in_usd_per_mtok", "price_out_usd_per_mtok"];

/// Offers without the prices that are below zero. Public price lists write −1 for a price that is not
/// known or depends on the call; read as a number it would be the cheapest of all. Without it the
/// offer has no price, and any other text stays as it is.
pub(super) fn without_sentinels(offers: String) -> String {
    if !offers.contains('-') {
        return offers;
    }
    let each = |_: &str, reply: &RawValue| {
        rewritten(reply, |key, value| (key == "offers").then(|| list(value)).flatten())
    };
    match serde_json::from_str::<&RawValue>(&offers) {
        Ok(whole) => rewritten(whole, each).unwrap_or(offers),
        Err(_) => offers,
    }
}

/// An object with some of its members replaced; nothing for what is no object.
fn rewritten(
    value: &RawValue,
    replaced: impl Fn(&str, &RawValue) -> Option<String>,
) -> Option<String> {
    let members: Members<'_> = serde_json::from_str(value.get()).ok()?;
    let object =
        members.0.iter().fold(Object::new(), |object, (key, value)| match replaced(key, value) {
            Some(text) => object.with(key, &text),
            None => object.with(key, value.get()),
        });
    Some(object.finish())
}

fn list(offers: &RawValue) -> Option<String> {
    let offers: Vec<&RawValue> = serde_json::from_str(offers.get()).ok()?;
    let offers: Vec<String> = offers.into_iter().map(offer).collect();
    Some(format!("[{}]", offers.join(",")))
}

fn offer(offer: &RawValue) -> String {
    let Ok(members) = serde_json::from_str::<Members<'_>>(offer.get()) else {
        return offer.get().to_owned();
    };
    let below = |(key, value): &&(String, &RawValue)| {
        PRICES.contains(&key.as_str()) && value.get().parse::<f64>().is_ok_and(|price| price < 0.0)
    };
    let kept = members.0.iter().filter(|member| !below(member));
    kept.fold(Object::new(), |object, (key, value)| object.with(key, value.get())).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_below_zero_is_none() {
        let offers = r#"{"m":{"ok":true,"offers":[{"model_family":"a-b","price_in_usd_per_mtok":-1,"price_out_usd_per_mtok":1.50},3,{"price_in_usd_per_mtok":-0,"price_out_usd_per_mtok":-1e-3,"quality_hint":-1}]},"n":-4}"#;
        let expected = r#"{"m":{"ok":true,"offers":[{"model_family":"a-b","price_out_usd_per_mtok":1.50},3,{"price_in_usd_per_mtok":-0,"quality_hint":-1}]},"n":-4}"#;
        assert_eq!(without_sentinels(offers.to_owned()), expected);
        for same in ["{\"a\": [1]}", "[-1]", "-", r#"{"m":{"offers":{"x":-1}}}"#] {
            assert_eq!(without_sentinels(same.to_owned()), same);
        }
    }
}
