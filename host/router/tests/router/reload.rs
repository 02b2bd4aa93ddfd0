//! Another configuration in the place of the one that a router has.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use sigmapol_core::Effect;
use sigmapol_provider::{
    Answer,
    ErrorKind::{AuthError, ServerError},
    Provider,
};
use sigmapol_router::{Config, Router, RouterError};

use crate::{Reply, World, block_on, config, policy};

const UP: &[Reply] = &[Reply::Text(&["hello"])];
const DOWN: &[Reply] = &[Reply::Fail(ServerError, Some(500))];

/// The configuration of the tests, with the prices of a and b; the cheapest is first.
fn priced(a: f64, b: f64) -> Value {
    let mut config = config();
    let mut cheapest = policy(&json!({"action": "next_candidate"}));
    cheapest[2] = json!(["neg", ["field", "price_out"]]);
    config["profiles"]["default"]["policy_ir"] = cheapest;
    let price = |price: f64| json!({"price_out": price});
    config["models"]["m"]["served_by"] = json!([
        {"provider": "a", "fields": price(a)}, {"provider": "b", "fields": price(b)}]);
    config
}

fn reconfigured(world: &World, config: &Value) -> Result<Router, RouterError> {
    let provider = Arc::clone(&world.provider) as Arc<dyn Provider>;
    world.router.reconfigured(Config::from_json(&config.to_string()).unwrap(), Some(provider))
}

fn first(router: &Router) -> Value {
    router.rank(r#"{"prompt":"x"}"#).unwrap()["ordered"][0]["provider_id"].clone()
}

#[test]
fn a_price_that_changed_counts_and_breakers_stay() {
    let world = World::of(&priced(1.0, 2.0), &[("a", DOWN), ("b", UP)], |builder| builder);
    assert_eq!(first(&world.router), "a");
    for _ in 0..3 {
        world.ask();
    }
    world.router.observe("b", "m", r#"{"price_in":7}"#).unwrap();
    let before = world.router.status().unwrap();
    assert_eq!(before["providers"]["a"]["breaker"]["open"], true);
    let next = reconfigured(&world, &priced(1.0, 0.5)).unwrap();
    next.take_over(&world.router).unwrap();
    assert_eq!(first(&next), "b");
    assert_eq!(next.status().unwrap(), before);
    // the two share what they learn
    next.enable("a").unwrap();
    assert_eq!(world.status("a")["breaker"]["open"], false);
}

/// What is under way ends as it began, also in a step that was not yet asked for.
#[test]
fn a_run_ends_on_the_configuration_that_it_began_with() {
    let world = World::of(&priced(1.0, 2.0), &[("a", DOWN), ("b", UP)], |builder| builder);
    let mut run = world.router.start(r#"{"prompt":"x"}"#).unwrap();
    let mut other = priced(1.0, 2.0);
    other["providers"].as_object_mut().unwrap().remove("b");
    other["models"]["m"]["served_by"] = json!([{"provider": "c"}]);
    let next = reconfigured(&world, &other).unwrap();
    next.take_over(&world.router).unwrap();
    assert_eq!(first(&next), "c");
    let failed = crate::failure(ServerError, Some(500));
    run.respond(Err(failed)).unwrap();
    let Effect::Call(request) = run.effect() else { panic!("{:?}", run.effect()) };
    assert!(request.contains(r#""provider_id":"b""#), "{request}");
    run.respond(Ok(Answer::default())).unwrap();
    assert!(run.outcome().unwrap().ok);
}

#[test]
fn what_is_not_in_order_changes_nothing() {
    let world = World::of(&priced(1.0, 2.0), &[("a", UP), ("b", UP)], |builder| builder);
    let before = world.router.status().unwrap();
    let mut wrong = priced(2.0, 1.0);
    wrong["models"]["m"]["served_by"][1]["fields"]["price_out"] = json!("dear");
    let error = reconfigured(&world, &wrong).unwrap_err();
    assert_eq!(error.code(), "refused config");
    assert_eq!(
        error.to_string(), // places count from 1, as in the engine
        "refused config: models.m.served_by[2].fields.price_out: expected a finite number"
    );
    assert_eq!(world.router.status().unwrap(), before);
    assert_eq!(first(&world.router), "a");
}

/// After a restart with another file as after a reload: it counts again when the provider comes back.
#[test]
fn what_is_known_of_a_provider_that_is_gone_stays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let mut without = priced(1.0, 2.0);
    without["providers"].as_object_mut().unwrap().remove("a");
    without["models"]["m"]["served_by"] = json!([{"provider": "b"}]);
    let script: &[(&str, &[Reply])] = &[("a", DOWN), ("b", UP)];
    let open = |config: &Value| {
        World::of(config, script, |builder| builder.state_file(&file, Duration::MAX))
    };
    let world = open(&priced(1.0, 2.0));
    for _ in 0..3 {
        world.ask();
    }
    let breaker = world.status("a")["breaker"].clone();
    assert_eq!(breaker["open"], true);
    let next = reconfigured(&world, &without).unwrap();
    next.take_over(&world.router).unwrap();
    assert_eq!(next.status().unwrap()["providers"]["a"]["breaker"], breaker);
    // one file, held by both
    next.save().unwrap();
    drop(world);
    let back = next.reconfigured(next.config().clone(), None).unwrap();
    drop((next, back));
    let restarted = open(&without);
    let again = restarted.status("a")["breaker"].clone();
    assert_eq!((&again["open"], &again["consecutive_failures"]), (&json!(true), &json!(3)));
    let back = reconfigured(&restarted, &priced(1.0, 2.0)).unwrap();
    back.take_over(&restarted.router).unwrap();
    assert_eq!(first(&back), "b");
}

#[test]
fn a_provider_is_held_until_it_is_enabled() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let open = || {
        let script: &[(&str, &[Reply])] = &[("a", UP), ("b", UP)];
        World::of(&config(), script, |builder| builder.state_file(&file, Duration::ZERO))
    };
    let world = open();
    // a run that is at it when it is held, and makes the policy disable it for a time
    let mut run = world.router.start(r#"{"prompt":"x"}"#).unwrap();
    assert!(world.router.hold("a").unwrap());
    run.respond(Err(crate::failure(AuthError, Some(401)))).unwrap();
    let held = json!({"kind": "operator", "until_enabled": true});
    for hours in [0.0, 1.0, 24.0 * 365.0] {
        world.clock.advance(hours * 3.6e6);
        assert_eq!(world.ask().chosen.unwrap()["provider_id"], "b");
        assert_eq!(world.status("a")["disabled"], held);
        assert_eq!(world.status("a")["available"], false);
    }
    drop((world, run));
    let world = open();
    assert_eq!(world.ask().chosen.unwrap()["provider_id"], "b");
    let next = reconfigured(&world, &config()).unwrap();
    next.take_over(&world.router).unwrap();
    assert_eq!(next.status().unwrap()["providers"]["a"]["disabled"], held);
    assert!(next.enable("a").unwrap());
    let outcome = block_on(next.start(r#"{"prompt":"x"}"#).unwrap().answer()).unwrap();
    assert_eq!(outcome.chosen.unwrap()["provider_id"], "a");
    assert!(!world.provider.requests.lock().unwrap().is_empty());
}
