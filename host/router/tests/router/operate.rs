//! What an operator says of a provider.

use serde_json::json;
use sigmapol_provider::ErrorKind::{AuthError, ServerError};

use crate::{Reply, World};

const UP: &[Reply] = &[Reply::Text(&["hello"])];

#[test]
fn a_provider_is_used_again_at_once() {
    let down = Reply::Fail(AuthError, Some(401));
    let world = World::new(&[("a", &[down, UP[0].clone()]), ("b", UP)]);
    assert_eq!(world.ask().chosen.unwrap()["provider_id"], "b");
    assert_eq!(world.status("a")["disabled"]["kind"], "auth_error");
    assert!(world.router.enable("a").unwrap());
    assert_eq!(world.status("a")["available"], true);
    assert_eq!(world.ask().chosen.unwrap()["provider_id"], "a");
    // nothing is left to forget
    assert!(!world.router.enable("b").unwrap());
}

#[test]
fn an_open_breaker_is_closed() {
    let down = || Reply::Fail(ServerError, Some(500));
    let world = World::new(&[("a", &[down(), down(), down(), UP[0].clone()]), ("b", UP)]);
    for _ in 0..3 {
        world.ask();
    }
    assert_eq!(world.status("a")["breaker"]["open"], true);
    assert!(world.router.enable("a").unwrap());
    assert_eq!(world.status("a")["available"], true);
    assert_eq!(world.ask().chosen.unwrap()["provider_id"], "a");
}

/// As long as a failure disables: 300 s, unless the configuration says otherwise.
#[test]
fn a_provider_is_left_alone() {
    let world = World::new(&[("a", UP), ("b", UP)]);
    assert!(world.router.disable("a").unwrap());
    assert_eq!(
        world.status("a")["disabled"],
        json!({"kind": "operator", "at_ms": 1_700_000_000_000_u64, "ms_until_recovery": 300_000})
    );
    assert_eq!(world.ask().chosen.unwrap()["provider_id"], "b");
    world.clock.advance(300_001.0);
    assert_eq!(world.ask().chosen.unwrap()["provider_id"], "a");
}

#[test]
fn a_provider_that_the_configuration_has_not() {
    let world = World::new(&[]);
    for said in [world.router.enable("p\"9"), world.router.disable("p\"9")] {
        let error = said.unwrap_err();
        assert_eq!(error.code(), "input");
        assert_eq!(error.to_string(), r#"provider: expected one of the configuration, got "p\"9""#);
    }
}
