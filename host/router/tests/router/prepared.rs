//! Steps over a router that the engine has read: which they are, and that nothing else comes of it.

use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicUsize, Ordering},
};

use serde_json::{Value, json};
use sigmapol::Sandbox;
use sigmapol_core::{Admission, Decision, Engine, Error, Metered, Stepper, Turn};
use sigmapol_provider::ErrorKind::{AuthError, RateLimit, ServerError, Timeout};

use crate::{Reply, World, config, failure};

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new().unwrap());

/// A sandbox, and how it is asked.
#[derive(Default)]
struct Watched {
    /// Routers that were read before their steps.
    read: AtomicUsize,
    /// Steps that brought everything.
    stateless: AtomicUsize,
}

impl Watched {
    fn counts(&self) -> (usize, usize) {
        (self.read.load(Ordering::Relaxed), self.stateless.load(Ordering::Relaxed))
    }
}

impl Engine for Watched {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
        SANDBOX.admit(term, vocabulary)
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
        SANDBOX.hash(term, vocabulary)
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
        SANDBOX.decide(policy, ctx)
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        self.stateless.fetch_add(1, Ordering::Relaxed);
        SANDBOX.step(run, event)
    }

    fn stepper(&self, router: &str) -> Result<Box<dyn Stepper>, Error> {
        let stepper = SANDBOX.stepper(router)?;
        self.read.fetch_add(1, Ordering::Relaxed);
        Ok(stepper)
    }
}

fn script() -> [(&'static str, &'static [Reply]); 3] {
    const UP: Reply = Reply::Text(&["hello"]);
    [
        (
            "a",
            &[
                Reply::Fail(RateLimit, Some(429)),
                Reply::Fail(ServerError, Some(500)),
                Reply::Fail(Timeout, None),
                Reply::Fail(AuthError, Some(401)),
            ],
        ),
        ("b", &[UP, Reply::Fail(ServerError, Some(500)), UP]),
        ("c", &[UP]),
    ]
}

