//! What a contract comes down to, and prices that are none.

use std::sync::Arc;

use serde_json::{Value, json};
use sigmapol_core::{Engine as _, Native};
use sigmapol_router::{Config, Router};

fn config() -> Value {
    json!({
        "providers": {
            "a": {"discovery": "static", "base_url": "https://a", "api_kind": "ollama"},
            "b": {"discovery": "marketplace", "discovery_id": "peers", "api_kind": "ollama"}},
        "models": {
            "m": {"capabilities": {}, "served_by": [{"provider": "a", "fields": {"price_in": 9}}]},
            "n": {"capabilities": {}, "served_by": [{"provider": "a"}]}},
        "policy_envelope": ["not", ["family_eq", "n"]],
        "profiles": {
            "default": {"filter": {"family_in": ["m", "o"]}, "scorer": ["field", "price_in"],
                        "selector": "top_k", "selector_opts": {"k": 1}}}})
}

fn router(offers: &Value) -> Router {
    let config = Config::from_json(&config().to_string()).unwrap();
    let builder = Router::builder(config).engine(Arc::new(Native));
    builder.offers(json!({"peers": {"ok": true, "offers": offers}}).to_string()).build().unwrap()
}

#[test]
fn a_profile_and_a_policy_of_the_contract() {
    let router = router(&json!([{"model_family": "o", "price_in_usd_per_mtok": 2}]));
    let resolved = router.resolve("{}").unwrap();
    let names: Vec<_> = resolved.candidates.iter().map(|one| one["model_family"].clone()).collect();
    // those that top_k cuts off are there, and only the filter rejects
    assert_eq!((names, resolved.rejected), (vec![json!("m"), json!("n"), json!("o")], vec![1]));
    assert_eq!(resolved.candidates[2]["price_in"], 2);
    let policy: Value = serde_json::from_str(&resolved.policy).unwrap();
    assert_eq!(policy[3], json!(["top_k", 1, ["argmax"]]));
    assert!(Native.hash(&resolved.policy, "{}").is_ok());

    let own = json!({"policy_ir": ["policy", ["top"], ["zero"], ["argmax"], ["id"],
        ["always", {"action": "abort"}]]});
    let resolved = router.resolve(&own.to_string()).unwrap();
    assert_eq!(resolved.rejected, [1]);
    let policy: Value = serde_json::from_str(&resolved.policy).unwrap();
    assert_eq!(policy[1], json!(["and", ["not", ["family_eq", "n"]], ["top"]]));

    let error = router.resolve(r#"{"profile": "other"}"#).unwrap_err();
    assert_eq!(error.to_string(), "unknown profile: other");
}

/// Price lists write −1 for a price that is not known; nobody is ever cheapest by that.
#[test]
fn a_price_below_zero_is_not_known() {
    let offers = json!([{"model_family": "o", "price_in_usd_per_mtok": -1}]);
    let given = router(&offers);
    assert_eq!(given.resolve("{}").unwrap().candidates[2].get("price_in"), None);
    let later = router(&json!([]));
    later.set_offers(json!({"peers": {"ok": true, "offers": offers}}).to_string()).unwrap();
    assert_eq!(later.rank("{}").unwrap()["ordered"][0].get("price_in"), None);

    for (pointer, path) in
        [("/models/m", "models.m"), ("/models/m/served_by/0", "models.m.served_by.0")]
    {
        let mut config = config();
        config.pointer_mut(pointer).unwrap()["fields"] = json!({"price_out": -0.5});
        let error = Config::from_json(&config.to_string()).unwrap_err().to_string();
        let message = "expected a price of at least 0, got -0.5: leave out what is not known";
        assert_eq!(error, format!("{path}.fields.price_out: {message}"));
    }
}
