//! The dialects that this host speaks, by `api_kind`.

use crate::{
    config::{Settings, SetupError},
    dialect::{Dialect, anthropic::Anthropic, google::Google, ollama::Ollama, openai::OpenAi},
};

/// The adapter for an `api_kind`, if this host has one.
pub(crate) fn dialect(api_kind: &str) -> Option<&'static dyn Dialect> {
    match api_kind {
        "anthropic" => Some(&Anthropic),
        "google" => Some(&Google),
        "ollama" => Some(&Ollama),
        "openai_compatible" => Some(&OpenAi),
        _ => None,
    }
}

/// Refuses an address that is not the base of calls but the whole address of one.
pub(crate) fn check_base(id: &str, settings: &Settings) -> Result<(), SetupError> {
    let end = dialect(&settings.api_kind).map(|dialect| dialect.endpoint());
    let base = settings.base_url.as_deref().and_then(|url| url.trim().split('?').next());
    match (base, end) {
        (Some(base), Some(end)) if base.trim_end_matches('/').ends_with(end) => {
            let what = format!("an address without {end}, which each call adds");
            Err(SetupError(format!("providers.{id}.base_url: expected {what}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_base_is_not_the_whole_address() {
        let check = |kind: &str, url: &str| {
            let config = json!({"providers": {"p": {"api_kind": kind, "base_url": url}}});
            let settings = Settings::read_all(&config).unwrap();
            check_base("p", &settings["p"]).map_err(|error| error.to_string())
        };
        for (kind, url, end) in [
            ("openai_compatible", "https://a/v1/chat/completions", "/chat/completions"),
            ("anthropic", "https://a/v1/messages/?x=1", "/messages"),
            ("google", "https://a/v1beta/models/m:generateContent", ":generateContent"),
            ("ollama", "http://a/api/chat", "/api/chat"),
        ] {
            let message = format!(
                "providers.p.base_url: expected an address without {end}, which each call adds"
            );
            assert_eq!(check(kind, url), Err(message));
        }
        assert_eq!(check("ollama", "https://a/v1/messages"), Ok(()));
        assert_eq!(check("bedrock", "https://a/v1/messages"), Ok(()));
    }
}