/// Everything that a host may ask, with waits, failures and answers.
fn everything(world: &World) -> Vec<Value> {
    let router = &world.router;
    let mut said: Vec<Value> = Vec::new();
    for round in 0..4 {
        said.push(serde_json::to_value(world.ask()).unwrap());
        said.push(router.rank(r#"{"prompt":"x","seed":1}"#).unwrap());
        said.push(router.status().unwrap());
        if round == 1 {
            router.observe("b", "m", r#"{"price_in":4,"price_out":1}"#).unwrap();
            router.set_multipliers(r#"{"b":1.5}"#).unwrap();
        }
    }
    let extra = json!({ "provider_id": "c", "model_family": "extra", "price_in": 1 });
    let contract = json!({ "extra_candidates": [extra] }).to_string();
    said.push(router.rank(&contract).unwrap());
    said.push(json!(router.rank(r#"{"profile":"none"}"#).unwrap_err().to_string()));
    let mut run = router.start(r#"{"seed":1}"#).unwrap();
    run.respond(Err(failure(ServerError, Some(500)))).unwrap();
    run.cancel("enough").unwrap();
    said.push(serde_json::to_value(run.outcome().unwrap()).unwrap());
    said
}

#[test]
fn what_is_said_is_the_same_in_both_ways() {
    let watched = Arc::new(Watched::default());
    let engine = Arc::clone(&watched);
    let prepared = World::of(&config(), &script(), |builder| builder.engine(engine));
    let stateless = World::new(&script());
    let said = everything(&prepared);
    assert_eq!(said, everything(&stateless));
    assert_eq!(prepared.called(), stateless.called());
    // the failures were some, and the multiplier is seen
    assert_eq!(said[1]["ordered"][0]["provider_id"], "a");
    assert_eq!(said[7]["ordered"][0]["price_multiplier"], json!(1.5));
    // `init` alone brought everything; the router was read once more for other multipliers
    assert_eq!(watched.counts(), (2, 1));
}

#[test]
fn the_reference_profile_is_told_to_the_engine() {
    let watched = Arc::new(Watched::default());
    let engine = Arc::clone(&watched);
    let with = |builder: sigmapol_router::Builder| builder.engine(engine).reference(true);
    let world = World::of(&config(), &[], with);
    // a key that means nothing is no error there
    assert!(world.router.rank(r#"{"promt":"x"}"#).is_ok());
    assert!(World::new(&[]).router.rank(r#"{"promt":"x"}"#).is_err());
    assert_eq!(watched.counts(), (1, 1));
}

/// The offers of a marketplace come and go: every event brings everything.
#[test]
fn a_marketplace_is_not_read_before() {
    let watched = Arc::new(Watched::default());
    let engine = Arc::clone(&watched);
    let mut market = config();
    market["providers"]["market"] = json!({
        "discovery": "marketplace", "discovery_id": "peers", "api_kind": "openai_compatible",
    });
    let offer =
        json!({ "model_family": "m", "seller_endpoint": "http://x", "price_in_usd_per_mtok": 1 });
    let offers = json!({ "peers": { "ok": true, "offers": [offer] } }).to_string();
    let with = |builder: sigmapol_router::Builder| builder.engine(engine).offers(offers);
    let world = World::of(&market, &[], with);
    let ranking = world.router.rank("{}").unwrap();
    let providers = ranking["ordered"].as_array().unwrap().iter();
    let providers: Vec<_> = providers.map(|entry| entry["provider_id"].clone()).collect();
    assert_eq!(providers, ["a", "b", "c", "market"]);
    world.router.set_multipliers(r#"{"a":2}"#).unwrap();
    world.router.status().unwrap();
    assert_eq!(watched.counts(), (0, 3));
}

/// More threads than there are places for instances that have read the router.
#[test]
fn without_a_place_events_bring_everything() {
    struct Full;

    impl Stepper for Full {
        fn step(&self, _: Option<&str>, _: &str) -> Result<Metered<Turn>, Error> {
            Err(Error::Exhausted(sigmapol_core::Exhausted::Instances))
        }
    }

    struct Crowded(Arc<Watched>);

    impl Engine for Crowded {
        fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
            self.0.admit(term, vocabulary)
        }

        fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
            self.0.hash(term, vocabulary)
        }

        fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
            self.0.decide(policy, ctx)
        }

        fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
            self.0.step(run, event)
        }

        fn stepper(&self, _: &str) -> Result<Box<dyn Stepper>, Error> {
            Ok(Box::new(Full))
        }
    }

    let watched = Arc::new(Watched::default());
    let engine = Arc::new(Crowded(Arc::clone(&watched)));
    let world = World::of(&config(), &script(), |builder| builder.engine(engine));
    assert_eq!(everything(&world), everything(&World::new(&script())));
    assert!(watched.counts().1 > 20);
}

/// More routers than a sandbox has places for: whoever is replaced gives its instances back, while a
/// run of it goes on.
#[test]
fn a_router_that_was_replaced_keeps_no_instance() {
    const MORE_THAN_PLACES: usize = 140;
    let watched = Arc::new(Watched::default());
    let engine = Arc::clone(&watched);
    let world = World::of(&config(), &script(), |builder| builder.engine(engine));
    let mut router = world.router.clone();
    let mut runs = Vec::new();
    for _ in 0..MORE_THAN_PLACES {
        runs.push(router.start(r#"{"prompt":"x"}"#).unwrap());
        let next = router.reconfigured(router.config().clone(), None).unwrap();
        next.take_over(&router).unwrap();
        router = next;
    }
    assert_eq!(watched.counts().0, 1 + MORE_THAN_PLACES);
    let mut run = runs.swap_remove(0);
    run.respond(Err(failure(ServerError, Some(500)))).unwrap();
    assert!(matches!(run.effect(), sigmapol_core::Effect::Call(_)), "{:?}", run.effect());
}
