//! Flows and nodes to begin with.

use serde_json::{Value, json};
use sigmapol_engine::{Refusal, Turn, step};

pub fn policy() -> Value {
    json!(["policy", ["top"], ["zero"], ["argmax"], ["id"], ["always", {"action": "abort"}]])
}

/// A flow of an input `i`, an output `o` of the last of these nodes, and these nodes.
pub fn flow(nodes: &[(&str, Value)]) -> Value {
    let mut all = json!({"i": {"kind": "input"}});
    for (id, node) in nodes {
        all[*id] = node.clone();
    }
    all["o"] = json!({"kind": "output", "inputs": [nodes.last().unwrap().0]});
    json!(["flow", all])
}

pub fn with(mut node: Value, more: &Value) -> Value {
    let members = more.as_object().unwrap().iter();
    members.for_each(|(key, value)| node[key] = value.clone());
    node
}

pub fn llm(more: &Value) -> Value {
    with(json!({"kind": "llm", "inputs": ["i"], "system": "S", "policy": policy()}), more)
}

pub fn decision(questions: &Value) -> Value {
    json!({"kind": "decision", "inputs": ["i"], "policy": policy(), "questions": questions})
}

pub fn data(inputs: &Value, more: &Value) -> Value {
    with(json!({"kind": "data", "inputs": inputs}), more)
}

pub fn routing(more: &Value) -> Value {
    let choice = |description: &str| json!({"description": description, "policy": policy()});
    let routing = json!({
        "policy": policy(), "instructions": "Pick.", "fallback": "b", "min_confidence": 0.5,
        "timeout_ms": 100, "choices": {"a": choice("A"), "b": choice("B")},
    });
    json!({"routing": with(routing, more)})
}

pub fn ask(run: Option<&str>, event: &Value) -> Result<Turn, Refusal> {
    step(run, &event.to_string())
}
