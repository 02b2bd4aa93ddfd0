//! Calls over real sockets, to the mock.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod providers {
    mod auth;
    mod dialects;
    mod endless;
    mod failures;
    mod keys;
    mod mock;
    mod streams;
    mod timing;
}

use serde_json::{Value, json};
use sigmapol_mock::MockProvider;
use sigmapol_provider::{Answer, CallError, Delta, Http, Provider as _};

/// The key of the environment variable `KEY`.
const KEY: &str = "sk-secret-1";

/// A mock, and a host that knows its route `alpha` in every dialect.
struct Setup {
    mock: MockProvider,
    http: Http,
}

impl Setup {
    /// The route of `alpha` takes these steps.
    async fn new(steps: Value) -> Self {
        Self::with(steps, json!({})).await
    }

    /// The same, with more members of each provider.
    async fn with(steps: Value, members: Value) -> Self {
        let script = json!({"alpha": steps}).to_string();
        let mock = MockProvider::start(&script, 0).await.unwrap();
        let kinds =
            ["anthropic", "bedrock", "google", "ollama", "openai_codex", "openai_compatible"];
        let mut providers = json!({});
        for kind in kinds {
            providers[kind] = json!({"api_kind": kind, "discovery": "static",
                "base_url": mock.url("alpha"), "auth_env": "KEY"});
            for (key, value) in members.as_object().unwrap() {
                providers[kind][key] = value.clone();
            }
        }
        let http = Http::new(&json!({"providers": providers})).unwrap();
        let http = http.with_env(|name| (name == "KEY").then(|| KEY.to_owned()));
        Self { mock, http }
    }

    /// One question, with more members of the request.
    async fn call(&self, provider: &str, members: Value) -> Result<Answer, CallError> {
        self.http.call(&request(provider, members), None).await
    }

    /// The same, streamed; and the pieces of the text.
    async fn stream(
        &self,
        provider: &str,
        members: Value,
    ) -> (Result<Answer, CallError>, Vec<String>) {
        let mut pieces = Vec::new();
        let mut on_delta = |delta: Delta<'_>| {
            if let Delta::Text(text) = delta {
                pieces.push(text.to_owned());
            }
        };
        let request = request(provider, members);
        let result = self.http.call(&request, Some(&mut on_delta)).await;
        (result, pieces)
    }

    /// The failure of a plain call to the OpenAI dialect.
    async fn failure(&self) -> CallError {
        self.call("openai_compatible", json!({})).await.unwrap_err()
    }

    /// A header of the last request.
    fn header(&self, name: &str) -> Option<String> {
        self.mock.requests().last().unwrap().headers.get(name).cloned()
    }
}

fn request(provider: &str, members: Value) -> String {
    let mut request = json!({"provider_id": provider, "model_family": "f",
        "served_model_id": "model-1", "messages": [{"role": "user", "content": "Hello"}]});
    for (key, value) in members.as_object().unwrap() {
        request[key] = value.clone();
    }
    request.to_string()
}
