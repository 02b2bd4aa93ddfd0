//! Each dialect, plain and streamed.

use serde_json::json;
use sigmapol_provider::{Answer, Usage};

use crate::{KEY, Setup};

fn answer(model: &str, finish_reason: &str) -> Answer {
    Answer {
        text: "one two three".to_owned(),
        finish_reason: Some(finish_reason.to_owned()),
        model: Some(model.to_owned()),
        usage: Some(Usage { input_tokens: 10, output_tokens: 3, ..Usage::default() }),
        ..Answer::default()
    }
}

/// Provider, finish reason, and the path of a plain and of a streamed request. The mock gives
/// back the model of the body, and Google's dialect has it in the path.
const DIALECTS: [(&str, &str, &str, &str, &str); 4] = [
    ("anthropic", "model-1", "end_turn", "/alpha/messages", "/alpha/messages"),
    (
        "google",
        "mock",
        "STOP",
        "/alpha/models/model-1:generateContent",
        "/alpha/models/model-1:streamGenerateContent?alt=sse",
    ),
    ("ollama", "model-1", "stop", "/alpha/api/chat", "/alpha/api/chat"),
    ("openai_compatible", "model-1", "stop", "/alpha/chat/completions", "/alpha/chat/completions"),
];

#[tokio::test]
async fn plain() {
    let setup = Setup::new(json!([{"text": "one two three"}])).await;
    for (provider, model, reason, path, _) in DIALECTS {
        assert_eq!(setup.call(provider, json!({})).await, Ok(answer(model, reason)), "{provider}");
        let received = setup.mock.requests().pop().unwrap();
        assert_eq!((received.dialect, received.path.as_str()), (provider, path));
        assert_eq!(received.headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn streamed() {
    let setup = Setup::new(json!([{"text": "one two three", "chunks": 3}])).await;
    for (provider, model, reason, _, path) in DIALECTS {
        let (result, pieces) = setup.stream(provider, json!({})).await;
        assert_eq!(result, Ok(answer(model, reason)), "{provider}");
        assert_eq!(pieces, ["one t", "wo th", "ree"], "{provider}");
        let received = setup.mock.requests().pop().unwrap();
        assert_eq!((received.dialect, received.path.as_str()), (provider, path));
    }
}

#[tokio::test]
async fn headers_of_keys() {
    let setup = Setup::new(json!([{}])).await;
    for (provider, name, value) in [
        ("anthropic", "x-api-key", KEY.to_owned()),
        ("google", "x-goog-api-key", KEY.to_owned()),
        ("ollama", "authorization", format!("Bearer {KEY}")),
        ("openai_compatible", "authorization", format!("Bearer {KEY}")),
    ] {
        setup.call(provider, json!({})).await.unwrap();
        let names = ["authorization", "x-api-key", "x-goog-api-key"];
        let sent = names.into_iter().filter_map(|name| Some((name, setup.header(name)?)));
        assert_eq!(sent.collect::<Vec<_>>(), [(name, value)], "{provider}");
        let version = (provider == "anthropic").then(|| "2023-06-01".to_owned());
        assert_eq!(setup.header("anthropic-version"), version);
    }
}

#[tokio::test]
async fn a_provider_that_does_not_stream_answers_in_one_piece() {
    let body = json!({"model": "model-1", "choices": [
        {"message": {"content": "one two three"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 3}});
    let setup = Setup::new(json!([{"body": body}])).await;
    let (result, pieces) = setup.stream("openai_compatible", json!({})).await;
    assert_eq!(result, Ok(answer("model-1", "stop")));
    assert_eq!(pieces, ["one two three"]);
}

#[tokio::test]
async fn no_adapter() {
    let setup = Setup::new(json!([{}])).await;
    for kind in ["bedrock", "openai_codex"] {
        let error = setup.call(kind, json!({})).await.unwrap_err();
        let message = format!("model_unavailable: this host has no adapter for api_kind {kind}");
        assert_eq!(error.to_string(), message);
    }
    assert_eq!(setup.mock.requests(), []);
}

/// Over sockets, from the mock of each dialect; asked for as a stream, they come whole all the same.
#[tokio::test]
async fn embeddings() {
    let setup = Setup::new(json!([{"embeddings": [[0.5, -2], [1]]}])).await;
    let more = json!({"protocol": "embeddings", "input": ["a", "b"]});
    // 1 is 0x3F800000
    let expected = ["AAAAPwAAAMA=", "AACAPw=="];
    for kind in ["openai_compatible", "ollama", "google"] {
        let answer = setup.call(kind, more.clone()).await.unwrap();
        assert_eq!(answer.embeddings, expected, "{kind}");
        assert_eq!(answer.usage.unwrap().input_tokens, 10);
        let (answer, pieces) = setup.stream(kind, more.clone()).await;
        assert_eq!(
            (answer.unwrap().embeddings, pieces.len()),
            (expected.map(str::to_owned).to_vec(), 0)
        );
    }
    let paths =
        ["/alpha/embeddings", "/alpha/api/embed", "/alpha/models/model-1:batchEmbedContents"];
    let requests = setup.mock.requests();
    let asked: Vec<_> = requests.iter().step_by(2).map(|request| request.path.as_str()).collect();
    assert_eq!(asked, paths);
    let error = setup.call("anthropic", more).await.unwrap_err();
    assert_eq!(error.to_string(), "unsupported: anthropic has no embeddings");
    assert_eq!(setup.mock.requests().len(), 6);
}

/// What a client of Anthropic's API says in headers is for providers of that dialect alone.
#[tokio::test]
async fn versions_and_betas_of_a_client() {
    let setup = Setup::new(json!([{}])).await;
    let original = json!({"_anthropic": {"body": {"max_tokens": 1, "messages": []},
        "version": "2026-10-21", "beta": "a-1,b-2"}});
    let names = ["anthropic-version", "anthropic-beta"];
    setup.call("anthropic", original.clone()).await.unwrap();
    let own = names.map(|name| setup.header(name));
    assert_eq!(own, [Some("2026-10-21".to_owned()), Some("a-1,b-2".to_owned())]);
    setup.call("anthropic", json!({})).await.unwrap();
    let own = names.map(|name| setup.header(name));
    assert_eq!(own, [Some("2023-06-01".to_owned()), None]);
    for provider in ["google", "ollama", "openai_compatible"] {
        setup.call(provider, original.clone()).await.unwrap();
        assert_eq!(names.map(|name| setup.header(name)), [None, None], "{provider}");
    }
}
