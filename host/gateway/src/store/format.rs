//! The text of a file of keys:
//!
//! ```json
//! {"version": 1, "consumers": [
//!   {"name": "app", "status": "active", "allowed_routes": ["profile:default"],
//!    "keys": [{"sha256": "…", "prefix": "…", "created": "…", "expires": null, "revoked": null}]}]}
//! ```

use std::{collections::HashSet, time::SystemTime};

use serde_json::{Value, json};

use super::{Allowed, AllowedRoute, Consumer, Key, KeyDigest, Status, check_name};
use crate::{
    members::{Known, Wrong},
    time::{read_time, time_text},
};

/// The version of the format.
const VERSION: &str = "1";

/// The most consumers of a file.
const CONSUMERS: usize = 10_000;

/// Reads a file; no name and no key is there twice.
pub(super) fn read(text: &str) -> Result<Vec<Consumer>, Wrong> {
    let file = Known::read(text, "$", &["version", "consumers"])?;
    if file.raw("version") != Some(VERSION) {
        return Err(file.wrong("version", format!("expected {VERSION}")));
    }
    let elements = file.elements("consumers")?;
    if elements.len() > CONSUMERS {
        return Err(file.wrong("consumers", format!("expected at most {CONSUMERS}")));
    }
    let (mut names, mut digests) = (HashSet::new(), HashSet::new());
    let mut consumers = Vec::new();
    for (index, element) in elements.into_iter().enumerate() {
        let at = format!("$.consumers[{index}]");
        let consumer = consumer(element.get(), &at)?;
        if !names.insert(consumer.name.clone()) {
            return Err(Wrong::new(format!("{at}.name"), "another consumer has it"));
        }
        for (index, key) in consumer.keys.iter().enumerate() {
            // a prefix is how people name a key
            if !digests.insert(key.digest.prefix().to_owned()) {
                let at = format!("{at}.keys[{index}].sha256");
                return Err(Wrong::new(at, "another key begins with the same 12 digits"));
            }
        }
        consumers.push(consumer);
    }
    Ok(consumers)
}

fn consumer(text: &str, at: &str) -> Result<Consumer, Wrong> {
    let own = Known::read(text, at, &["name", "status", "allowed_routes", "keys"])?;
    let name = own.needed("name")?;
    check_name(&name).map_err(|what| own.wrong("name", what))?;
    let status = own.needed("status")?;
    let status = Status::new(&status).map_err(|what| own.wrong("status", what))?;
    let allowed = allowed(&own)?.unwrap_or_default();
    let keys = own.elements("keys")?.into_iter().enumerate();
    let keys = keys.map(|(index, text)| key(text.get(), &format!("{at}.keys[{index}]")));
    Ok(Consumer { name, status, allowed, keys: keys.collect::<Result<_, _>>()? })
}

/// The routes of an object; `None` where it says nothing of them.
pub(crate) fn allowed(own: &Known<'_>) -> Result<Option<Allowed>, Wrong> {
    let name = "allowed_routes";
    let Some(texts) = own.texts(name)? else { return Ok(None) };
    let route = |(index, text): (usize, &String)| {
        let wrong = |what| Wrong::new(format!("{}[{index}]", own.at(name)), what);
        AllowedRoute::new(text).map_err(wrong)
    };
    let routes = texts.iter().enumerate().map(route).collect::<Result<_, _>>()?;
    Allowed::only(routes).map(Some).map_err(|what| own.wrong(name, what))
}

fn key(text: &str, at: &str) -> Result<Key, Wrong> {
    let own = Known::read(text, at, &["sha256", "prefix", "created", "expires", "revoked"])?;
    let digest = KeyDigest::from_hex(&own.needed("sha256")?)
        .ok_or_else(|| own.wrong("sha256", "expected 64 hexadecimal digits in lower case"))?;
    if own.needed("prefix")? != digest.prefix() {
        return Err(own.wrong("prefix", "expected the first 12 digits of sha256"));
    }
    let time = |name: &str| -> Result<Option<SystemTime>, Wrong> {
        let read = own.text(name)?.map(|text| read_time(&text)).transpose();
        read.map_err(|what| own.wrong(name, what))
    };
    let created = time("created")?.ok_or_else(|| own.wrong("created", "expected a string"))?;
    Ok(Key { digest, created, expires: time("expires")?, revoked: time("revoked")? })
}

/// The text of a file, for people too.
pub(super) fn write(consumers: &[Consumer]) -> String {
    let consumers: Vec<Value> = consumers.iter().map(consumer_json).collect();
    format!("{:#}\n", json!({"version": 1, "consumers": consumers}))
}

/// A consumer as it is kept.
fn consumer_json(consumer: &Consumer) -> Value {
    let keys: Vec<Value> = consumer.keys.iter().map(key_json).collect();
    json!({"name": consumer.name, "status": consumer.status.as_str(),
        "allowed_routes": routes_json(&consumer.allowed), "keys": keys})
}

