//! What templates are made of, and what they decide.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use serde_json::{Value, json};
use sigmapol_core::{Engine as _, Native};
use sigmapol_prove::{Facts, lint};
use sigmapol_templates::{Known, TEMPLATES, build};

const VOCABULARY: &str = r#"{"fields": {"bench_intelligence": {"sort": "Num", "default": 0},
    "arena": {"sort": "Num", "default": 0}}}"#;

fn known() -> Known {
    Known { numbers: vec!["bench_intelligence".to_owned(), "arena".to_owned()] }
}

/// A way to choose each template: plainly, and with all that it takes.
fn chosen() -> Vec<(&'static str, Value)> {
    let prices = json!({"max_price_in": 3, "max_price_out": 12.5, "providers": ["a", "b", "c"]});
    let with = |more: Value| {
        let mut all = prices.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    vec![
        ("agent", json!({})),
        (
            "agent",
            with(json!({"min_context": 0, "quality": "arena", "quality_share": 1,
            "input_share": 0.9, "min_success_rate": 0})),
        ),
        ("cheapest-family", json!({"family": "m"})),
        ("cheapest-family", with(json!({"family": "m", "input_share": 1}))),
        ("fastest", json!({})),
        ("fastest", with(json!({"min_success_rate": 0.95}))),
        ("private", json!({})),
        ("private", with(json!({"tee": true, "input_share": 0}))),
        ("smart-value", json!({})),
        ("smart-value", with(json!({"quality": "arena", "quality_share": 0, "min_quality": 7}))),
        ("smart-value", json!({"providers": ["a"]})),
    ]
}

#[test]
fn each_is_admitted_and_nothing_is_found_in_it() {
    let mut facts = Facts::default();
    facts.vocabulary(&serde_json::from_str(VOCABULARY).unwrap());
    for (name, options) in chosen() {
        for (known, vocabulary) in [(known(), VOCABULARY), (Known::default(), "{}")] {
            let Ok(made) = build(name, &options, &known) else {
                assert_eq!(options["quality"], "arena", "{name} {options}");
                continue;
            };
            let policy = made.policy.to_string();
            Native.admit(&policy, vocabulary).unwrap();
            let found: Vec<_> = lint(&policy, &facts).iter().map(ToString::to_string).collect();
            assert_eq!(found, [""; 0], "{name} {options}: {policy}");
        }
    }
    let tried: Vec<_> = chosen().into_iter().map(|(name, _)| name).collect();
    for template in TEMPLATES {
        assert!(tried.contains(&template.name), "{} is not tried", template.name);
    }
}

/// Six offers: the figures are what the names say.
const CANDIDATES: &str = r#"[
    {"provider_id": "plain", "model_family": "m", "price_in": 1, "price_out": 4, "tok_s": 50,
     "bench_intelligence": 50, "capabilities": {"context": 200000, "supports_tools": true}},
    {"provider_id": "clever", "model_family": "n", "price_in": 4, "price_out": 20, "tok_s": 40,
     "bench_intelligence": 90, "capabilities": {"context": 200000, "supports_tools": true}},
    {"provider_id": "quick", "model_family": "m", "price_in": 2, "price_out": 8, "tok_s": 300,
     "bench_intelligence": 20, "capabilities": {"context": 8000, "supports_tools": true}},
    {"provider_id": "silent", "model_family": "n", "price_in": 3, "price_out": 9, "no_log": true,
     "bench_intelligence": 60, "capabilities": {"context": 200000}},
    {"provider_id": "unpriced", "model_family": "m", "tok_s": 900, "no_log": true,
     "bench_intelligence": 99, "capabilities": {"context": 200000, "supports_tools": true}},
    {"provider_id": "flaky", "model_family": "m", "price_in": 0.1, "price_out": 0.1, "tok_s": 400,
     "success_rate": 0.5, "bench_intelligence": 95,
     "capabilities": {"context": 200000, "supports_tools": true}}]"#;

