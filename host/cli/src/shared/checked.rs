//! What is found in a configuration before a call.

use std::sync::Arc;

use serde_json::{Value, json};
use sigmapol_core::{Engine, json::Object};
use sigmapol_prove::{Facts, Finding, Level, Path, lint_config};
use sigmapol_provider::Http;
use sigmapol_router::{Config, Router};

use crate::{
    Failure,
    shared::{
        findings::{Found, of_host},
        profiles,
    },
};

/// What a retry table has of its own, and is found there.
const OF_TABLES: [&str; 6] = ["L050", "L054", "L055", "L056", "L058", "L059"];

/// A provider without its key: the router says so, too.
pub(crate) const NO_KEY: &str = "C002";

/// What this program knows of any policy under a configuration.
pub(crate) fn facts(config: &Config) -> Facts {
    let mut facts = of_host(Facts::of_config(config.value()));
    // what surrounds a policy is found in the configuration itself
    (facts.fields, facts.adapters) = (Vec::new(), None);
    facts
}

/// Everything that is found in a configuration, as it stands in the file. What the engine refuses is a
/// failure.
pub(crate) fn of_config(
    file: &str,
    config: &Config,
    reference: bool,
    engine: Arc<dyn Engine>,
) -> Result<Vec<Found>, Failure> {
    let lines = profiles::lines(file, config);
    let here = |finding| Found::new(file, lines, finding);
    let router = Router::builder(config.clone()).engine(engine).reference(reference).build()?;

    let mut found: Vec<Found> = providers(config.value())?.into_iter().map(here).collect();
    let around = of_host(Facts::of_config(config.value()));
    found.extend(lint_config(config.value(), &around).into_iter().map(here));
    let facts = facts(config);
    for name in members(config.value(), "profiles").map(|(name, _)| name) {
        let contract = Object::new().with("profile", &Value::from(name.as_str()).to_string());
        let policy = router.resolve(&contract.finish())?.policy;
        let of_profile = profiles::in_profile(file, config, name, &policy, &facts);
        found.extend(of_profile.into_iter().filter(|found| {
            let in_table = found.finding.at.ends_with(".retry_policy");
            !(in_table && OF_TABLES.contains(&found.finding.code))
        }));
    }
    found.sort_by_key(Found::order);
    // what a profile inherits is found once
    found.dedup_by(|one, other| one.finding == other.finding);
    Ok(found)
}

/// Providers that no call can be made to: not described as they have to be, or without their key.
fn providers(config: &Value) -> Result<Vec<Finding>, Failure> {
    let root = Path::default().key("providers");
    let mut found = Vec::new();
    let mut good: serde_json::Map<String, Value> =
        members(config, "providers").map(|(id, provider)| (id.clone(), provider.clone())).collect();
    for (id, problem) in Http::problems(config) {
        let problem = problem.to_string();
        let (place, what) = problem.split_once(": ").unwrap_or(("", &problem));
        let below = place.strip_prefix(&format!("providers.{id}.")).unwrap_or_default();
        let at = match below.strip_prefix("error_map.") {
            Some(key) => root.key(&id).key("error_map").key(key),
            None => below
                .split('.')
                .filter(|key| !key.is_empty())
                .fold(root.key(&id), |at, key| at.key(key)),
        };
        found.push(Finding::new("C001", Level::Error, &at, what));
        good.remove(&id);
    }
    let http = Http::new(&json!({ "providers": good }));
    let http = http.map_err(|error| Failure::Usage(error.to_string()))?;
    for missing in http.missing_credentials() {
        let own =
            good.get(&missing.provider).and_then(|provider| provider.pointer("/auth/auth_env"));
        let at = root.key(&missing.provider);
        let at = if own.is_some() { at.key("auth").key("auth_env") } else { at.key("auth_env") };
        let variable = missing.variable;
        let message = format!(
            "the environment variable {variable} is not set, nobody is called there (no_credential)"
        );
        found.push(Finding::new(NO_KEY, Level::Warning, &at, message));
    }
    Ok(found)
}

fn members<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value.get(key).and_then(Value::as_object).into_iter().flatten()
}
