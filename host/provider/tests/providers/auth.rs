//! Credentials and addresses are those of the configuration.

use std::time::Duration;

use serde_json::{Value, json};
use sigmapol_provider::{Delta, Http, Provider as _};

use crate::{KEY, Setup};

async fn sent(auth: Value) -> Result<Option<String>, String> {
    let setup = Setup::with(json!([{}]), json!({"auth": auth})).await;
    let result = setup.call("openai_compatible", json!({})).await;
    result.map(|_| setup.header("authorization")).map_err(|error| error.to_string())
}

#[tokio::test]
async fn tokens() {
    let printf = json!({"kind": "oauth", "command": ["printf", "token-%s\n", "1"]});
    assert_eq!(sent(printf).await, Ok(Some("Bearer token-1".to_owned())));

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "token-2\n").unwrap();
    let auth = json!({"kind": "oauth", "file": file.path()});
    assert_eq!(sent(auth.clone()).await, Ok(Some("Bearer token-2".to_owned())));
    std::fs::write(file.path(), "a\nb").unwrap();
    let error = "auth_error: the credential has characters that no header can carry";
    assert_eq!(sent(auth).await, Err(error.to_owned()));

    assert_eq!(sent(json!({"kind": "none"})).await, Ok(None));
    assert_eq!(sent(json!({"kind": "bearer"})).await, Ok(Some(format!("Bearer {KEY}"))));
    assert_eq!(
        sent(json!({"kind": "oauth", "provider": "codex"})).await,
        Err("auth_error: auth: expected command or file, where the token is from".to_owned())
    );
}

#[tokio::test]
async fn headers_of_tokens() {
    let auth = json!({"auth": {"kind": "oauth", "command": ["printf", "%s%s", "se", "cret"]}});
    let setup = Setup::with(json!([{}]), auth).await;
    for provider in ["anthropic", "google", "ollama", "openai_compatible"] {
        setup.call(provider, json!({})).await.unwrap();
        assert_eq!(setup.header("authorization").as_deref(), Some("Bearer secret"), "{provider}");
        assert_eq!([setup.header("x-api-key"), setup.header("x-goog-api-key")], [None, None]);
    }
    let shown = format!("{:?}", setup.http);
    assert!(shown.contains("Secret(***)") && !shown.contains("secret"), "{shown}");
}

#[tokio::test]
async fn a_missing_key() {
    let setup = Setup::with(json!([{}]), json!({"auth_env": "OTHER"})).await;
    let error = "auth_error: the environment variable OTHER is not set";
    assert_eq!(setup.failure().await.to_string(), error);
    assert_eq!(setup.mock.requests(), []);
}

#[tokio::test]
async fn a_token_is_kept_until_it_is_old_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let script = "echo run >>\"$0\"; echo token";
    let auth = json!({"kind": "oauth", "command": ["sh", "-c", script, runs]});
    let steps = json!([{}, {}, {"status": 401}, {}, {}]);
    let setup = Setup::with(steps, json!({"auth": auth})).await;
    let mut counts = Vec::new();
    for call in 0..5 {
        if call == 4 {
            // five minutes later
            tokio::time::pause();
            tokio::time::advance(Duration::from_secs(300)).await;
            tokio::time::resume();
        }
        let _ = setup.call("openai_compatible", json!({})).await;
        counts.push(std::fs::read_to_string(&runs).unwrap().lines().count());
    }
    assert_eq!(counts, [1, 1, 1, 2, 3]);
}

#[tokio::test]
async fn a_request_does_not_choose_its_credential() {
    let setup = Setup::new(json!([{}])).await;
    let members = json!({"auth_env": "HOME", "auth": {"kind": "oauth", "command": ["false"]},
        "api_kind": "anthropic", "aws_region": "x"});
    setup.call("openai_compatible", members).await.unwrap();
    assert_eq!(setup.header("authorization"), Some(format!("Bearer {KEY}")));
}

