//! What is decided: policies, catalogs and configurations of any size, each from one formula.

use serde_json::{Value, json};
use sigmapol_tests::text;

/// A policy that decides over catalogs, and how large they get.
pub struct Case {
    pub name: &'static str,
    pub policy: &'static str,
    /// The most candidates that are measured.
    most: usize,
    /// The most candidates that are measured in the other policy engine.
    most_in_rego: usize,
}

impl Case {
    pub fn sizes(&self) -> impl Iterator<Item = usize> {
        SIZES.into_iter().filter(|size| *size <= self.most)
    }

    pub const fn has_rego(&self, size: usize) -> bool {
        size <= self.most_in_rego
    }
}

/// Candidates of catalogs.
const SIZES: [usize; 5] = [10, 100, 1_000, 10_000, 100_000];

/// A filter and one normalised price.
pub const SUPPORT: Case = Case {
    name: "support",
    policy: r#"["policy",
        ["and", ["meets_req"], ["not", ["is", "disabled"]], ["has_cap", "supports_tools"],
            ["cmp", "bench", "ge", 0.1]],
        ["neg", ["normalize", ["field", "price_out"]]], ["argmax"], ["id"],
        ["always", {"action": "next_candidate"}]]"#,
    most: 100_000,
    most_in_rego: 1_000,
};

/// Two normalised fields.
const TWO_WEIGHTS: Case = Case {
    name: "two weights",
    policy: r#"["policy", ["and", ["meets_req"], ["not", ["is", "disabled"]]],
        ["add", ["scale", 0.7, ["neg", ["normalize", ["field", "price_in"]]]],
            ["scale", 0.3, ["normalize", ["field", "bench"]]]],
        ["argmax"], ["id"], ["always", {"action": "next_candidate"}]]"#,
    most: 100_000,
    most_in_rego: 0,
};

/// A sample by one normalised price.
const SAMPLE: Case = Case {
    name: "sample",
    policy: r#"["policy", ["and", ["meets_req"], ["not", ["is", "disabled"]]],
        ["neg", ["normalize", ["field", "price_in"]]], ["sample", 0.5], ["id"],
        ["always", {"action": "next_candidate"}]]"#,
    most: 10_000,
    most_in_rego: 0,
};

pub const CASES: [Case; 3] = [SUPPORT, TWO_WEIGHTS, SAMPLE];

pub const REQUEST: &str = r#"{"request":{"requirements":{"needs":["tools"],"min_context":4000}}}"#;

/// What the policy `support` says, in Rego: filter, order by price, the first.
const REGO: &str = "package route
passes(c) if {
    c.capabilities.supports_tools
    c.capabilities.context >= input.min_context
    not data.disabled[c.provider_id]
    c.bench >= 0.1
}
ordered := sort([[c.price_out, i] | some i, c in data.candidates; passes(c)])
first := ordered[0][1]
";

/// Providers of every catalog and configuration.
const PROVIDERS: usize = 40;

/// What a candidate says of itself. 100,000 of them are 15 MB of JSON, and 16 MiB are admitted.
fn fields(index: usize) -> (Value, f64, f64, f64) {
    (
        json!({ "context": 8000, "supports_tools": !index.is_multiple_of(3) }),
        (index * 7919 % 1000) as f64 / 16.0,
        (index * 104_729 % 10_007) as f64 / 64.0,
        (index * 31 % 97 * 10) as f64 / 1000.0,
    )
}

/// So many distinct candidates at 40 providers, one of them with an open breaker, one disabled.
pub fn catalog(count: usize) -> Value {
    let candidate = |index: usize| {
        let (capabilities, price_in, price_out, bench) = fields(index);
        json!({
            "provider_id": format!("p{}", index % PROVIDERS), "model_family": format!("m{index}"),
            "capabilities": capabilities, "price_in": price_in, "price_out": price_out,
            "bench": bench,
        })
    };
    json!({
        "candidates": (0..count).map(candidate).collect::<Vec<_>>(),
        "vocabulary": { "fields": { "bench": { "sort": "Num", "default": 0 } } },
        "state": { "breakers": { "p3": true }, "disabled": { "p5": 1 } },
    })
}

/// The catalog loaded in the other policy engine, its input set.
pub fn rego(catalog: &Value) -> regorus::Engine {
    let mut engine = regorus::Engine::new();
    engine.add_policy("route.rego".to_owned(), REGO.to_owned()).unwrap();
    let data = json!({
        "candidates": catalog["candidates"], "disabled": catalog["state"]["disabled"],
    });
    engine.add_data_json(&data.to_string()).unwrap();
    engine.set_input_json(r#"{"min_context":4000}"#).unwrap();
    engine
}

/// A ctx of so many candidates: the example catalog, repeated with other prices.
pub fn ctx(count: usize) -> String {
    let mut ctx: Value = serde_json::from_str(&text("examples/catalog.json")).unwrap();
    let offers = ctx["candidates"].as_array().unwrap().clone();
    let candidates = offers.iter().cycle().take(count).enumerate().map(|(index, offer)| {
        let mut offer = offer.clone();
        offer["price_out"] = json!(offer["price_out"].as_f64().unwrap() + index as f64 / 64.0);
        offer
    });
    ctx["candidates"] = candidates.collect();
    let request: Value = serde_json::from_str(&text("examples/request.json")).unwrap();
    for (key, value) in request.as_object().unwrap() {
        ctx[key] = value.clone();
    }
    ctx.to_string()
}

/// A router's configuration with so many candidates and the policy `support` as its profile.
pub fn config(count: usize) -> Value {
    let provider = |number: usize| {
        let id = format!("p{number}");
        let base_url = format!("https://{id}.example");
        let api_kind = "openai_compatible";
        (id, json!({ "discovery": "static", "api_kind": api_kind, "base_url": base_url }))
    };
    let model = |index: usize| {
        let (capabilities, price_in, price_out, bench) = fields(index);
        // every other one has the price that the state has observed
        let fields = match index % 2 {
            0 => json!({ "bench": bench }),
            _ => json!({ "price_in": price_in, "price_out": price_out, "bench": bench }),
        };
        let served_by =
            json!([{ "provider": format!("p{}", index % PROVIDERS), "fields": fields }]);
        (format!("m{index}"), json!({ "capabilities": capabilities, "served_by": served_by }))
    };
    let policy: Value = serde_json::from_str(SUPPORT.policy).unwrap();
    json!({
        "providers": (0..PROVIDERS).map(provider).collect::<serde_json::Map<_, _>>(),
        "models": (0..count).map(model).collect::<serde_json::Map<_, _>>(),
        "fields": { "bench": { "sort": "Num", "default": 0 } },
        "profiles": { "default": { "policy_ir": policy } },
    })
}
