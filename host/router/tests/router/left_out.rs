//! Who is not called: models that are not there, providers without a key, other protocols.

use std::{fs, sync::Arc, time::Duration};

use serde_json::{Value, json};
use sigmapol_provider::{
    Calling,
    ErrorKind::{ModelUnavailable, ServerError},
    MissingCredential, OnDelta, Provider,
};

use crate::{Reply, World, block_on, config, path, policy};

const UP: &[Reply] = &[Reply::Text(&["hello"])];
const GONE: Reply = Reply::Fail(ModelUnavailable, Some(404));

#[test]
fn a_model_that_is_not_there_is_closed_alone() {
    let mut config = config();
    config["models"]["n"] =
        json!({"served_by": [{"provider": "a", "provider_model_id": "n-1"}], "capabilities": {}});
    let world = World::of(&config, &[("a", &[GONE]), ("b", UP)], |builder| builder);
    for _ in 0..5 {
        assert_eq!(world.ask().chosen.unwrap()["provider_id"], "b");
    }
    // three times asked, and no more
    assert_eq!(world.called(), ["a", "b", "a", "b", "a", "b", "b", "b"]);
    let status = world.status("a");
    assert_eq!(status["available"], true);
    assert_eq!(status["breaker"]["consecutive_failures"], 0);
    // the third answer came at 50 ms, three calls later it is 80
    let closed = json!({"m": {"failures": 3, "ms_until_recovery": 29_970.0}});
    assert_eq!(status["closed_models"], closed);
    let ranking = world.router.rank("{}").unwrap();
    let ordered: Vec<_> = ranking["ordered"].as_array().unwrap().iter().collect();
    assert!(
        ordered
            .iter()
            .all(|one| (&one["provider_id"], &one["model_family"]) != (&json!("a"), &json!("m")))
    );
    let closed = json!({"provider": "a", "model": "m", "reason": "model_closed"});
    assert!(ranking["rejected"].as_array().unwrap().contains(&closed), "{ranking}");
    let outcome = world.ask();
    assert_eq!(
        path(&outcome)[0],
        json!({"event": "attempted", "provider_id": "a", "model_family": "m", "attempt": 1,
               "latency_ms": 0, "error_kind": "model_unavailable",
               "error_message": "not asked: a had no model m, which is closed until 1700000030050 ms, for 30 s more"})
    );
    // another model of the provider is asked
    let other = r#"{"requirements":{"pin":{"provider":"a","model":"n"}}}"#;
    block_on(world.router.start(other).unwrap().answer()).unwrap();
    assert_eq!(world.called().last().unwrap(), "a");

    // asked once after its time, and closed again by one more failure
    world.clock.advance(30_000.0);
    let before = world.called().len();
    world.ask();
    world.ask();
    assert_eq!(world.called()[before..], ["a", "b", "b"]);
    assert!(world.router.enable("a").unwrap());
    assert_eq!(world.status("a").get("closed_models"), None);
    world.ask();
    assert_eq!(world.called().last_chunk(), Some(&["a".to_owned(), "b".to_owned()]));
}

#[test]
fn an_answer_opens_a_model() {
    let script = [GONE, GONE, UP[0].clone(), GONE, GONE, UP[0].clone()];
    let world = World::new(&[("a", &script), ("b", UP)]);
    let asked: Vec<_> =
        (0..6).map(|_| world.ask().chosen.unwrap()["provider_id"].clone()).collect();
    assert_eq!(asked, ["b", "b", "a", "b", "b", "a"]);
}

/// Whatever the policy says, a closed model is answered for once, and not waited for.
#[test]
fn a_policy_that_tries_again() {
    for backoff in [0, 20_000] {
        let action = json!({"action": "retry_same", "attempts": 9, "backoff_ms": backoff});
        let mut config = config();
        config["profiles"]["default"]["policy_ir"] = policy(&action);
        config["models"]["m"]["served_by"] = json!([{"provider": "a"}]);
        config["defaults"] = json!({ "circuit_breaker_threshold": 1 });
        let world = World::of(&config, &[("a", &[GONE])], |builder| builder);
        let outcome = world.ask();
        assert_eq!(outcome.error.as_deref(), Some("exhausted: model_unavailable"));
        assert!(world.called().len() <= 2, "{:?}", world.called());
        let last = path(&outcome).as_array().unwrap().last().unwrap();
        assert_eq!(last["reason"], "model_closed");
    }
}

#[test]
fn a_closed_model_outlasts_its_router() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let open = || {
        World::of(&config(), &[("a", &[GONE]), ("b", UP)], |builder| {
            builder.state_file(&file, Duration::MAX)
        })
    };
    let world = open();
    (0..3).for_each(|_| drop(world.ask()));
    drop(world);
    let world = open();
    world.ask();
    assert_eq!(world.called(), ["b"]);
}

/// Answers for whom it has a key.
struct Keyless(Arc<dyn Provider>);

