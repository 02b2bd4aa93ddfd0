//! What the targets share that `sigmapol-tests` cannot have: checks of the provider, the router and
//! the ledger. Their generators and checks are those of `make attack`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a finding is a panic")]

#[path = "../../tests/attack/mod.rs"]
pub mod attack;
pub mod ledgers;
#[path = "../../tests/attack/reading.rs"]
pub mod reading;
#[path = "../../tests/attack/routing.rs"]
pub mod routing;

use attack::{Random, edits, responses::SHAPES, routers};
use sigmapol_router::Config;

#[global_allocator]
static ALLOCATOR: attack::allocation::Counting = attack::allocation::Counting;

/// A response: the dialect and whether it streams, the size of its pieces, and a text.
pub fn response(input: &[u8]) {
    let [which, size, rest @ ..] = input else { return };
    let dialects = ["anthropic", "google", "ollama", "openai_compatible"];
    let dialect = dialects[usize::from(which & 3)];
    let streamed = which & 4 != 0;
    let shapes: Vec<&str> = SHAPES.iter().map(|(_, _, shape)| *shape).collect();
    let bytes = edits::text(&shapes, rest);
    let (cut, _) = reading::read(dialect, streamed, &bytes, &[1 + usize::from(*size), 3]);
    let (whole, _) = reading::read(dialect, streamed, &bytes, &[]);
    assert_eq!(cut, whole);
}

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
