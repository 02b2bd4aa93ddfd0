//! Findings in configurations and flows.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sigmapol_prove::{Facts, lint_config, lint_flow};

fn facts(config: &Value) -> Facts {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let mut facts = Facts::of_config(config);
    facts.kinds = Some(set(&["bad_request", "rate_limit", "timeout", "unknown"]));
    facts.adapters = Some(set(&["ollama"]));
    facts
}

#[test]
fn a_configuration() {
    let mut config = json!({
        "providers": {"a": {"discovery": "static", "api_kind": "ollama"}},
        "models": {"m": {"capabilities": {"supports_tools": true, "supports_video": true},
                         "served_by": [{"provider": "a"}]}},
        "fields": {"bench": {"sort": "Num", "default": 0}},
        "retry_policies": {"r": {"timeout": {"action": "retry_same", "attempts": 1}}},
        "policy_envelope": ["has_cap", "supports_video"],
        "customs": {"c": ["set_param", "temperature", 1]}});
    assert_eq!(lint_config(&config, &facts(&config)), []);
    config["fields"] = json!({"scope": {"sort": "Num", "default": 0}});
    config["providers"]["b"] = json!({"discovery": "static", "api_kind": "bedrock"});
    config["retry_policies"]["r"] = json!({"time_out": {"action": "abort", "mark": 1},
        "bad_request": {"action": "retry_same"}});
    config["models"]["m"]["capabilities"] = json!({"support_tools": true});
    config["policy_envelope"] = json!(["not", ["provider_eq", "c"]]);
    config["customs"]["c"] = json!(["clamp_param", "top_p", 1, 0]);
    let found = lint_config(&config, &facts(&config));
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "$.fields.scope error L090 the declared field 'scope' is a key of candidates, which none can give then",
            "$.providers.b.api_kind warning L059 b: there is no adapter for bedrock, every call is model_unavailable",
            "$.retry_policies.r.bad_request warning L056 tries again after bad_request, which is the fault of the request",
            "$.retry_policies.r.time_out warning L050 no failure is of kind 'time_out', did you mean 'timeout'?",
            "$.retry_policies.r.time_out.mark note L058 nothing reads mark",
            "$.models.m.capabilities.support_tools warning C003 nothing asks for the capability 'support_tools', did you mean 'supports_tools'?",
            "$.customs.c warning L040 clamp_param from 1 to 0: what is below 1 becomes 1, and anything else 0",
            "$.policy_envelope[1] warning L010 there is no provider 'c'",
        ]
    );
}

#[test]
fn a_flow() {
    let mut flow = json!(["flow", {
        "in": {"kind": "input"},
        "a b": {"kind": "llm", "inputs": ["in"], "system": "S", "template": "$1", "policy":
            ["policy", ["top"], ["zero"], ["argmax"], ["id"], ["always", {"action": "abort"}]]},
        "out": {"kind": "output", "inputs": ["a b"]}}]);
    assert_eq!(lint_flow(&flow.to_string(), &Facts::default()), []);
    flow[1]["a b"]["routing"] = json!({"choices": {"c": {"policy": flow[1]["a b"]["policy"]}}});
    for (key, value) in
        [("on_error", json!("input")), ("timeout_ms", json!(5)), ("questions", json!({}))]
    {
        flow[1]["a b"][key] = value;
    }
    assert_eq!(lint_flow(&flow.to_string(), &Facts::default()), []);
    flow[1]["a b"]["routing"]["choices"]["c"]["policy"][3] = json!(["sample", 0]);
    flow[1]["a b"]["templat"] = json!("x");
    flow[1]["a b"]["policy"][3] = json!(["sample", 0]);
    let found = lint_flow(&flow.to_string(), &Facts::default());
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "$[1][\"a b\"].templat warning C004 nothing reads templat of a node, did you mean 'template'?",
            "$[1][\"a b\"].policy[3] warning L031 sample 0 is argmax",
            "$[1][\"a b\"].routing.choices.c.policy[3] warning L031 sample 0 is argmax",
        ]
    );
    assert_eq!(lint_flow("[", &Facts::default()), []);
}