impl Provider for Keyless {
    fn call<'a>(&'a self, request: &'a str, on_delta: Option<OnDelta<'a>>) -> Calling<'a> {
        self.0.call(request, on_delta)
    }

    fn missing_credentials(&self) -> Vec<MissingCredential> {
        ["a", "c"]
            .map(|id| MissingCredential { provider: id.into(), variable: format!("KEY_{id}") })
            .into()
    }
}

#[test]
fn a_provider_without_a_key_is_nobodys() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let script = [("b", &[Reply::Fail(ServerError, Some(500)), UP[0].clone()][..])];
    let with_key = World::of(&config(), &script, |builder| builder);
    let provider = Arc::new(Keyless(Arc::clone(&with_key.provider) as _));
    let world = World::of(&config(), &[], |builder| {
        builder.provider(provider).state_file(&file, Duration::ZERO)
    });
    assert_eq!(
        *world.log.lock().unwrap(),
        [r#"{"level":"warn","event":"no_credential","fields":{"a":"KEY_a","c":"KEY_c"}}"#]
    );
    let rejected =
        |provider: &str| json!({"provider": provider, "model": "m", "reason": "no_credential"});
    let ranking = world.router.rank("{}").unwrap();
    assert_eq!(ranking["rejected"], json!([rejected("a"), rejected("c")]));
    assert_eq!(ranking["ordered"].as_array().unwrap().len(), 1);
    assert_eq!(world.status("a")["available"], false);
    assert_eq!(world.status("a")["without_credential"], "KEY_a");
    assert_eq!(world.status("b")["available"], true);
    assert_eq!(world.ask().error.as_deref(), Some("exhausted: server_error"));
    assert_eq!(with_key.called(), ["b"]);
    let pin = r#"{"requirements":{"pin":{"provider":"a","model":"m"}}}"#;
    let outcome = world.router.start(pin).unwrap().outcome().unwrap();
    assert_eq!(outcome.error.as_deref(), Some("no_candidates"));
    assert_eq!(outcome.trace["rejected"], json!([rejected("a")]));

    // the next process may have it
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(r#""consecutive_failures":1"#) && !text.contains("KEY_"), "{text}");
    drop(world);
    let world =
        World::of(&config(), &[("a", UP)], |builder| builder.state_file(&file, Duration::ZERO));
    assert_eq!(world.ask().chosen.unwrap()["provider_id"], "a");
}

#[test]
fn another_protocol_is_nobodys() {
    let mut config = config();
    config["models"]["v"] =
        json!({"served_by": [{"provider": "a"}], "capabilities": {}, "protocol": "embeddings"});
    let world = World::of(&config, &[("a", UP)], |builder| builder);
    let ranking = |contract: &str| {
        let ranking = world.router.rank(contract).unwrap();
        let models = |key: &str, name: &str| {
            let list = ranking[key].as_array().unwrap();
            list.iter().map(|of| of[name].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        (models("ordered", "model_family"), models("rejected", "reason"))
    };
    let (m, v) = (|count| vec!["m".to_owned(); count], vec!["v".to_owned()]);
    assert_eq!(ranking("{}"), (m(3), vec!["protocol".to_owned()]));
    assert_eq!(ranking(r#"{"protocol":"embeddings"}"#), (v, vec!["protocol".to_owned(); 3]));
    let run = world.router.start(r#"{"protocol":"embeddings"}"#).unwrap();
    block_on(run.answer()).unwrap();
    let requests = world.provider.requests.lock().unwrap();
    assert_eq!(
        (&requests[0]["served_model_id"], &requests[0]["protocol"]),
        (&json!("v"), &json!("embeddings"))
    );
}

/// Under the profile that admits every name of a parameter, too.
#[test]
fn no_term_says_where_a_call_goes() {
    let forged = [
        "provider_id",
        "model_family",
        "served_model_id",
        "base_url",
        "aws_region",
        "api_kind",
        "auth_env",
        "auth",
        "protocol",
        "offer",
        "model",
        "api_key",
        "api_base",
        "headers",
        "url",
    ];
    let steps = forged.map(|name| json!(["set_param", name, "b"]));
    let set: Vec<Value> = [json!("seq")].into_iter().chain(steps).collect();
    let mut term = policy(&json!({"action": "next_candidate"}));
    term[4] = json!(["seq", set, ["set_param", "top_p", 0.5]]);
    let contract = json!({"prompt": "hi", "policy_ir": term}).to_string();
    let world = World::of(&config(), &[("a", UP)], |builder| builder.reference(true));
    block_on(world.router.start(&contract).unwrap().answer()).unwrap();
    assert_eq!(
        world.provider.requests.lock().unwrap()[0],
        json!({
            "provider_id": "a", "model_family": "m", "served_model_id": "m",
            "base_url": "http://127.0.0.1:1/a", "api_kind": "openai_compatible",
            "auth": {"kind": "none"}, "timeout_ms": 30_000, "top_p": 0.5,
            "messages": [{"role": "user", "content": "hi"}],
        })
    );
    // the strict profile admits none of these names
    let world = World::of(&config(), &[("a", UP)], |builder| builder);
    let outcome = world.router.start(&contract).unwrap().outcome().unwrap();
    let error = outcome.error.unwrap();
    assert!(error.contains("set_param"), "{error}");
}
