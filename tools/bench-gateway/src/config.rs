//! The configuration that is measured: distinct candidates, each at a provider of its own.

use std::net::SocketAddr;

use serde_json::{Map, Value, json};

/// So many candidates, all of them at the upstream.
pub fn config(upstream: SocketAddr, candidates: usize) -> Value {
    let (mut providers, mut models) = (Map::new(), Map::new());
    for index in 0..candidates {
        let base_url = format!("http://{upstream}/v1");
        let provider =
            json!({ "discovery": "static", "api_kind": "openai_compatible", "base_url": base_url });
        providers.insert(format!("p{index}"), provider);
        let fields = json!({
            "price_in": (index * 7919 % 1000) as f64 / 16.0,
            "price_out": (index * 104_729 % 10_007) as f64 / 64.0,
            "bench": (index * 31 % 97 * 10) as f64 / 1000.0,
        });
        let capabilities = json!({ "context": 8000, "supports_tools": !index.is_multiple_of(3) });
        let served_by = json!([{ "provider": format!("p{index}"), "fields": fields }]);
        models.insert(
            format!("m{index}"),
            json!({ "capabilities": capabilities, "served_by": served_by }),
        );
    }
    json!({
        "providers": providers,
        "models": models,
        "fields": { "bench": { "sort": "Num", "default": 0 } },
        "profiles": { "default": { "policy_ir": ["policy",
            ["and", ["meets_req"], ["not", ["is", "disabled"]], ["has_cap", "supports_tools"],
                ["cmp", "bench", "ge", 0.1]],
            ["neg", ["normalize", ["field", "price_out"]]], ["argmax"], ["id"],
            ["always", { "action": "next_candidate" }]] } },
    })
}
