//! Findings in a flow.

use serde_json::Value;

use crate::{Facts, Finding, Level, Path, lint::lint, nearest};

/// The keys of a node that mean something.
const NODE: [&str; 5] = ["inputs", "kind", "policy", "system", "template"];

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
        if let Some(policy) = node.get("policy") {
            let at = at.key("policy");
            let of_policy = lint(&policy.to_string(), facts).into_iter();
            found.extend(of_policy.map(|finding| finding.below(&at)));
        }
    }
    found
}
