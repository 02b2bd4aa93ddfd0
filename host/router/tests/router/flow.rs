//! A flow: each node is a run under its own policy.

use serde_json::{Value, json};
use sigmapol_core::Native;
use sigmapol_provider::ErrorKind::Timeout;
use sigmapol_router::{FlowRequest, check_flow};

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
    assert_eq!(outcome.failed.as_deref(), Some("draft"));
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

/// What a node would be refused for when its turn comes is refused before anything is called: under
/// the envelope a filter is one deeper, and 64 are the most.
#[test]
fn policies_are_admitted_under_the_envelope() {
    let nested = |depth: usize| (0..depth).fold(json!(["top"]), |term, _| json!(["not", term]));
    let mut flow: Value = serde_json::from_str(&flow()).unwrap();
    // policy, filter, and so many of it
    flow[1]["edit"]["policy"][1] = nested(62);
    // members that mean nothing are no policies
    flow[1]["in"]["policy"] = json!(5);
    let flow = flow.to_string();
    check_flow(&Native, &flow, None, false).unwrap();
    let mut config = config();
    let script: [(_, &[Reply]); 1] = [("a", &[Reply::Text(&["x"])])];
    let world = World::of(&config, &script, |builder| builder);
    block_on(world.router.admit_flow_to_run(flow.clone())).unwrap();
    config["policy_envelope"] = json!(["not", ["is", "disabled"]]);
    let world = World::of(&config, &script, |builder| builder);
    let error = block_on(world.router.admit_flow_to_run(flow.clone())).unwrap_err();
    assert_eq!(error.code(), "refused flow");
    let message = error.to_string();
    let start = "refused flow: node 'edit' policy under the envelope: $.policy[1].and[2]";
    assert!(message.starts_with(start) && message.contains("64"), "{message}");
    let error = block_on(world.router.admit_flow_to_run("[\"flow\", {}]".to_owned())).unwrap_err();
    assert_eq!(error.to_string(), "refused flow: $: flow has no nodes");
    assert!(world.called().is_empty());
}

/// The deadline is that of the whole flow: each call has what is left of it.
#[test]
fn the_deadline_of_a_flow() {
    let world = World::new(&[("a", &[Reply::Text(&["x"])]), ("b", &[Reply::Text(&["y"])])]);
    let contract = r#"{"deadline_ms": 1000}"#;
    let flow = flow();
    let request = FlowRequest { contract: Some(contract), ..FlowRequest::text(&flow, "a theme") };
    let run =
        |request: &FlowRequest<'_>| block_on(world.router.run_flow_with(request, &mut |_| {}));
    assert!(run(&request).unwrap().ok);
    {
        let requests = world.provider.requests.lock().unwrap();
        let times: Vec<_> = requests.iter().map(|request| &request["timeout_ms"]).collect();
        // the first call took ten
        assert_eq!(times, [1000, 990]);
    }
    let request = FlowRequest { contract: Some(r#"{"deadline_ms": 0}"#), ..request };
    let error = run(&request).unwrap_err();
    let expected = "contract.deadline_ms: expected a number of milliseconds above 0";
    assert_eq!(error.to_string(), expected);
}
