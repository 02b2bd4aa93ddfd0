//! The dialects that this host speaks, by `api_kind` and protocol.

use crate::{
    CallError, ErrorKind,
    config::{Settings, SetupError},
    dialect::{
        Dialect,
        anthropic::Anthropic,
        google::{self, Google},
        ollama::{self, Ollama},
        openai::{self, OpenAi},
    },
    error::unsupported,
    request::Protocol,
};

/// The adapter for an `api_kind` and a protocol, if this host has one.
pub(crate) fn dialect(api_kind: &str, protocol: Protocol) -> Option<&'static dyn Dialect> {
    match (api_kind, protocol) {
        ("anthropic", Protocol::Chat) => Some(&Anthropic),
        ("google", Protocol::Chat) => Some(&Google),
        ("google", Protocol::Embeddings) => Some(&google::Embeddings),
        ("ollama", Protocol::Chat) => Some(&Ollama),
        ("ollama", Protocol::Embeddings) => Some(&ollama::Embeddings),
        ("openai_compatible", Protocol::Chat) => Some(&OpenAi),
        ("openai_compatible", Protocol::Embeddings) => Some(&openai::Embeddings),
        _ => None,
    }
}

/// The adapter for a call.
pub(crate) fn adapter(
    api_kind: &str,
    protocol: Protocol,
) -> Result<&'static dyn Dialect, CallError> {
    dialect(api_kind, protocol).ok_or_else(|| match dialect(api_kind, Protocol::Chat) {
        Some(_) => unsupported(format!("{api_kind} has no {}", protocol.name())),
        None => {
            let message = format!("this host has no adapter for api_kind {api_kind}");
            CallError::new(ErrorKind::ModelUnavailable, message)
        }
    })
}

/// Refuses an address that is not the base of calls but the whole address of one.
pub(crate) fn check_base(id: &str, settings: &Settings) -> Result<(), SetupError> {
    let base = settings.base_url.as_deref().and_then(|url| url.trim().split('?').next());
    let base = base.unwrap_or_default().trim_end_matches('/');
    let ends =
        Protocol::ALL.into_iter().filter_map(|protocol| dialect(&settings.api_kind, protocol));
    match ends.map(Dialect::endpoint).find(|end| base.ends_with(end)) {
        Some(end) => {
            let what = format!("an address without {end}, which each call adds");
            Err(SetupError(format!("providers.{id}.base_url: expected {what}")))
        }
        None => Ok(()),
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
            ("openai_compatible", "https://a/v1/embeddings", "/embeddings"),
            ("google", "https://a/v1beta/models/m:batchEmbedContents", ":batchEmbedContents"),
            ("ollama", "http://a/api/embed/", "/api/embed"),
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
