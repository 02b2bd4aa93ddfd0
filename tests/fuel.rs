//! What each golden vector takes: a table that is rewritten by `make golden` and read as a diff.

#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

use sigmapol_tests::{fuel_table, text};

#[test]
fn the_table_is_up_to_date() {
    let (stored, now) = (text("golden/fuel.jsonl"), fuel_table().unwrap());
    let changed = stored.lines().zip(now.lines()).find(|(stored, now)| stored != now);
    assert_eq!(changed, None, "run `make golden` and look at the difference");
    assert_eq!(stored.lines().count(), now.lines().count());
}
