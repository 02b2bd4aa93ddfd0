//! A flow: each node is a run under its own policy.

use serde_json::{Value, json};
use sigmapol_core::Native;
use sigmapol_provider::ErrorKind::Timeout;
use sigmapol_router::check_flow;

use crate::{Reply, World, block_on, config};

/// Asks only this provider.
fn policy(provider: &str) -> Value {
    json!(["policy", ["provider_eq", provider], ["zero"], ["argmax"], ["id"],
        ["always", {"action": "next_candidate"}]])
}

fn flow() -> String {
    json!(["flow", {
        "in": {"kind": "input"},
        "draft": {"kind": "llm", "inputs": ["in"], "system": "Draft.", "policy": policy("a")},
        "edit": {"kind": "llm", "inputs": ["in", "draft"], "system": "Edit.",
                 "template": "$1 / $2", "policy": policy("b")},
        "out": {"kind": "output", "inputs": ["edit"]},
    }])
    .to_string()
}

#[test]
fn one_node_after_the_other() {
    let world =
        World::new(&[("a", &[Reply::Text(&["a draft"])]), ("b", &[Reply::Text(&["edited"])])]);
    let outcome = block_on(world.router.run_flow(&flow(), "a \"theme\"")).unwrap();
    assert_eq!((outcome.ok, outcome.output.as_deref()), (true, Some("edited")));
    let nodes: Vec<_> = outcome.nodes.iter().map(|node| node.node.as_str()).collect();
    assert_eq!(nodes, ["draft", "edit"]);
    let requests = world.provider.requests.lock().unwrap();
    let messages: Vec<_> = requests.iter().map(|request| &request["messages"]).collect();
    assert_eq!(
        json!(messages),
        json!([
            [{"role": "system", "content": "Draft."},
             {"role": "user", "content": "a \"theme\""}],
            [{"role": "system", "content": "Edit."},
             {"role": "user", "content": "a \"theme\" / a draft"}],
        ])
    );
}

#[test]
fn a_node_that_nobody_answers() {
    let world = World::new(&[("a", &[Reply::Fail(Timeout, None)])]);
    let outcome = block_on(world.router.run_flow(&flow(), "a theme")).unwrap();
    assert_eq!(outcome.error.as_deref(), Some("node 'draft': exhausted: timeout"));
    assert_eq!((outcome.ok, outcome.output, outcome.nodes.len()), (false, None, 1));
    // the runs of a flow share the state with all others
    assert_eq!(world.status("a")["breaker"]["consecutive_failures"], 1);
}

#[test]
fn a_flow_has_a_name() {
    let named = check_flow(&Native, &flow(), None, false).unwrap();
    let identity = named["identity"].as_str().unwrap();
    assert_eq!(identity, "e5d334543e23fac39b76f144f5fce0d6dd0324330c89c01959f361f43d70baa5");
    let error = check_flow(&Native, "[\"flow\", {}]", None, false).unwrap_err();
    assert_eq!(error.to_string(), "refused flow: $: flow has no nodes");
    let error = check_flow(&Native, "[\"flow\"], 1", None, false).unwrap_err();
    assert_eq!(error.to_string(), "flow: expected JSON: trailing characters at line 1 column 9");
}

/// A policy of a node may speak of what the configuration declares.
#[test]
fn the_fields_of_the_configuration() {
    let flow = flow()
        .replace(r#"["provider_eq","a"]"#, r#"["and",["provider_eq","a"],["cmp","bench","le",1]]"#);
    let mut config = config();
    config["fields"] = json!({"bench": {"sort": "Num", "default": 0, "group": "a note"}});
    let script: [(_, &[Reply]); 2] = [("a", &[Reply::Text(&["x"])]), ("b", &[Reply::Text(&["y"])])];
    let world = World::of(&config, &script, |builder| builder);
    assert!(block_on(world.router.run_flow(&flow, "a theme")).unwrap().ok);
    let error = check_flow(&Native, &flow, None, false).unwrap_err();
    assert_eq!(error.code(), "refused flow");
    check_flow(&Native, &flow, Some(world.router.config()), false).unwrap();
}
