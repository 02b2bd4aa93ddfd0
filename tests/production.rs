//! Policies that run in production, and the ones we show.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use serde_json::{Value, json};
use sigmapol_tests::{engines, shared, text};

fn catalog() -> Value {
    serde_json::from_str(&text("examples/catalog.json")).unwrap()
}

/// The winner of a policy over the example catalog, as `provider/family`, in the strict profile:
/// the same in every engine.
fn winner(name: &str, policy: &str) -> String {
    let catalog = catalog();
    let vocabulary = catalog["vocabulary"].to_string();
    let answers = engines().map(|(engine, verbs)| {
        let identity = verbs.hash(policy, &vocabulary).unwrap_or_else(|error| {
            panic!("{name} in {engine}: {error}");
        });
        let decision = verbs.decide(policy, &catalog.to_string()).unwrap().value;
        assert_eq!(identity.value, decision.identity, "{name} in {engine}");
        decision
    });
    assert_eq!(answers[0], answers[1], "{name}: component and core");
    assert_eq!(answers[0], answers[2], "{name}: component and native");
    let first = answers[0].ordered.first().unwrap_or_else(|| panic!("{name}: nobody left"));
    let candidate = &catalog["candidates"][first.candidate as usize];
    let part = |key: &str| candidate[key].as_str().unwrap().to_owned();
    part("provider_id") + "/" + &part("model_family")
}

/// The expected winners follow from the catalog by hand: the cheapest offers that pass the filter
/// of the policy, in the order of preference that it states.
#[test]
fn production_policies_decide_over_the_example_catalog() {
    let Some(path) = shared("data/policy-templates.json") else { return };
    let templates: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for (name, expected) in [
        ("cheapest-family", "openrouter/glm-5.1"),
        ("cheapest-family-ordered", "openrouter/glm-5.1"),
        // ranks 1 to 5 are opus, gpt-5, sonnet, gemini-2.5-pro and grok-4-fast; grok is cheapest
        ("smart-value", "xai/grok-4-fast"),
        // no subscription provider here, then first-party ones: gpt-5 is next to best and cheap
        ("agent", "openai/gpt-5"),
        // bedrock comes before openrouter among the five best
        ("default", "bedrock/claude-sonnet-4-5"),
    ] {
        assert_eq!(winner(name, &templates[name].to_string()), expected, "{name}");
    }
}

/// The support policy takes the cheapest output among models with tools: 0.3 USD per million.
#[test]
fn example_policies() {
    assert_eq!(winner("support", &text("examples/support.json")), "mistral/mistral-small-3.2");
    assert_eq!(winner("agent", &text("examples/agent.json")), "xai/grok-4-fast");
}

#[test]
fn the_example_catalog_is_what_it_says() {
    let catalog = catalog();
    let candidates = catalog["candidates"].as_array().unwrap();
    let distinct = |key: &str| {
        let mut names: Vec<_> = candidates.iter().map(|entry| entry[key].to_string()).collect();
        names.sort();
        names.dedup();
        names.len()
    };
    assert!(distinct("model_family") >= 25);
    assert!(distinct("provider_id") >= 6);
    for candidate in candidates {
        for key in ["price_in", "price_out", "bench_intelligence"] {
            assert!(candidate[key].as_f64().is_some_and(|value| value > 0.0), "{candidate}");
        }
        assert!(candidate["capabilities"]["context"].is_u64(), "{candidate}");
    }
}

/// Both profiles name and decide alike what both admit.
#[test]
fn identity_does_not_depend_on_the_profile() {
    let mut vocabulary = catalog()["vocabulary"].clone();
    let policy = text("examples/agent.json");
    for (engine, verbs) in engines() {
        vocabulary["profile"] = json!("strict");
        let strict = verbs.admit(&policy, &vocabulary.to_string()).unwrap().value;
        vocabulary["profile"] = json!("reference");
        let reference = verbs.admit(&policy, &vocabulary.to_string()).unwrap().value;
        assert_eq!(strict, reference, "{engine}");
    }
}
