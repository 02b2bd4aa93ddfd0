//! `POST /v1/embeddings`

use serde_json::{Value, json};

use crate::{client::Reply, fixture::Gateway};

/// A model of vectors at each provider; the last one is Anthropic's, who has none.
fn vectors(config: &mut Value) {
    config["models"]["vectors"] = json!({"protocol": "embeddings", "capabilities": {}, "served_by": [
        {"provider": "alpha", "provider_model_id": "v-1", "fields": {"price_in": 2, "price_out": 0}},
        {"provider": "gamma", "provider_model_id": "v:1", "fields": {"price_in": 0, "price_out": 0}},
    ]});
    config["profiles"]["default"]["policy_ir"][1] = json!(["meets_req"]);
}

async fn embed(gateway: &Gateway, more: Value) -> Reply {
    let mut body = json!({"model": "", "input": ["a", "b"]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    gateway.post("/v1/embeddings", &body.to_string()).await
}

fn scripted() -> Value {
    json!({"*": [{"embeddings": [[0.5, -2], [0.1, 1]]}]})
}

#[tokio::test]
async fn vectors_in_openais_shape() {
    let gateway = Gateway::with_config(&scripted(), vectors).await;
    let reply = embed(&gateway, json!({})).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let list = reply.json();
    let item = |index: u64, vector: Value| json!({"object": "embedding", "index": index, "embedding": vector});
    assert_eq!(list["object"], "list");
    assert_eq!(list["data"], json!([item(0, json!([0.5, -2.0])), item(1, json!([0.1, 1.0]))]));
    assert_eq!(
        (&list["model"], &list["usage"]),
        (&json!("v-1"), &json!({"prompt_tokens": 10, "total_tokens": 10}))
    );
    let report = &list["x_router"];
    assert_eq!(
        (&report["provider"], &report["model_family"]),
        (&json!("alpha"), &json!("vectors"))
    );
    // 10 tokens at 2 per million
    assert_eq!((&report["cost_usd"], &report["cost_basis"]), (&json!(2e-5), &json!("computed")));
    assert_eq!(reply.header("x-sigmapol-provider"), Some("alpha"));
    let call = &gateway.calls()[0];
    assert_eq!(call.path, "/alpha/embeddings");
    assert_eq!(call.body, json!({"model": "v-1", "input": ["a", "b"]}));
}

/// Numbers are the same in both forms, whichever the provider gives.
#[tokio::test]
async fn numbers_as_they_are_asked_for() {
    let gateway = Gateway::with_config(&scripted(), vectors).await;
    // the bytes of 0.5 and -2, and of 0.1 and 1, the last one first
    let encoded = ["AAAAPwAAAMA=", "zczMPQAAgD8="];
    for pin in ["pin:alpha/vectors", "pin:gamma/vectors"] {
        for (format, expected) in
            [("base64", json!(encoded)), ("float", json!([[0.5, -2.0], [0.1, 1.0]]))]
        {
            let list =
                embed(&gateway, json!({"model": pin, "encoding_format": format})).await.json();
            let data = list["data"].as_array().unwrap();
            let vectors: Vec<_> = data.iter().map(|item| &item["embedding"]).collect();
            assert_eq!(json!(vectors), expected, "{pin} {format}");
        }
    }
    let calls = gateway.calls();
    assert_eq!(calls[0].body["encoding_format"], "base64");
    assert_eq!(calls[2].path, "/gamma/api/embed");
}

/// One text and tokens are inputs, too; what a request says besides goes along, or is listed.
#[tokio::test]
async fn inputs_and_members() {
    let gateway = Gateway::with_config(&scripted(), vectors).await;
    for (input, count) in [(json!("a"), 1), (json!([1, 2]), 1), (json!([[1], [2]]), 2)] {
        let list = embed(&gateway, json!({"input": input})).await.json();
        assert_eq!(list["data"].as_array().unwrap().len(), count, "{input}");
        assert_eq!(gateway.calls().last().unwrap().body["input"], input);
    }
    let more = json!({"dimensions": 2, "user": "u", "temperature": 1, "x_foo": true});
    let list = embed(&gateway, more).await.json();
    assert_eq!(list["x_router"]["ignored"], json!(["temperature", "x_foo"]));
    let sent = gateway.calls().last().unwrap().body.clone();
    assert_eq!(sent, json!({"model": "v-1", "input": ["a", "b"], "dimensions": 2, "user": "u"}));
}

/// The policy decides, and goes on when one fails; models of chats are no candidates, and the other way
/// round.
#[tokio::test]
async fn who_is_asked() {
    let script = json!({"alpha": [{"status": 500}], "gamma": [{"embeddings": [[1]]}]});
    let gateway = Gateway::with_config(&script, vectors).await;
    let report = embed(&gateway, json!({})).await.json()["x_router"].clone();
    assert_eq!(report["provider"], "gamma");
    let path = report["decision_trace"]["decision_path"].as_array().unwrap().clone();
    assert_eq!((path.len(), &path[0]["error_kind"]), (2, &json!("server_error")));
    let rejected = report["decision_trace"]["rejected"].as_array().unwrap().clone();
    assert_eq!(rejected.len(), 4);
    assert!(rejected.iter().all(|one| one["reason"] == "protocol"), "{rejected:?}");
    for model in ["pin:alpha/large", "family:small"] {
        let reply = embed(&gateway, json!({"model": model})).await;
        assert_eq!((reply.status, reply.error_of_run().3.as_str()), (503, "no_candidates"));
    }
    let reply = gateway.chat(json!({"model": "family:vectors"})).await;
    assert_eq!((reply.status, reply.error_of_run().3.as_str()), (503, "no_candidates"));
    let body = json!({"input": "a"}).to_string();
    assert_eq!(gateway.post("/private/v1/embeddings", &body).await.status, 200);
    let reply = embed(&gateway, json!({"model": "profile:nope"})).await;
    assert_eq!(reply.error().3, "unknown_profile");
    assert_eq!(gateway.calls().len(), 3);
}

/// A provider that gives fewer vectors than there are inputs has not answered.
#[tokio::test]
async fn fewer_vectors_than_inputs() {
    let body = json!({"data": [{"index": 0, "embedding": [1]}]});
    let script = json!({"alpha": [{"body": body}], "gamma": [{"embeddings": [[1], [2]]}]});
    let gateway = Gateway::with_config(&script, vectors).await;
    let list = embed(&gateway, json!({})).await.json();
    assert_eq!(list["x_router"]["provider"], "gamma");
    let path = &list["x_router"]["decision_trace"]["decision_path"];
    assert_eq!(path[0]["error_kind"], "bad_response");
}

#[tokio::test]
async fn what_is_no_request() {
    let gateway = Gateway::with_config(&scripted(), vectors).await;
    let input = "input: expected a string, or an array of strings or of tokens";
    for (more, code, message) in [
        (json!({"input": null}), "missing_parameter", input),
        (json!({"input": []}), "missing_parameter", input),
        (json!({"input": 1}), "invalid_type", input),
        (
            json!({"encoding_format": "int8"}),
            "invalid_type",
            "encoding_format: expected float or base64",
        ),
        (json!({"dimensions": "2"}), "invalid_type", "dimensions: expected a number"),
        (
            json!({"flow_ir": ["flow", {}]}),
            "unsupported_parameter",
            "flow_ir: a flow has texts, and no embeddings",
        ),
    ] {
        let error = embed(&gateway, more).await.error();
        assert_eq!((error.0, error.3.as_str(), error.4.as_str()), (400, code, message));
    }
    assert!(gateway.calls().is_empty());
}

/// G06: where no model gives any.
#[tokio::test]
async fn without_such_models() {
    let gateway = Gateway::with(&Value::Null).await;
    let error = embed(&gateway, json!({})).await.error();
    assert_eq!((error.0, error.3.as_str()), (404, "unsupported_endpoint"));
    let gateway = Gateway::with_config(&Value::Null, vectors).await;
    let models = gateway.get("/v1/models").await.json();
    let ids = models["data"].as_array().unwrap().iter();
    assert!(ids.into_iter().any(|model| model["id"] == "family:vectors"));
}