/// Routes as they are kept: `null` for all.
pub(super) fn routes_json(allowed: &Allowed) -> Value {
    match allowed {
        Allowed::All => Value::Null,
        Allowed::Only(routes) => routes.iter().map(AllowedRoute::as_str).collect(),
    }
}

fn key_json(key: &Key) -> Value {
    json!({"sha256": key.digest.as_str(), "prefix": key.digest.prefix(),
        "created": time_text(key.created), "expires": key.expires.map(time_text),
        "revoked": key.revoked.map(time_text)})
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: &str = "a4a6d307ad00fa67176e1099fdbc4f4a09bb527a7f24718a5030f2f173d11f7f";

    fn whole() -> Value {
        json!({"version": 1, "consumers": [
            {"name": "app", "status": "active", "allowed_routes": ["profile:p", "policy"], "keys": [
                {"sha256": DIGITS, "prefix": "a4a6d307ad00", "created": "2026-11-27T14:25:48.000Z",
                 "expires": "2027-11-27T14:25:48.500Z", "revoked": null}]},
            {"name": "b", "status": "inactive", "allowed_routes": null, "keys": []}]})
    }

    #[test]
    fn what_is_written_is_read() {
        let consumers = read(&whole().to_string()).unwrap();
        assert_eq!(consumers[0].keys[0].digest, KeyDigest::of("sk-a"));
        assert_eq!((consumers[1].status, &consumers[1].allowed), (Status::Inactive, &Allowed::All));
        let text = write(&consumers);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), whole());
        assert_eq!(read(&text).unwrap(), consumers);
        // absent is as null is
        let short = whole().to_string().replace(",\"revoked\":null", "");
        assert_eq!(read(&short).unwrap(), consumers);
    }

    #[test]
    fn what_is_wrong_has_a_position() {
        let with = |pointer: &str, value: Value| {
            let mut file = whole();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            file.pointer_mut(parent).unwrap()[name] = value;
            file.to_string()
        };
        let key = whole()["consumers"][0]["keys"][0].clone();
        for (text, expected) in [
            ("".to_owned(), "$: expected JSON: EOF while parsing a value at line 1 column 0"),
            ("[]".to_owned(), "$: expected an object"),
            (r#"{"version":2}"#.to_owned(), "$.version: expected 1"),
            (r#"{"version":1}"#.to_owned(), "$.consumers: expected an array"),
            (
                with("/consumer", json!([])),
                "$.consumer: unknown key, expected one of version, consumers",
            ),
            (
                with("/consumers/0/rate", json!(1)),
                "$.consumers[0].rate: unknown key, expected one of name, status, allowed_routes, keys",
            ),
            (
                with("/consumers/0/name", json!("a b")),
                "$.consumers[0].name: expected a name of 1 to 64 letters, digits and -._@",
            ),
            (
                with("/consumers/1/name", json!("app")),
                "$.consumers[1].name: another consumer has it",
            ),
            (
                with("/consumers/0/status", json!("on")),
                "$.consumers[0].status: expected active or inactive",
            ),
            (
                with("/consumers/0/allowed_routes", json!([])),
                "$.consumers[0].allowed_routes: expected 1 to 100 routes",
            ),
            (
                with("/consumers/0/allowed_routes", json!(["policy", "x"])),
                "$.consumers[0].allowed_routes[1]: expected profile:NAME, family:NAME, \
                 pin:PROVIDER/FAMILY or policy, of at most 256 bytes",
            ),
            (with("/consumers/0/keys", json!({})), "$.consumers[0].keys: expected an array"),
            (
                with("/consumers/0/keys", json!([key, key])),
                "$.consumers[0].keys[1].sha256: another key begins with the same 12 digits",
            ),
            (
                with("/consumers/1/keys", json!([key])),
                "$.consumers[1].keys[0].sha256: another key begins with the same 12 digits",
            ),
            (
                with("/consumers/0/keys", json!([{"sha256": "sk-a"}])),
                "$.consumers[0].keys[0].sha256: expected 64 hexadecimal digits in lower case",
            ),
            (
                with("/consumers/0/keys", json!([{"sha256": DIGITS, "prefix": "a4a6"}])),
                "$.consumers[0].keys[0].prefix: expected the first 12 digits of sha256",
            ),
            (
                with(
                    "/consumers/0/keys",
                    json!([{"sha256": DIGITS, "prefix": "a4a6d307ad00", "created": 5}]),
                ),
                "$.consumers[0].keys[0].created: expected a string",
            ),
            (
                with(
                    "/consumers/0/keys",
                    json!([{"sha256": DIGITS, "prefix": "a4a6d307ad00", "created": "x"}]),
                ),
                "$.consumers[0].keys[0].created: expected a time such as 2026-11-27T14:25:48Z",
            ),
            (
                whole().to_string().replacen("\"status\"", "\"name\":\"b\",\"status\"", 1),
                "$.consumers[0].name: expected once",
            ),
        ] {
            assert_eq!(read(&text).unwrap_err().to_string(), expected, "{text}");
        }
    }
}
