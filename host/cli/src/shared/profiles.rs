//! The policies of a configuration's profiles: findings in them, where a person wrote them.

use serde_json::Value;
use sigmapol_prove::{Facts, Path, lint};
use sigmapol_router::Config;

use crate::shared::findings::Found;

/// The most profiles from one to the last that it extends, as in the engine.
const INHERITANCE: usize = 64;

/// Findings in the policy that a profile comes down to, where the configuration has what they are
/// about.
pub(crate) fn in_profile(
    name: &str,
    config: &Config,
    profile: &str,
    policy: &str,
    facts: &Facts,
) -> Vec<Found> {
    let lines = lines(name, config);
    lint(policy, facts)
        .into_iter()
        .map(|mut finding| {
            finding.at = written(config.value(), profile, &finding.at);
            Found::new(name, lines, finding)
        })
        .collect()
}

/// The text of a configuration, where it is as it stands in the file.
pub(crate) fn lines<'c>(name: &str, config: &'c Config) -> Option<&'c str> {
    let is_json = name.to_ascii_lowercase().ends_with(".json");
    is_json.then(|| config.text())
}

/// Where a configuration has what a lowered policy has at a path.
fn written(config: &Value, profile: &str, path: &str) -> String {
    let rest = |prefix: &str| path.strip_prefix(prefix);
    let at =
        |member: &str, rest: &str| Some(format!("{}{rest}", member_of(config, profile, member)?));
    let written = at("policy_ir", rest("$").unwrap_or_default()).or_else(|| {
        // the lowering puts the scorer under a gate
        match (rest("$[2][2]"), path.get(..4)?) {
            (Some(rest), _) => at("scorer", rest),
            (None, "$[1]") => at("filter", ""),
            (None, "$[3]") => match rest("$[3][1]") {
                Some(rest) if rest.starts_with('[') => at("chain", rest),
                _ => at("selector_opts", "").or_else(|| at("selector", "")),
            },
            (None, "$[4]") => at("mutate", ""),
            (None, "$[5]") => at("retry_policy", ""),
            _ => None,
        }
    });
    written.unwrap_or_else(|| Path::default().key("profiles").key(profile).into())
}

/// The path of a member that a profile has, or inherits.
fn member_of(config: &Value, profile: &str, member: &str) -> Option<Path> {
    let profiles = config.get("profiles")?;
    let mut name = profile;
    for _ in 0..INHERITANCE {
        let own = profiles.get(name)?;
        if own.get(member).is_some() {
            return Some(Path::default().key("profiles").key(name).key(member));
        }
        name = own.get("extends")?.as_str()?;
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn where_it_is_written() {
        let config = json!({"profiles": {
            "whole": {"policy_ir": []},
            "base": {"filter": [], "scorer": [], "mutate": {}},
            "a child": {"extends": "base", "selector": "chain", "chain": [], "retry_policy": "r"},
            "loop": {"extends": "loop"}}});
        for (profile, path, expected) in [
            ("whole", "$[2][1]", "$.profiles.whole.policy_ir[2][1]"),
            ("whole", "$", "$.profiles.whole.policy_ir"),
            ("a child", "$[2][2][1]", "$.profiles.base.scorer[1]"),
            ("a child", "$[1][2]", "$.profiles.base.filter"),
            ("a child", "$[3][1][0]", "$.profiles[\"a child\"].chain[0]"),
            ("a child", "$[4]", "$.profiles.base.mutate"),
            ("a child", "$[5][2]", "$.profiles[\"a child\"].retry_policy"),
            ("a child", "$[2][1]", "$.profiles[\"a child\"]"),
            ("base", "$[3]", "$.profiles.base"),
            ("loop", "$[3]", "$.profiles.loop"),
        ] {
            assert_eq!(written(&config, profile, path), expected, "{profile} {path}");
        }
    }
}
