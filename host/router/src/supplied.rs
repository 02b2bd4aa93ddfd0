//! Whether what an operator supplies beside the configuration says anything: offers, multipliers and
//! metrics.
//!
//! The engine passes over what it does not know, since a marketplace may say more than it needs. In a
//! file, a word that is written wrong would be passed over too.

use serde_json::{Map, Value};

/// The members of metrics.
const METRICS: [&str; 2] = ["models", "providers"];

/// The prices of a model, in USD per million tokens.
const PRICES: [&str; 2] = ["price_in_usd_per_mtok", "price_out_usd_per_mtok"];

/// The first place of `what` (`metrics`, `multipliers` or `offers`) that is not as it should be.
pub(super) fn check(what: &str, text: &str) -> Result<(), String> {
    // numbers beyond a double are none
    let value: Value = serde_json::from_str(text).map_err(|error| format!("{what}: {error}"))?;
    let members = object(&value, what)?;
    match what {
        "metrics" => metrics(members),
        "multipliers" => members.iter().try_for_each(|(key, value)| {
            let is_factor = value.as_f64().is_some_and(|factor| factor > 0.0);
            expected(is_factor, &at(what, key), "a number above zero")
        }),
        _ => members.iter().try_for_each(|(key, value)| offered(&at(what, key), value)),
    }
}

/// `{ok, offers, …}`; a marketplace that could not be asked has no offers.
fn offered(place: &str, value: &Value) -> Result<(), String> {
    let members = object(value, place)?;
    let is = |key: &str, fits: fn(&Value) -> bool| members.get(key).is_none_or(fits);
    expected(is("ok", Value::is_boolean), &format!("{place}.ok"), "a boolean")?;
    expected(is("offers", Value::is_array), &format!("{place}.offers"), "a list")?;
    let says = members.contains_key("ok") || members.contains_key("offers");
    expected(says, place, "`ok` or `offers`")
}

fn metrics(members: &Map<String, Value>) -> Result<(), String> {
    for key in members.keys() {
        expected(METRICS.contains(&key.as_str()), &at("metrics", key), "`models` or `providers`")?;
    }
    let numbers = |section: &str, names: &[&str], fits: fn(f64) -> bool, kind: &str| {
        let Some(entries) = members.get(section) else { return Ok(()) };
        let section = format!("metrics.{section}");
        for (key, entry) in object(entries, &section)? {
            let place = at(&section, key);
            let entry = object(entry, &place)?;
            for name in names {
                let fits = entry.get(*name).is_none_or(|value| value.as_f64().is_some_and(fits));
                expected(fits, &format!("{place}.{name}"), kind)?;
            }
        }
        Ok(())
    };
    numbers("models", &PRICES, |price| price >= 0.0, "a price of zero or more")?;
    for key in members.get("models").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
        let is_pair = key.contains(['@', '|']);
        expected(
            is_pair,
            &at("metrics.models", key),
            "a key `family@provider` or `provider|family`",
        )?;
    }
    numbers("providers", &["free_credits_remaining_usd"], |_| true, "a number")
}

fn object<'v>(value: &'v Value, place: &str) -> Result<&'v Map<String, Value>, String> {
    value.as_object().ok_or_else(|| format!("{place}: expected an object"))
}

fn expected(fits: bool, place: &str, what: &str) -> Result<(), String> {
    if fits { Ok(()) } else { Err(format!("{place}: expected {what}")) }
}

fn at(place: &str, key: &str) -> String {
    format!("{place}['{key}']")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing() {
        for (what, text, expected) in [
            ("metrics", r#"{"modles":{}}"#, "metrics['modles']: expected `models` or `providers`"),
            ("metrics", r#"{"models":[]}"#, "metrics.models: expected an object"),
            ("metrics", r#"{"models":{"m@a":3}}"#, "metrics.models['m@a']: expected an object"),
            (
                "metrics",
                r#"{"models":{"m":{}}}"#,
                "metrics.models['m']: expected a key `family@provider` or `provider|family`",
            ),
            (
                "metrics",
                r#"{"models":{"m@a":{"price_in_usd_per_mtok":"1"}}}"#,
                "metrics.models['m@a'].price_in_usd_per_mtok: expected a price of zero or more",
            ),
            (
                "metrics",
                r#"{"models":{"a|m":{"price_out_usd_per_mtok":-1}}}"#,
                "metrics.models['a|m'].price_out_usd_per_mtok: expected a price of zero or more",
            ),
            (
                "metrics",
                r#"{"providers":{"a":{"free_credits_remaining_usd":true}}}"#,
                "metrics.providers['a'].free_credits_remaining_usd: expected a number",
            ),
            ("multipliers", r#"{"a":"2"}"#, "multipliers['a']: expected a number above zero"),
            ("multipliers", r#"{"a":0}"#, "multipliers['a']: expected a number above zero"),
            ("multipliers", r#"{"a|x":-1}"#, "multipliers['a|x']: expected a number above zero"),
            ("offers", r#"{"m":[]}"#, "offers['m']: expected an object"),
            ("offers", r#"{"m":{}}"#, "offers['m']: expected `ok` or `offers`"),
            ("offers", r#"{"m":{"ok":1}}"#, "offers['m'].ok: expected a boolean"),
            ("offers", r#"{"m":{"ok":true,"offers":{}}}"#, "offers['m'].offers: expected a list"),
        ] {
            assert_eq!(check(what, text), Err(expected.to_owned()), "{text}");
        }
        for (what, text) in [
            ("metrics", "{}"),
            ("metrics", r#"{"models":{"m@a":{"price_in_usd_per_mtok":0,"seen":"x"}}}"#),
            ("metrics", r#"{"providers":{"a":{"free_credits_remaining_usd":-4.5}}}"#),
            ("multipliers", r#"{"a":1.5,"a|x":2}"#),
            ("offers", r#"{"m":{"ok":false,"error":"x"},"n":{"ok":true,"offers":[3],"x":1}}"#),
        ] {
            assert_eq!(check(what, text), Ok(()), "{text}");
        }
    }
}
