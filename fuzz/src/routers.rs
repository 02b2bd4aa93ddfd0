//! What a router reads.

use sigmapol_router::Config;

use crate::{
    attack::{Random, edits, routers},
    routing,
};

/// A configuration: its form, and a text.
pub fn configuration(input: &[u8]) {
    let [form, rest @ ..] = input else { return };
    let (parse, shape): (routing::Parse, _) = match form % 3 {
        0 => (Config::from_json, routers::JSON),
        1 => (Config::from_toml, routers::TOML),
        _ => (Config::from_yaml, routers::YAML),
    };
    let bytes = edits::text(&[shape], rest);
    routing::configuration(parse, &String::from_utf8_lossy(&bytes));
}

/// A state file: the text of one, or of the state in one that is in order.
pub fn state(input: &[u8]) {
    let [whole, rest @ ..] = input else { return };
    let text = |shape: &str| String::from_utf8_lossy(&edits::text(&[shape], rest)).into_owned();
    let text = match whole % 2 {
        0 => routing::snapshot(&text(routers::STATE)),
        _ => text(&routing::snapshot(routers::STATE)),
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let config = Config::from_json(routers::JSON).unwrap();
    match routing::builder(config).state_from(file.path()).build() {
        Ok(router) => routing::works(&router),
        Err(error) => assert_eq!(routing::refused(&error), "no snapshots"),
    }
}

/// A contract: the seed of what comes of its calls, and a text.
pub fn contract(input: &[u8]) {
    let [seed, rest @ ..] = input else { return };
    let bytes = edits::text(routers::CONTRACTS, rest);
    let config = Config::from_json(routers::JSON).unwrap();
    let mut random = Random::new(u64::from(*seed));
    routing::contract(&config, &String::from_utf8_lossy(&bytes), &mut random);
}