/// Providers, in the order in which a template would ask them.
fn decided(name: &str, options: Value, state: &str) -> Vec<String> {
    let made = build(name, &options, &known()).unwrap();
    let ctx =
        format!(r#"{{"vocabulary": {VOCABULARY}, "candidates": {CANDIDATES}, "state": {state}}}"#);
    let candidates: Vec<Value> = serde_json::from_str(CANDIDATES).unwrap();
    let ordered = Native.decide(&made.policy.to_string(), &ctx).unwrap().value.ordered;
    let provider = |at: u32| candidates[at as usize]["provider_id"].as_str().unwrap().to_owned();
    ordered.iter().map(|ranked| provider(ranked.candidate)).collect()
}

#[test]
fn what_each_decides() {
    for (name, options, state, expected) in [
        ("cheapest-family", json!({"family": "m"}), "{}", &["plain", "quick"][..]),
        (
            "cheapest-family",
            json!({"family": "m", "min_success_rate": 0}),
            "{}",
            &["flaky", "plain", "quick"],
        ),
        (
            "cheapest-family",
            json!({"family": "m"}),
            r#"{"breakers": {"plain": true}}"#,
            &["quick", "plain"],
        ),
        (
            "cheapest-family",
            json!({"family": "m", "providers": ["quick", "plain"]}),
            "{}",
            &["quick", "plain"],
        ),
        ("cheapest-family", json!({"family": "m", "max_price_out": 4}), "{}", &["plain"]),
        ("fastest", json!({}), "{}", &["quick", "plain", "clever", "silent"]),
        ("private", json!({}), "{}", &["silent"]),
        ("private", json!({"tee": true}), "{}", &[]),
        // tools and a long context; nine tenths of the way by quality
        ("agent", json!({"quality_share": 0.9}), "{}", &["clever", "plain"]),
        ("agent", json!({"quality_share": 0}), "{}", &["plain", "clever"]),
        ("smart-value", json!({"quality_share": 1}), "{}", &["clever", "silent", "plain", "quick"]),
        (
            "smart-value",
            json!({"quality_share": 1, "min_quality": 60}),
            "{}",
            &["clever", "silent"],
        ),
        ("smart-value", json!({"providers": ["silent"]}), "{}", &["silent"]),
    ] {
        assert_eq!(decided(name, options.clone(), state), expected, "{name} {options} {state}");
    }
}

#[test]
fn intents() {
    for (name, options, intent) in [
        (
            "agent",
            json!({"providers": ["a", "b"]}),
            "tools and a context of 128000 tokens, 80 % by bench_intelligence and the rest by \
             price, 80 % of the price being that of input; at most 15 USD a million tokens in and \
             30 out; from a, then b alone; open breakers last",
        ),
        (
            "fastest",
            json!({"max_price_in": 1000000, "max_price_out": 1000000}),
            "the most tokens a second; open breakers last",
        ),
        (
            "private",
            json!({"tee": true}),
            "whoever keeps no log and runs in a trusted execution environment, the cheapest first, \
             80 % of the price being that of input; open breakers last",
        ),
    ] {
        assert_eq!(build(name, &options, &known()).unwrap().intent, intent);
    }
    let made = build("smart-value", &json!({}), &Known::default()).unwrap();
    assert_eq!(
        made.intent,
        "the cheapest, 80 % of the price being that of input; no quality is declared; at most 5 \
         USD a million tokens in and 25 out; open breakers last"
    );
}

#[test]
fn weights_are_as_a_person_writes_them() {
    let made = build("private", &json!({"input_share": 0.9}), &Known::default()).unwrap();
    let price = json!([
        "add",
        ["scale", 0.9, ["field", "price_in"]],
        ["scale", 0.1, ["field", "price_out"]]
    ]);
    assert_eq!(made.policy[2], json!(["neg", ["normalize", price]]));
}

#[test]
fn what_is_refused() {
    let long = "x".repeat(300);
    for (name, options, message) in [
        (
            "cheapest",
            json!({}),
            "expected one of agent, cheapest-family, fastest, private, smart-value",
        ),
        ("cheapest-family", json!({}), "$.family: expected it: the family of models"),
        ("cheapest-family", json!({"family": null}), "$.family: expected it: the family of models"),
        ("cheapest-family", json!({"family": ""}), "$.family: expected a name of 1 to 256 bytes"),
        ("cheapest-family", json!({"family": long}), "$.family: expected a name of 1 to 256 bytes"),
        ("cheapest-family", json!([]), "$: expected an object of options"),
        (
            "fastest",
            json!({"max_price": 1}),
            "$: unknown option 'max_price': did you mean max_price_in?",
        ),
        (
            "fastest",
            json!({"colour": 1}),
            "$: unknown option 'colour': expected one of max_price_in, max_price_out, \
             min_success_rate, providers",
        ),
        (
            "fastest",
            json!({"max_price_in": -1}),
            "$.max_price_in: expected a number from 0 to 1000000",
        ),
        (
            "fastest",
            json!({"max_price_in": "1"}),
            "$.max_price_in: expected a number from 0 to 1000000",
        ),
        (
            "fastest",
            json!({"providers": []}),
            "$.providers: expected a list of 1 to 64 names, each once",
        ),
        (
            "fastest",
            json!({"providers": ["a", "a"]}),
            "$.providers: expected a list of 1 to 64 names, each once",
        ),
        (
            "fastest",
            json!({"providers": vec!["a"; 65]}),
            "$.providers: expected a list of 1 to 64 names, each once",
        ),
        ("private", json!({"tee": 1}), "$.tee: expected true or false"),
        (
            "agent",
            json!({"quality": "price_in"}),
            "$.quality: expected a number that the configuration declares in fields",
        ),
    ] {
        let error = build(name, &options, &known()).unwrap_err();
        assert_eq!(error.to_string(), message, "{name} {options}");
    }
    let error = build("smart-value", &json!({"min_quality": 1}), &Known::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "$.min_quality: expected a number that the configuration declares in fields"
    );
}

#[test]
fn what_a_template_says_of_itself() {
    let family = TEMPLATES.iter().find(|template| template.name == "cheapest-family").unwrap();
    assert_eq!(
        family.options[0].to_json(),
        json!({"name": "family", "takes": "name", "needed": true, "says": "the family of models"})
    );
    assert_eq!(
        family.options[1].to_json(),
        json!({"name": "input_share", "takes": "number", "min": 0.0, "max": 1.0, "default": 0.8,
            "needed": false, "says": "how much of the price is that of input"})
    );
    // each default is one that the option takes
    for template in TEMPLATES {
        for option in template.options.iter().filter(|option| !option.needed) {
            let default = option.to_json()["default"].clone();
            let mut options = json!({option.name: default});
            options["family"] = json!("m");
            if !template.options.iter().any(|option| option.name == "family") {
                options.as_object_mut().unwrap().remove("family");
            }
            build(template.name, &options, &known()).unwrap();
        }
    }
}
