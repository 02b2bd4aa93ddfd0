//! The mock itself.

use serde_json::json;
use sigmapol_mock::MockProvider;
use sigmapol_provider::{Http, Provider as _};

use crate::{KEY, Setup};

#[tokio::test]
async fn keeps_what_it_received() {
    let setup = Setup::new(json!([{}])).await;
    setup.call("openai_compatible", json!({"seed": 7})).await.unwrap();
    let [received] = setup.mock.requests().try_into().unwrap();
    assert_eq!(received.route, "alpha");
    assert_eq!(received.dialect, "openai_compatible");
    assert_eq!(received.path, "/alpha/chat/completions");
    assert_eq!(received.headers["authorization"], format!("Bearer {KEY}"));
    let messages = json!([{"role": "user", "content": "Hello"}]);
    assert_eq!(received.body, json!({"model": "model-1", "messages": messages, "seed": 7}));
}

#[tokio::test]
async fn a_route_has_its_own_steps() {
    let script = r#"{"alpha": [{"text": "1"}, {"text": "2"}], "*": [{"text": "any"}]}"#;
    let mock = MockProvider::start(script, 0).await.unwrap();
    let provider = |route| json!({"api_kind": "ollama", "base_url": mock.url(route)});
    let config = json!({"providers": {"a": provider("alpha/v1"), "b": provider("beta")}});
    let http = Http::new(&config).unwrap();
    let mut texts = Vec::new();
    for id in ["a", "b", "a", "a"] {
        texts.push(http.call(&crate::request(id, json!({})), None).await.unwrap().text);
    }
    assert_eq!(texts, ["1", "any", "2", "2"]);
}

#[tokio::test]
async fn refuses_what_it_does_not_know() {
    let error = MockProvider::start("{", 0).await.unwrap_err().to_string();
    assert_eq!(error, "script: EOF while parsing an object at line 1 column 1");
    let mock = MockProvider::start(r#"{"a": [{}]}"#, 0).await.unwrap();
    let config = json!({"providers": {"p": {"api_kind": "ollama", "base_url": mock.url("b")}}});
    let http = Http::new(&config).unwrap();
    let error = http.call(&crate::request("p", json!({})), None).await.unwrap_err().to_string();
    assert_eq!(error, "model_unavailable: the script has no route b");
}
