//! Breakers, disabled providers, offers: what one run leaves for the others.

use serde_json::json;
use sigmapol_provider::ErrorKind::{self, AuthError, ServerError};

use crate::{Reply, World, config};

const DOWN: &[Reply] = &[Reply::Fail(ServerError, Some(500))];
const UP: &[Reply] = &[Reply::Text(&["hello"])];

#[test]
fn a_breaker_opens_and_recovers() {
    let world = World::new(&[
        ("a", &[DOWN[0].clone(), DOWN[0].clone(), DOWN[0].clone(), UP[0].clone()]),
        ("b", UP),
    ]);
    for failures in 1..=3 {
        assert_eq!(world.ask().chosen.unwrap()["provider_id"], "b");
        assert_eq!(world.status("a")["breaker"]["consecutive_failures"], failures);
    }
    // opened by the third failure, the fifth call
    assert_eq!(
        world.status("a"),
        json!({
            "available": false,
            "breaker": {"open": true, "consecutive_failures": 3, "opened_at_ms": 1_700_000_000_050_u64,
                        "ms_until_recovery": 29_990},
            "models": {},
        })
    );
    let ranking = world.router.rank("{}").unwrap();
    assert_eq!(ranking["rejected"], json!([{"provider": "a", "model": "m", "reason": "not"}]));
    assert_eq!(ranking["ordered"][0]["provider_id"], "b");
    world.ask();
    assert_eq!(world.called(), ["a", "b", "a", "b", "a", "b", "b"]);

    // the last millisecond of the time that it is open, and the first one after
    world.clock.advance(29_979.0);
    assert_eq!(world.status("a")["available"], false);
    world.clock.advance(1.0);
    assert_eq!(world.status("a")["available"], true);
    assert_eq!(world.ask().chosen.unwrap()["provider_id"], "a");
    assert_eq!(world.status("a")["breaker"]["consecutive_failures"], 0);
}

#[test]
fn a_disabled_provider_comes_back() {
    let world =
        World::new(&[("a", &[Reply::Fail(AuthError, Some(401)), UP[0].clone()]), ("b", UP)]);
    let outcome = world.ask();
    assert_eq!(
        outcome.trace["decision_path"][1],
        json!({"event": "provider_disabled", "provider_id": "a", "reason": "auth_error"})
    );
    assert_eq!(
        world.status("a")["disabled"],
        json!({"kind": "auth_error", "at_ms": 1_700_000_000_010_u64, "ms_until_recovery": 299_990})
    );
    assert_eq!(world.ask().chosen.unwrap()["provider_id"], "b");
    world.clock.advance(299_979.0);
    assert_eq!(world.ask().chosen.unwrap()["provider_id"], "b");
    assert_eq!(world.ask().chosen.unwrap()["provider_id"], "a");
    assert_eq!(world.called(), ["a", "b", "b", "b", "a"]);
}

#[test]
fn what_is_observed_prices_the_candidates() {
    let metrics = json!({
        "models": {"m@b": {"price_in_usd_per_mtok": 2}},
        "providers": {"b": {"free_credits_remaining_usd": 4.5}},
    });
    let world = World::of(&config(), &[], |builder| {
        builder.metrics(metrics.to_string()).multipliers(r#"{"b":1.5}"#)
    });
    assert_eq!(world.status("b")["credits_remaining_usd"], 4.5);
    let price = |at: usize| world.router.rank("{}").unwrap()["ordered"][at]["price_in"].clone();
    assert_eq!((price(0), price(1)), (json!(null), json!(3)));
    world.router.observe("a", "m", r#"{"price_in":0.5}"#).unwrap();
    world.router.set_multipliers(r#"{"b":2}"#).unwrap();
    assert_eq!((price(0), price(1)), (json!(0.5), json!(4)));
    let error = world.router.observe("a", "m", "[1]").unwrap_err().to_string();
    assert_eq!(
        error,
        "delta: expected a JSON object: invalid type: sequence, expected an object at line 1 column 0"
    );
}

#[test]
fn offers_of_a_marketplace() {
    let mut config = config();
    config["providers"]["market"] = json!({
        "discovery": "marketplace", "discovery_id": "peers", "api_kind": "openai_compatible",
    });
    let world = World::of(&config, &[], |builder| builder);
    let models = || {
        let ranking = world.router.rank("{}").unwrap();
        let ordered = ranking["ordered"].as_array().unwrap();
        ordered.iter().map(|ranked| ranked["model_family"].as_str().unwrap().to_owned()).collect()
    };
    let seen: Vec<String> = models();
    assert_eq!(seen, ["m", "m", "m"]);
    assert_eq!(
        *world.log.lock().unwrap(),
        ["{\"event\":\"discovery_failed\",\"fields\":{\"discovery_id\":\"peers\",\
          \"error\":\"no response\",\"provider\":\"market\"},\"level\":\"warn\"}"]
    );
    let offer = |model: &str| {
        json!({"peers": {"ok": true, "offers": [
            {"model_family": model, "seller_endpoint": "http://127.0.0.1:1/peer"}]}})
    };
    world.router.set_offers(offer("x").to_string()).unwrap();
    assert_eq!(models(), ["m", "m", "m", "x"]);
    world.router.set_offers(offer("y").to_string()).unwrap();
    assert_eq!(models(), ["m", "m", "m", "x"], "kept for a minute");
    world.router.forget_offers("peers").unwrap();
    assert_eq!(models(), ["m", "m", "m", "y"]);
}

/// One caller does not shut out a provider for all.
#[test]
fn failures_that_are_not_the_providers() {
    let fail = |kind| vec![Reply::Fail(kind, None); 4];
    for (kind, contract, counted) in [
        (ErrorKind::Unsupported, r#"{"prompt":"hi"}"#, 0),
        (ErrorKind::Timeout, r#"{"prompt":"hi","timeout_ms":200}"#, 0),
        (ErrorKind::Timeout, r#"{"prompt":"hi"}"#, 3),
        (ErrorKind::Timeout, r#"{"prompt":"hi","timeout_ms":10000}"#, 3),
        (ErrorKind::ModelUnavailable, r#"{"prompt":"hi"}"#, 0),
        (ErrorKind::ServerError, r#"{"prompt":"hi","timeout_ms":200}"#, 3),
    ] {
        let replies = fail(kind);
        let world = World::new(&[("a", &replies), ("b", UP)]);
        for _ in 0..3 {
            let run = world.router.start(contract).unwrap();
            let outcome = crate::block_on(run.answer()).unwrap();
            // the next candidate is asked all the same
            assert_eq!(outcome.chosen.unwrap()["provider_id"], "b");
        }
        let breaker = &world.status("a")["breaker"];
        assert_eq!(breaker["consecutive_failures"], counted, "{kind:?}, {contract}");
        assert_eq!(breaker["open"], counted == 3);
    }
}

/// What was counted before stays counted.
#[test]
fn a_failure_that_is_not_the_providers_forgets_nothing() {
    let script = [
        Reply::Fail(ServerError, Some(500)),
        Reply::Fail(ServerError, Some(500)),
        Reply::Fail(ErrorKind::Unsupported, None),
        Reply::Fail(ServerError, Some(500)),
    ];
    let world = World::new(&[("a", &script), ("b", UP)]);
    for counted in [1, 2, 2, 3] {
        world.ask();
        assert_eq!(world.status("a")["breaker"]["consecutive_failures"], counted);
    }
}
