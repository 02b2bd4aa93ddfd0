//! Findings in a router's configuration, beside those in the policies of its profiles.

use serde_json::Value;

use crate::{
    Facts, Finding, Level, Path,
    candidate::text,
    lint::{CAPABILITIES, action, adapter, declared, lint},
    nearest,
};

/// What a configuration says and its author may not mean, outside of profiles: declared fields,
/// providers without an adapter, retry tables, capabilities, the envelope and the customs. The
/// configuration is one that the engine has taken.
pub fn lint_config(config: &Value, facts: &Facts) -> Vec<Finding> {
    let members = |key: &str| config.get(key).and_then(Value::as_object).into_iter().flatten();
    let root = Path::default();
    let mut found = Vec::new();
    for (name, _) in members("fields") {
        found.extend(declared(name, &root.key("fields").key(name)));
    }
    for (id, provider) in members("providers") {
        let at = root.key("providers").key(id).key("api_kind");
        found.extend(adapter(id, text(provider, "api_kind"), &at, facts));
    }
    for (name, table) in members("retry_policies") {
        for (kind, value) in table.as_object().into_iter().flatten() {
            let at = root.key("retry_policies").key(name).key(kind);
            found.extend(action(kind, &at, value, &at, facts));
        }
    }
    found.extend(capabilities(config));
    // what is of no policy has no surroundings of its own
    let facts = Facts { fields: Vec::new(), adapters: None, ..facts.clone() };
    let customs = members("customs").map(|(name, term)| (root.key("customs").key(name), term));
    let envelope = config.get("policy_envelope").map(|term| (root.key("policy_envelope"), term));
    for (at, term) in customs.chain(envelope) {
        found.extend(lint(&term.to_string(), &facts).into_iter().map(|finding| finding.below(&at)));
    }
    found
}

/// A capability that is nearly one of the language's, and that no policy asks for.
fn capabilities(config: &Value) -> Vec<Finding> {
    let whole = config.to_string();
    let mut found = Vec::new();
    for (family, model) in config.get("models").and_then(Value::as_object).into_iter().flatten() {
        let capabilities = model.get("capabilities").and_then(Value::as_object);
        for (name, _) in capabilities.into_iter().flatten() {
            let asked = format!("[\"has_cap\",{}]", sigmapol_core::json::quote(name));
            if CAPABILITIES.contains(&name.as_str()) || whole.contains(&asked) {
                continue;
            }
            if let Some(near) = nearest(name, CAPABILITIES) {
                let at = Path::default().key("models").key(family).key("capabilities").key(name);
                let message = format!("nothing asks for the capability '{name}'");
                let finding = Finding::new("C003", Level::Warning, &at, message);
                found.push(finding.with_nearest(Some(near)));
            }
        }
    }
    found
}
