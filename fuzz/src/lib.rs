//! What the targets share that `sigmapol-tests` cannot have: checks of the provider, the router and
//! the ledger. Their generators and checks are those of `make attack`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a finding is a panic")]

#[path = "../../tests/attack/mod.rs"]
pub mod attack;
pub mod ledgers;
#[path = "../../tests/attack/reading.rs"]
pub mod reading;
#[cfg(feature = "router")]
pub mod routers;
#[cfg(feature = "router")]
#[path = "../../tests/attack/routing.rs"]
pub mod routing;

use attack::{edits, responses::SHAPES};

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
