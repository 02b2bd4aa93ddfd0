//! Offers of marketplaces, before the engine sees them.

use serde_json::{Value, value::RawValue};
use sigmapol_core::json::{Members, Object};

use super::log::Log;

/// The prices of an offer.
const PRICES: [&str; 2] = ["price_in_usd_per_mtok", "price_out_usd_per_mtok"];

/// What else is a number of an offer.
const NUMBERS: [&str; 5] = ["expires_at_ms", "latency_ms", "quality_hint", "success_rate", "tok_s"];

/// What is a text of an offer.
const TEXTS: [&str; 4] = ["peer_id", "protocol", "seller_endpoint", "wire_model_id"];

/// The offers that the engine can take, since one that it refuses would end every run; how many are
/// left out is logged.
///
/// Prices below zero are left out of those that stay. Public price lists write −1 for a price that is
/// not known or depends on the call; read as a number it would be the cheapest of all.
pub(super) fn usable(offers: String, log: &Log) -> String {
    let Ok(whole) = serde_json::from_str::<&RawValue>(&offers) else { return offers };
    let each = |discovery: &str, reply: &RawValue| {
        rewritten(reply, |key, value| {
            if key != "offers" {
                return None;
            }
            let (kept, left_out) = list(value)?;
            if left_out > 0 {
                let count = left_out.to_string();
                log.warn("offers_left_out", &[("discovery", discovery), ("offers", &count)]);
            }
            Some(kept)
        })
    };
    rewritten(whole, each).unwrap_or(offers)
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

/// The offers that can be taken, and how many others there are.
fn list(offers: &RawValue) -> Option<(String, usize)> {
    let offers: Vec<&RawValue> = serde_json::from_str(offers.get()).ok()?;
    let count = offers.len();
    let kept: Vec<String> = offers.into_iter().filter_map(offer).collect();
    Some((format!("[{}]", kept.join(",")), count - kept.len()))
}

fn offer(offer: &RawValue) -> Option<String> {
    // numbers beyond a double are no value here either
    let value: Value = serde_json::from_str(offer.get()).ok()?;
    let members: Members<'_> = serde_json::from_str(offer.get()).ok()?;
    let given = |key: &&str| value.get(*key);
    let names =
        value.get("model_family").and_then(Value::as_str).is_some_and(|name| !name.is_empty());
    let fits = names
        && whole(&value)
        && value.get("capabilities").is_none_or(Value::is_object)
        && PRICES.iter().chain(&NUMBERS).filter_map(given).all(Value::is_number)
        && TEXTS.iter().filter_map(given).all(Value::is_string);
    if !fits {
        return None;
    }
    let below = |(key, value): &&(String, &RawValue)| {
        PRICES.contains(&key.as_str()) && value.get().parse::<f64>().is_ok_and(|price| price < 0.0)
    };
    let kept = members.0.iter().filter(|member| !below(member));
    Some(kept.fold(Object::new(), |object, (key, value)| object.with(key, value.get())).finish())
}

/// Whether there is no `null` anywhere.
fn whole(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => items.iter().all(whole),
        Value::Object(members) => members.values().all(whole),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn of(offers: &str) -> (String, Vec<String>) {
        let logged = Arc::new(Mutex::new(Vec::new()));
        let log = Log::to({
            let logged = Arc::clone(&logged);
            move |record| logged.lock().unwrap().push(record.to_owned())
        });
        let usable = usable(offers.to_owned(), &log);
        let logged = logged.lock().unwrap().clone();
        (usable, logged)
    }

    #[test]
    fn a_price_below_zero_is_none() {
        let offers = r#"{"m":{"ok":true,"offers":[{"model_family":"a-b","price_in_usd_per_mtok":-1,"price_out_usd_per_mtok":1.50},{"model_family":"c","price_in_usd_per_mtok":-0,"price_out_usd_per_mtok":-1e-3,"quality_hint":-1}]},"n":-4}"#;
        let expected = r#"{"m":{"ok":true,"offers":[{"model_family":"a-b","price_out_usd_per_mtok":1.50},{"model_family":"c","price_in_usd_per_mtok":-0,"quality_hint":-1}]},"n":-4}"#;
        assert_eq!(of(offers), (expected.to_owned(), Vec::new()));
        for same in ["{\"a\":[1]}", "[-1]", "-", r#"{"m":{"offers":{"x":-1}}}"#] {
            assert_eq!(of(same), (same.to_owned(), Vec::new()));
        }
    }

    /// One that the engine would refuse leaves the others.
    #[test]
    fn an_offer_that_is_none_is_left_out_alone() {
        let good = r#"{"model_family":"good"}"#;
        for bad in [
            "3",
            "null",
            "{}",
            r#"{"model_family":""}"#,
            r#"{"model_family":5}"#,
            r#"{"model_family":"m","x":{"y":[null]}}"#,
            r#"{"model_family":"m","price_out_usd_per_mtok":1e400}"#,
            r#"{"model_family":"m","price_in_usd_per_mtok":"1"}"#,
            r#"{"model_family":"m","capabilities":"x"}"#,
            r#"{"model_family":"m","expires_at_ms":"x"}"#,
            r#"{"model_family":"m","seller_endpoint":5}"#,
        ] {
            let offers = format!(r#"{{"m":{{"ok":true,"offers":[{bad},{good}]}}}}"#);
            let expected = format!(r#"{{"m":{{"ok":true,"offers":[{good}]}}}}"#);
            let logged = r#"{"level":"warn","event":"offers_left_out","fields":{"discovery":"m","offers":"1"}}"#;
            assert_eq!(of(&offers), (expected, vec![logged.to_owned()]), "{bad}");
        }
    }
}