#[tokio::test]
async fn a_request_does_not_choose_its_address() {
    let setup = Setup::new(json!([{}])).await;
    let members = json!({"base_url": setup.mock.url("beta")});
    let error = setup.call("google", members).await.unwrap_err().to_string();
    let expected = "bad_request: request.base_url: expected the configured address of google";
    assert_eq!(error, expected);
    let error = setup.call("other", json!({})).await.unwrap_err().to_string();
    let expected = "bad_request: request.provider_id: expected a configured provider, got other";
    assert_eq!(error, expected);
    assert_eq!(setup.mock.requests(), []);
    setup.call("google", json!({"base_url": setup.mock.url("alpha")})).await.unwrap();
}

#[tokio::test]
async fn a_key_does_not_go_to_sellers_elsewhere() {
    let seller = Setup::new(json!([{}])).await;
    let setup = Setup::with(json!([{}]), json!({"discovery": "marketplace"})).await;
    setup.call("ollama", json!({"base_url": setup.mock.url("alpha")})).await.unwrap();
    assert_eq!(setup.header("authorization"), Some(format!("Bearer {KEY}")));
    setup.call("ollama", json!({"base_url": seller.mock.url("alpha")})).await.unwrap();
    assert_eq!(seller.header("authorization"), None);
}

#[tokio::test]
async fn missing_keys_are_known_before_any_call() {
    let provider = |auth: Value| {
        let mut provider = json!({"api_kind": "ollama", "base_url": "http://127.0.0.1:9"});
        for (key, value) in auth.as_object().unwrap() {
            provider[key] = value.clone();
        }
        provider
    };
    let config = json!({"providers": {
        "a": provider(json!({"auth_env": "KEY"})),
        "b": provider(json!({"auth_env": "OTHER"})),
        "c": provider(json!({"auth": {"kind": "bearer", "auth_env": "EMPTY"}})),
        "d": provider(json!({"auth": {"kind": "none"}, "auth_env": "OTHER"})),
        "e": provider(json!({"auth": {"kind": "oauth", "file": "/nowhere"}})),
        "f": provider(json!({}))}});
    let http = Http::new(&config).unwrap().with_env(|name| match name {
        "KEY" => Some("k".to_owned()),
        "EMPTY" => Some(" ".to_owned()),
        _ => None,
    });
    let missing = http.missing_credentials();
    let missing: Vec<_> = missing
        .iter()
        .map(|missing| (missing.provider.as_str(), missing.variable.as_str()))
        .collect();
    assert_eq!(missing, [("b", "OTHER"), ("c", "EMPTY")]);
}

#[tokio::test]
async fn a_query_of_the_address_goes_with_every_call() {
    let setup = Setup::new(json!([{}])).await;
    for (kind, path) in [
        ("openai_compatible", "/alpha/v1/chat/completions?api-version=1"),
        ("anthropic", "/alpha/v1/messages?api-version=1"),
        ("google", "/alpha/v1/models/..%2Fa%3Fb:streamGenerateContent?api-version=1&alt=sse"),
        ("ollama", "/alpha/v1/api/chat?api-version=1"),
    ] {
        let base_url = format!("{}/?api-version=1", setup.mock.url("alpha/v1"));
        let config = json!({"providers": {"p": {"api_kind": kind, "base_url": base_url}}});
        let http = Http::new(&config).unwrap();
        // a model is one segment of the path, whatever is in it
        let request = crate::request("p", json!({"served_model_id": "../a?b"}));
        http.call(&request, Some(&mut |_: Delta<'_>| {})).await.unwrap();
        assert_eq!(setup.mock.requests().pop().unwrap().path, path);
    }
}

/// What would make the first call fail, all of it and not the first alone.
#[test]
fn all_that_is_wrong_with_the_providers() {
    let config = json!({"providers": {
        "a": {"api_kind": "ollama", "base_url": "https://a"},
        "b": {"api_kind": "ollama", "base_url": "a/v1"},
        "c": {"api_kind": "ollama", "base_url": "https://a/api/chat"}}});
    let problems = Http::problems(&config);
    let problems: Vec<_> = problems.iter().map(|(id, problem)| format!("{id} {problem}")).collect();
    assert_eq!(
        problems,
        [
            "b providers.b.base_url: expected an address that begins with http:// or https://",
            "c providers.c.base_url: expected an address without /api/chat, which each call adds",
        ]
    );
    assert_eq!(Http::problems(&json!({})), []);
    let adapters: Vec<_> = Http::adapters().collect();
    assert_eq!(adapters, ["openai_compatible", "anthropic", "google", "ollama"]);
}
