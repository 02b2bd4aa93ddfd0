//! Findings in a flow.

use serde_json::Value;

use crate::{Facts, Finding, Level, Path, lint::lint, nearest};

/// The keys that mean something in some kind of node. The engine refuses those of another kind, and
/// any other in the kinds `decision` and `data`.
const NODE: [&str; 20] = [
    "context",
    "equals",
    "field",
    "inputs",
    "kind",
    "max_string_bytes",
    "max_tokens",
    "min_string_bytes",
    "on_error",
    "only_shrink",
    "operation",
    "output_format",
    "path",
    "policy",
    "questions",
    "routing",
    "skip_empty",
    "system",
    "template",
    "timeout_ms",
];

/// What a flow says and its author may not mean: keys of nodes that nothing reads, and the policies
/// of its nodes. The flow is one that the engine has taken.
pub fn lint_flow(flow: &str, facts: &Facts) -> Vec<Finding> {
    let Ok(flow) = serde_json::from_str::<Value>(flow) else { return Vec::new() };
    let nodes = flow.get(1).and_then(Value::as_object);
    let mut found = Vec::new();
    for (id, node) in nodes.into_iter().flatten() {
        let at = Path::default().at(1).key(id);
        for (key, _) in node.as_object().into_iter().flatten() {
            if !NODE.contains(&key.as_str()) {
                let message = format!("nothing reads {key} of a node");
                let finding = Finding::new("C004", Level::Warning, &at.key(key), message);
                found.push(finding.with_nearest(nearest(key, NODE)));
            }
        }
        let mut of_policy = |holder: &Value, at: &Path| {
            let Some(policy) = holder.get("policy") else { return };
            let at = at.key("policy");
            let found_in_it = lint(&policy.to_string(), facts).into_iter();
            found.extend(found_in_it.map(|finding| finding.below(&at)));
        };
        of_policy(node, &at);
        if let Some(routing) = node.get("routing") {
            let at = at.key("routing");
            of_policy(routing, &at);
            let choices = routing.get("choices").and_then(Value::as_object);
            for (name, choice) in choices.into_iter().flatten() {
                of_policy(choice, &at.key("choices").key(name));
            }
        }
    }
    found
}
